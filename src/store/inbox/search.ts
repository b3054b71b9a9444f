import type { InboxEntry, Verdict } from './entry.ts';

/** Selects webhooks. */
export interface InboxSearch {
  readonly source?: string | undefined;
  readonly verdict?: Verdict | undefined;
  /**
   * A part of anything that is known of it, in any case: a delivery id, a sha, a project, a deployment key, a reason.
   */
  readonly text?: string | undefined;
}

export interface SearchPage {
  /** How many of the newest are skipped. */
  readonly offset: number;
  readonly limit: number;
}

export interface SearchResult {
  readonly entries: readonly InboxEntry[];
  /** All webhooks that are kept. */
  readonly total: number;
  /** Where to continue; absent: all were searched. */
  readonly next?: number;
}

/** How it reads: without bodies as many as Redis returns at once, bodies a few at a time. */
export interface SearchedInbox {
  list(offset: number, limit: number): Promise<{ entries: readonly InboxEntry[]; total: number }>;
  body(id: string): Promise<string | undefined>;
}

/** Entries are small; 25 of the largest bodies that are searched are 6 MiB. */
const ENTRIES_AT_ONCE = 250;
const BODIES_AT_ONCE = 25;
/** Larger bodies are not searched: a few of them would fill the memory. */
export const SEARCHED_BODY_BYTES = 256 * 1024;
/** A search answers after about this long, with what it has found, and where to continue. */
const SEARCH_MS = 3_000;

export async function searchInbox(
  wanted: InboxSearch,
  { offset, limit }: SearchPage,
  inbox: SearchedInbox,
): Promise<SearchResult> {
  const endMs = performance.now() + SEARCH_MS;
  const found: InboxEntry[] = [];
  for (let at = offset; ; ) {
    const { entries, total } = await inbox.list(at, ENTRIES_AT_ONCE);
    for (let start = 0; start < entries.length; start += BODIES_AT_ONCE) {
      const some = entries.slice(start, start + BODIES_AT_ONCE);
      const fits = await Promise.all(some.map((entry) => isWanted(entry, wanted, inbox)));
      for (const [index, entry] of some.entries()) {
        if (!fits[index]) continue;
        found.push(entry);
        if (found.length === limit) return ended(found, total, at + start + index + 1);
      }
      if (performance.now() > endMs) return ended(found, total, at + start + some.length);
    }
    at += ENTRIES_AT_ONCE;
    if (at >= total) return { entries: found, total };
  }
}

const ended = (entries: readonly InboxEntry[], total: number, next: number): SearchResult => ({
  entries,
  total,
  ...(next < total && { next }),
});

async function isWanted(entry: InboxEntry, { source, verdict, text }: InboxSearch, inbox: SearchedInbox) {
  if (source !== undefined && entry.source !== source) return false;
  if (verdict !== undefined && entry.verdict !== verdict) return false;
  if (text === undefined) return true;
  const looked = text.toLowerCase();
  if (textsOf(entry).some((one) => one.toLowerCase().includes(looked))) return true;
  if (entry.bytes > SEARCHED_BODY_BYTES) return false;
  return (await inbox.body(entry.id))?.toLowerCase().includes(looked) ?? false;
}

const textsOf = ({ id, path, headers, reason = '', detail = '', deployments }: InboxEntry): string[] => [
  id,
  path,
  reason,
  detail,
  ...Object.values(headers),
  ...deployments,
];
