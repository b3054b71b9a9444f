export type Verdict = 'accepted' | 'recorded' | 'duplicate' | 'ignored' | 'rejected';

/** One webhook and what became of it. */
export interface InboxEntry {
  readonly id: string;
  readonly receivedAt: string;
  /** The configured source's name. */
  readonly source: string;
  readonly method: string;
  readonly path: string;
  /** By allow-list: no secret ever stands in one of these. */
  readonly headers: Readonly<Record<string, string>>;
  readonly verdict: Verdict;
  readonly reason?: string;
  readonly detail?: string;
  readonly deployments: readonly string[];
  readonly bytes: number;
  /** It waited on disk until Redis was back. */
  readonly spooled?: true;
}
