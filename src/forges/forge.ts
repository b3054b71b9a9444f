/** A merge request or pull request by which a commit came in. */
export interface MergeRequest {
  readonly number: string;
  readonly url: string;
}

/**
 * A repository on a host whose address layout is known. The host is never asked: addresses are built, not looked up.
 */
export interface Repository {
  /** The product: "GitLab", "Bitbucket", "Bitbucket Data Center", "GitHub". */
  readonly forge: string;
  /** The character before the number of a merge request there. */
  readonly mergeRequestSign: '!' | '#';
  /** The full name without the path under which the forge runs: `harbor/apps/lighthouse-api`. */
  readonly path: string;
  /** Its page, without user, password and trailing slash. */
  readonly url: string;
  commitUrl(sha: string): string;
  /** The page that shows the commits that are in `to` and not in `from`. */
  compareUrl(from: string, to: string): string;
  mergeRequestUrl(number: string): string;
  /** The merge request of a merge commit, read from its message in the wording of this forge. */
  mergeRequestOf(message: string): MergeRequest | undefined;
}

/** A repository's address, split into parts. */
export interface ForgeAddress {
  /** Scheme, host and port of the web pages. */
  readonly origin: string;
  /** Lower case, without port. */
  readonly host: string;
  /** Segments of the path, still percent-encoded, without `.git`. */
  readonly segments: readonly string[];
  /** The port of the address as it was written, whatever its scheme. */
  readonly port: string | undefined;
}
