import { InvalidArgumentError } from 'commander';

/** Reads the value of an option. @throws InvalidArgumentError that says what it must be. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (count >= least && count <= most) return count;
    throw new InvalidArgumentError(`write a whole number from ${least} to ${most}`);
  };
