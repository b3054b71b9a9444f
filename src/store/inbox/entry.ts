/** `unproved`: a connection test of a tool that is not signed. It was answered with 2xx, and nothing of it was read. */
export const VERDICTS = ['accepted', 'recorded', 'duplicate', 'ignored', 'unproved', 'rejected'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** One webhook and its verdict. */
export interface InboxEntry {
  readonly id: string;
  readonly receivedAt: string;
  /** The configured source's name, or `NO_SOURCE` (domain/no-source.ts). */
  readonly source: string;
  readonly method: string;
  readonly path: string;
  /** By allow-list: none of these holds a secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly verdict: Verdict;
  readonly reason?: string;
  readonly detail?: string;
  readonly deployments: readonly string[];
  /** The first of the alerts that it reported, by id. Absent: none, or 0.1.0 wrote it. */
  readonly alerts?: readonly string[];
  readonly bytes: number;
  /** It waited on disk until Redis was back. */
  readonly spooled?: true;
  /** Of a refusal: its address, and how often it was repeated for the same reason. */
  readonly address?: string;
  readonly count?: number;
}

/** A request that was refused before it was authenticated: it has no body. */
export interface Refusal extends Pick<InboxEntry, 'receivedAt' | 'source' | 'method' | 'path' | 'headers' | 'bytes'> {
  /** Of the sender, as far as the proxies in between are trusted. */
  readonly address: string;
  readonly reason: string;
  readonly detail?: string;
}
