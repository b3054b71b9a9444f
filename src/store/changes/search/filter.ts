import { z } from 'zod';
import { ChangeType, RiskLevel, State, Tier } from '../../../domain/change-record.ts';
import { OPEN_STATES } from '../../../domain/deployment.ts';
import { knownTier } from '../../../domain/tier.ts';
import { subjectOf } from '../../../forges/page-address.ts';
import { namedIn } from '../../../values/own-page.ts';
import { MIN_SHA_CHARS, SHA_OR_PREFIX } from '../../../values/sha.ts';
import { TypedText } from '../../../values/text.ts';
import { MomentText, parseMoment } from '../../../values/time.ts';
import type { Facet } from './facets.ts';

/** Selects changes. */
export interface ChangeSelection {
  /** Several values of one facet: any of them. */
  readonly facets: Partial<Record<Facet, string | readonly string[]>>;
  /** Epoch milliseconds, both inclusive. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** The team that owns the service (directory.ts). */
  readonly owner?: string;
  /** Words that all occur in it (search-terms.ts). */
  readonly text?: string;
  /** Only those that are stale at this moment (stale.ts). ISO 8601 UTC. */
  readonly staleAt?: string;
  /**
   * The key or an alias of one deployment. Where it is taken from a text it may be neither: `resolve` looks it up, and
   * leaves either this or the text.
   */
  readonly deployment?: string;
}

/** A form sends its empty fields, too. */
const blankIsAbsent = (value: unknown): unknown => (typeof value === 'string' ? value.trim() || undefined : value);
const optional = <Schema extends z.ZodType>(schema: Schema) => z.preprocess(blankIsAbsent, schema.optional());
const Text = optional(z.string({ error: 'write it once' }).pipe(TypedText));
const oneOf = <const Names extends readonly string[]>(names: Names, other?: (typed: string) => string | undefined) =>
  z.preprocess(
    (value) => meant(blankIsAbsent(value), names, other),
    z.enum(names, { error: `write ${names.slice(0, -1).join(', ')} or ${names.at(-1)}` }).optional(),
  );

/** Case and separators do not count. `other`: what else people write. */
function meant(typed: unknown, names: readonly string[], other?: (typed: string) => string | undefined): unknown {
  if (typeof typed !== 'string' || typed.length > MAX_WORD_CHARS) return typed;
  const wanted = plain(typed);
  return names.find((name) => plain(name) === wanted) ?? other?.(wanted) ?? typed;
}

const MAX_WORD_CHARS = 40; // no state or tier has more
const plain = (word: string): string => word.toLowerCase().replace(/[-_ ]/g, '');

/** What tools call these states. */
const STATE_NAMES: ReadonlyMap<string, State> = new Map([
  ['success', 'succeeded'],
  ['successful', 'succeeded'],
  ['fail', 'failed'],
  ['failure', 'failed'],
  ['error', 'failed'],
  ['cancelled', 'canceled'],
  ['inprogress', 'running'],
]);

/** What a list shows as the state: one that has not ended may be marked as stale. */
export const SHOWN_STATES = [...State.options, 'stale'] as const;

/**
 * The filter of the change log, for the page, the API and the command line alike. `since` is inclusive, `until`
 * exclusive; where they are swapped, the time between them is meant.
 */
export const CHANGE_FILTER = {
  environment: Text,
  service: Text,
  service_id: Text,
  source: Text,
  status: oneOf(SHOWN_STATES, (typed) => STATE_NAMES.get(typed)),
  tier: oneOf(Tier.options, (typed) => knownTier({ name: typed })),
  change_type: oneOf(ChangeType.options),
  risk: oneOf(RiskLevel.options),
  tag: Text,
  branch: Text,
  commit_sha: optional(z.string().regex(SHA_OR_PREFIX, `write a commit, or its first ${MIN_SHA_CHARS} digits or more`)),
  person: Text,
  owner: Text,
  text: Text,
  since: optional(MomentText),
  until: optional(MomentText),
} as const;

const ChangeFilterQuery = z.object(CHANGE_FILTER);
export type ChangeFilterQuery = z.output<typeof ChangeFilterQuery>;

/** The query in the terms of the store. */
export function toChangeFilter(asked: ChangeFilterQuery, now: Date): ChangeSelection {
  const { environment, service, source, status, branch, person, tier, tag } = asked;
  const page = subjectOf(asked.text);
  const text = page?.text ?? (page ? undefined : asked.text);
  const named = namedIn(asked.text);
  const isStale = status === 'stale';
  const facets: Record<Exclude<Facet, 'instance'>, string | readonly string[] | undefined> = {
    environment,
    service: asked.service_id ?? service,
    source,
    status: isStale ? OPEN_STATES : status,
    branch,
    commit: asked.commit_sha ?? page?.commit,
    person,
    tier,
    type: asked.change_type,
    risk: asked.risk,
    tag,
  };
  const given = Object.entries(facets).filter(([, value]) => value !== undefined);
  const { sinceMs, untilMs } = toSpan(asked, now);
  return {
    facets: Object.fromEntries(given) as ChangeSelection['facets'], // only undefined was taken out
    ...(asked.owner !== undefined && { owner: asked.owner }),
    ...(text !== undefined && { text }),
    ...(isStale && { staleAt: now.toISOString() }),
    ...(named && named.page !== 'inbox' && { deployment: named.name }),
    ...(sinceMs !== undefined && { sinceMs }),
    // The store's end is inclusive. Without an end, changes that a fast clock dates ahead of ours are shown, too.
    ...(untilMs !== undefined && { untilMs: untilMs - 1 }),
  };
}

/** The time span of the query, in order: epoch milliseconds, `untilMs` is exclusive. */
export function toSpan(
  { since, until }: Pick<ChangeFilterQuery, 'since' | 'until'>,
  now: Date,
): { readonly sinceMs?: number | undefined; readonly untilMs?: number | undefined } {
  const sinceMs = since === undefined ? undefined : parseMoment(since, now)?.getTime();
  const untilMs = until === undefined ? undefined : parseMoment(until, now)?.getTime();
  const isReversed = sinceMs !== undefined && untilMs !== undefined && sinceMs > untilMs;
  return isReversed ? { sinceMs: untilMs, untilMs: sinceMs } : { sinceMs, untilMs };
}

/** What could not be read, and how to write it. */
export interface FilterProblem {
  readonly field: string;
  readonly message: string;
}

/** For a page, which leaves out what it cannot read, and says so. */
export function readChangeFilter(asked: unknown): {
  readonly query: ChangeFilterQuery;
  readonly problems: readonly FilterProblem[];
} {
  const given = typeof asked === 'object' && asked !== null ? asked : {};
  const first = ChangeFilterQuery.safeParse(given);
  if (first.success) return { query: first.data, problems: [] };
  const problems = first.error.issues.map(({ path, message }) => ({ field: String(path[0]), message }));
  const unread = new Set(problems.map(({ field }) => field));
  const readable = Object.fromEntries(Object.entries(given).filter(([name]) => !unread.has(name)));
  return { query: ChangeFilterQuery.parse(readable), problems };
}
