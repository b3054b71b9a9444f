/** A merge request or pull request that a commit came in by. */
export interface MergeRequest {
  readonly number: string;
  readonly url: string;
}

/**
 * A repository on a host whose addresses are known. Nothing is asked of the host: addresses are built, not looked up.
 */
export interface Repository {
  /** The product: "GitLab", "Bitbucket", "Bitbucket Data Center", "GitHub". */
  readonly forge: string;
  /** What stands before the number of a merge request there. */
  readonly mergeRequestSign: '!' | '#';
  /** The whole name without the root under which the forge runs: `harbor/apps/lighthouse-api`. */
  readonly path: string;
  /** Its page, without user, password and a slash at its end. */
  readonly url: string;
  commitUrl(sha: string): string;
  /** What lies between two commits: in `to`, and not in `from`. */
  compareUrl(from: string, to: string): string;
  mergeRequestUrl(number: string): string;
  /** Which merge request this message of a merge commit is of, by the words that this forge writes. */
  mergeRequestOf(message: string): MergeRequest | undefined;
}

/** A repository's address, taken apart. */
export interface ForgeAddress {
  /** Scheme, host and port of the web pages. */
  readonly origin: string;
  /** Lower case, without port. */
  readonly host: string;
  /** Segments of the path, still percent-encoded, without `.git`. */
  readonly segments: readonly string[];
  /** The port that the address was written with, whatever its scheme. */
  readonly port: string | undefined;
}
