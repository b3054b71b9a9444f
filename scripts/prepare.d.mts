/** What the tests use of prepare.mjs. */
export function findChromium(): string | undefined;
export const noChromium: string;
export function alone<Result>(work: () => Promise<Result>, file?: string): Promise<Result>;
/** @throws Stop */
export function checkDescriptors(limits?: string): void;
