import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  /** It lies in another package's archive, whose digest covers it. */
  readonly inBundle?: boolean;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};
const locked = Object.entries(packages).filter(([path, { link, inBundle }]) => path !== '' && !link && !inBundle);

it('has the integrity of every package, for every platform', () => {
  expect(locked.length).toBeGreaterThan(100);
  const unknown = locked.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'));
  expect(unknown.map(([path, { version }]) => `${path}@${version}`)).toEqual([]);
});

it('names no registry', () => {
  expect(locked.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
});
