import type { ApplicationCommit } from './application-commit.ts';

/** What the mapping needs of the configuration. */
export interface Settings {
  /** The name of the configured source. */
  readonly instance: string;
  readonly degraded: 'failed' | 'ignore';
  readonly selfHeal: 'skip' | 'record';
  readonly noop: 'record' | 'skip';
  readonly maxAgeMs: number;
  /** Host names, lower case, without scheme and port. */
  readonly gitlabHosts: readonly string[];
  readonly defaultRef: string | undefined;
  readonly applicationCommit: ApplicationCommit;
}
