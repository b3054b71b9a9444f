/** Hex digits of a commit of a SHA-1 and of a SHA-256 repository. */
const FULL = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** The fewest digits of a commit that a search takes: what `git log --oneline` shows. */
export const MIN_SHA_CHARS = 7;

/** How many digits of a commit are shown, in our texts and in those of the tools. */
export const shortSha = (sha: string): string => sha.slice(0, 8);

/** A commit or its first digits. */
export const SHA_OR_PREFIX = /^[0-9a-f]{7,64}$/i;

/** A full commit sha, lower case, or undefined: short shas, `<no value>` and chart versions are not one. */
export function fullSha(text: string | null | undefined): string | undefined {
  const sha = text?.trim().toLowerCase();
  return sha && FULL.test(sha) && !isZero(sha) ? sha : undefined;
}

/** A commit's first digits, lower case, where it is not complete. */
export function shaPrefix(text: string | null | undefined): string | undefined {
  const sha = text?.trim().toLowerCase();
  return sha && SHA_OR_PREFIX.test(sha) && !FULL.test(sha) && !isZero(sha) ? sha : undefined;
}

/** A commit or its first digits, lower case. */
export const anySha = (text: string | null | undefined): string | undefined => fullSha(text) ?? shaPrefix(text);

/** Git's notation for "no commit": a branch was deleted. */
const isZero = (sha: string): boolean => /^0+$/.test(sha);
