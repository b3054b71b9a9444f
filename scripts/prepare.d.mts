/** What the tests use of prepare.mjs. */
export function findChromium(): string | undefined;
export const noChromium: string;
export function alone<Result>(work: () => Promise<Result>, file?: string): Promise<Result>;
/** @throws Stop */
export function checkDescriptors(limits?: string): void;
/** `entries`: the name of each program, and the file of src/ it begins with. */
export function bundleInto(to: string, entries: Readonly<Record<string, string>>): Promise<void>;
