import type { Redis } from 'ioredis';
import { boundRecord, RECORD_BYTES } from '../../domain/bounded-record.ts';
import { type ChangeRecord, type NewChangeRecord, toChangeRecord } from '../../domain/change-record.ts';
import type { Deployment } from '../../domain/deployment.ts';
import type { Dot } from '../../domain/mark.ts';
import type { View } from '../../domain/view.ts';
import { coalesced } from '../coalesce.ts';
import { toJson } from '../json.ts';
import { keys } from '../keys.ts';
import { appendRecords, INDEXES, parseIndexes, readViews, storeView, VIEW } from './deployment-hash.ts';
import { indexesOf } from './facets.ts';
import { lineageKey, packPredecessor } from './lineage.ts';
import { type ChangeFilter, type Listed, list, sliceOf } from './query.ts';
import { prune, type Retention } from './retention.ts';
import { packTerms } from './search-terms.ts';
import { packTimelineEntry, readTimeline } from './timeline.ts';

/** Folds and routes all records of a deployment. */
export type Viewer = (key: string, records: readonly ChangeRecord[]) => View | Promise<View>;

export interface Applied extends View {
  /** False when this very step was known already. */
  readonly added: boolean;
}

/** The built-in change log: every deployment once, with every record that told of it. */
export interface Deployments {
  /**
   * Adds one record to its deployment and makes the view of it anew; running it twice changes nothing.
   * With `replace` a record of the same id is written anew, for a mapper that knows more than it did.
   */
  apply(record: ChangeRecord, options?: { readonly replace?: boolean }): Promise<Applied>;
  /** Makes the view anew from the records, for rules that have changed. */
  refresh(name: string): Promise<void>;
  /** By deployment key or alias. */
  get(name: string): Promise<View | undefined>;
  records(name: string): Promise<readonly ChangeRecord[]>;
  list(filter: ChangeFilter): Promise<Listed>;
  /** Those of these keys that there are. */
  many(names: readonly string[]): Promise<readonly Deployment[]>;
  /** What a timeline draws, newest first, at most `limit` (`MAX_TIMELINE_ENTRIES`). Knows no text. */
  timeline(filter: Pick<ChangeFilter, 'facets' | 'sinceMs' | 'untilMs'>, limit?: number): Promise<readonly Dot[]>;
  /** Another one whenever anything in the change log may have changed. */
  version(): Promise<string>;
  /** Forgets what is older or more than the retention allows. Returns how many deployments went. */
  prune(now: Date): Promise<number>;
}

const SECONDS_A_DAY = 86_400;
const MAX_CONTENTION = 1_000; // far above the number of workers: reaching it means a bug, not load

export function createDeployments(redis: Redis, retention: Retention, view: Viewer): Deployments {
  const ttlSeconds = Math.ceil(retention.days * SECONDS_A_DAY);
  const writer = (replace: boolean) =>
    coalesced(placeOf, (records: readonly ChangeRecord[]) => applyAll({ redis, view, ttlSeconds, replace }, records));
  const add = writer(false);
  const replaceBy = writer(true);
  const readAll = (names: readonly string[]) => viewsOf(redis, names);
  return {
    apply: (record, { replace = false } = {}) => (replace ? replaceBy : add)(record),
    async refresh(name) {
      const known = await resolve(redis, name);
      for (let round = 0; round < MAX_CONTENTION; round++) {
        const stored = await readStored(redis, known);
        if (stored.records.length === 0 || (await project({ redis, view }, stored))) return;
      }
      throw contention(known);
    },
    async get(name) {
      const viewOf = (key: string) => redis.hget(keys.deployment(key), VIEW);
      const json = (await viewOf(name)) ?? (await viewOf(await resolve(redis, name)));
      return json === null ? undefined : parseView(json);
    },
    async records(name) {
      const { records } = await readStored(redis, await resolve(redis, name));
      return records.toSorted((a, b) => a.receivedAt.localeCompare(b.receivedAt));
    },
    list: (filter) => list(redis, filter, readAll),
    many: readAll,
    timeline: async (filter, limit) => readTimeline(redis, await sliceOf(redis, filter), limit),
    version: async () => (await redis.get(keys.changesVersion())) ?? '0',
    prune: (now) => prune(redis, retention, now),
  };
}

const placeOf = ({ deployment, occurrence = '' }: ChangeRecord) => `${deployment}\n${occurrence}`;

const contention = (name: string) =>
  new Error(`deployment ${name} changed ${MAX_CONTENTION} times while it was written`);

interface Writing {
  readonly redis: Redis;
  readonly view: Viewer;
  readonly ttlSeconds: number;
  readonly replace: boolean;
}

/** @param given records of one deployment */
async function applyAll(writing: Writing, given: readonly ChangeRecord[]): Promise<readonly Applied[]> {
  let isNew: readonly boolean[] = given.map(() => false);
  let name = '';
  for (let round = 0; round < MAX_CONTENTION; round++) {
    const appended = await append(writing, given);
    name = appended.name;
    isNew = isNew.map((before, at) => before || appended.isNew[at] === true);
    const stored = await project(writing, appended);
    if (stored) return isNew.map((added) => ({ added, ...stored }));
  }
  throw contention(name);
}

/** A deployment as it was read from Redis. */
interface Stored {
  readonly name: string;
  /** In which it stands. */
  readonly indexes: readonly string[];
  readonly records: readonly ChangeRecord[];
}

async function append(
  { redis, ttlSeconds, replace }: Writing,
  given: readonly ChangeRecord[],
): Promise<Stored & { readonly isNew: readonly boolean[] }> {
  const { deployment = '', occurrence = '' } = given[0] ?? {};
  const aliases = [...new Set(given.flatMap((record) => record.aliases))];
  const reply = await appendRecords(
    redis,
    [
      keys.firstOccurrence(deployment),
      keys.deployment(deployment),
      keys.deployment(`${deployment}/${occurrence}`),
      ...aliases.map((alias) => keys.alias(alias)),
    ],
    ...[deployment, ttlSeconds, occurrence, replace ? 'HSET' : 'HSETNX'],
    ...given.flatMap((record) => [record.id, toJson(record)]),
  );
  const [name, indexes, ...rest] = reply as [string, string, ...(string | number)[]]; // the script's reply
  const records = rest.slice(given.length).map(parseRecord);
  return {
    name,
    indexes: parseIndexes(indexes),
    isNew: rest.slice(0, given.length).map((count) => count === 1),
    records: records.length > MAX_RECORDS ? await thinned(redis, name, records) : records,
  };
}

/** Far above what a deployment has: reached by an application that flaps, or by a sender in a loop. */
const MAX_RECORDS = 24;

/** Of many steps of one kind the first and the last say all that the others do. */
async function thinned(redis: Redis, name: string, records: readonly ChangeRecord[]): Promise<ChangeRecord[]> {
  const whenOf = ({ occurredAt, id }: ChangeRecord) => `${occurredAt} ${id}`;
  const inOrder = records.toSorted((a, b) => (whenOf(a) < whenOf(b) ? -1 : 1));
  const kindOf = ({ signal, state }: ChangeRecord) => `${signal} ${state}`;
  const first = new Map(inOrder.toReversed().map((record) => [kindOf(record), record.id]));
  const latest = new Map(inOrder.map((record) => [kindOf(record), record.id]));
  const kept = new Set([...first.values(), ...latest.values()]);
  const superfluous = records.flatMap(({ id }) => (kept.has(id) ? [] : [id]));
  if (superfluous.length > 0) await redis.hdel(keys.deployment(name), ...superfluous);
  return records.filter(({ id }) => kept.has(id));
}

/** @returns undefined when a record came in meanwhile. */
async function project(
  { redis, view }: Pick<Writing, 'redis' | 'view'>,
  { name, indexes, records }: Stored,
): Promise<View | undefined> {
  const seen = await view(name, records);
  const { deployment, lineage, droppedBy } = seen;
  const hasSucceeded = deployment.state === 'succeeded' && !droppedBy;
  const entered = [...(droppedBy ? [] : indexesOf(deployment)), ...(hasSucceeded ? [lineageKey(lineage)] : [])];
  const left = indexes.filter((index) => !entered.includes(index));
  const written = await storeView(
    redis,
    [
      keys.deployment(name),
      ...[keys.timeline(), keys.predecessors(), keys.searchTerms(), keys.changesVersion()],
      ...left,
      ...entered,
    ],
    ...[name, records.length, indexes.join('\n'), left.length, JSON.stringify(seen), Date.parse(deployment.occurredAt)],
    droppedBy ? '' : packTimelineEntry(deployment),
    hasSucceeded ? packPredecessor(deployment) : '',
    (!droppedBy && packTerms(deployment)) || '',
  );
  return written === 1 ? seen : undefined;
}

async function readStored(redis: Redis, name: string): Promise<Stored> {
  const { [VIEW]: _view, [INDEXES]: indexes = '', ...records } = await redis.hgetall(keys.deployment(name));
  return { name, indexes: parseIndexes(indexes), records: Object.values(records).map(parseRecord) };
}

/** Written by append() alone; lists that an older bridge did not know yet are empty. */
function parseRecord(json: string | number): ChangeRecord {
  const record = toChangeRecord(JSON.parse(String(json)) as NewChangeRecord);
  return String(json).length > RECORD_BYTES ? boundRecord(record) : record; // an earlier bridge had no limit
}

/** What several records add up to. */
const VIEW_BYTES = 2 * RECORD_BYTES;

/** Written by project() alone; an earlier bridge named one source, and had no limits. */
function parseView(json: string): View {
  const view = JSON.parse(json) as View;
  const deployment = json.length > RECORD_BYTES ? boundRecord(view.deployment, VIEW_BYTES) : view.deployment;
  return { ...view, deployment: { ...deployment, sources: deployment.sources ?? [deployment.source] } };
}

/** A key counts before an alias: one deployment's alias may be another one's key. */
async function resolve(redis: Redis, name: string): Promise<string> {
  const [isKey, alias] = await Promise.all([redis.exists(keys.deployment(name)), redis.get(keys.alias(name))]);
  return isKey ? name : (alias ?? name);
}

/** About a megabyte. */
const VIEWS_AT_ONCE = 500;

/** Webhooks are answered between two parts. */
async function viewsOf(redis: Redis, names: readonly string[]): Promise<Deployment[]> {
  const found: Deployment[] = [];
  for (let at = 0; at < names.length; at += VIEWS_AT_ONCE) {
    const views = await readViews(
      redis,
      names.slice(at, at + VIEWS_AT_ONCE).map((name) => keys.deployment(name)),
    );
    for (const json of views as (string | null)[]) if (json !== null) found.push(parseView(json).deployment);
  }
  return found;
}
