/** What the tests use of bundle.mjs. */
export function bundle(wish: {
  readonly root: string;
  /** The name of each program, and the file it begins with, from `root`. */
  readonly entries: Readonly<Record<string, string>>;
  readonly to: string;
}): Promise<void>;
