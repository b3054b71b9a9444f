/** What the tests use of prepare.mjs. */
export function findChromium(): string | undefined;
export const noChromium: string;
