import type { Redis } from 'ioredis';
import type { ChangeRecord } from '../../domain/change-record.ts';
import { type Deployment, hasRun } from '../../domain/deployment.ts';
import type { Predecessor } from '../../domain/succession.ts';
import type { LazyTimelineEntry } from '../../domain/timeline-entry.ts';
import type { DeploymentView } from '../../domain/view.ts';
import { DAY_SECONDS } from '../../values/units.ts';
import { toJson } from '../json.ts';
import { keys } from '../keys.ts';
import { appendRecords, MAX_RECORDS, parseIndexes, readFormat1, readHash, storeView } from './deployment-hash.ts';
import { followersIn, isLineage, lineageKey, lineageScore, packPredecessor } from './lineage.ts';
import { locate, unpackedName } from './locate.ts';
import { readPacked, unpackUnder } from './packed/archive.ts';
import { namePlace } from './packed/packed-names.ts';
import type { Fields } from './packed/packing.ts';
import { parseRecord } from './parse-record.ts';
import { digestOf, readPredecessors } from './predecessors.ts';
import { type PruneLimits, prune, type Retention } from './retention.ts';
import { MARGIN_DAYS } from './retention-days.ts';
import { facetKey, indexesOf } from './search/facets.ts';
import type { ChangeSelection } from './search/filter.ts';
import { NAME_COUNTS, type NameCounts, type ResolvedNames, resolveDeployment, resolveNames } from './search/names.ts';
import { type ChangeFilter, type Listed, list } from './search/query.ts';
import { scan } from './search/scan.ts';
import { createSearch } from './search/search.ts';
import { packTerms } from './search/search-terms.ts';
import { type Taken, take } from './take-records.ts';
import { type EntryChange, readEntryChanges, versionOf } from './timeline/entry-changes.ts';
import { keepNewest } from './timeline/newest-entries.ts';
import { packTimelineEntry } from './timeline/packed-entry.ts';
import { type Beside, readBeside, readTimeline } from './timeline/timeline.ts';
import { createTimelineFold } from './timeline/timeline-fold.ts';
import { readView, readViews } from './views.ts';

/** A deployment as it is stored in Redis. */
export interface Stored {
  readonly name: string;
  /** Its indexes. */
  readonly indexes: readonly string[];
  readonly records: readonly ChangeRecord[];
}

export interface Appended extends Stored {
  /** For each record given: false when this very step was known already. */
  readonly isNew: readonly boolean[];
}

/** The fold of a deployment's records, and the context in which it was judged. */
export interface BuiltView {
  readonly view: DeploymentView;
  readonly before: PredecessorQuery;
  /** The result of `before`. */
  readonly earlier: readonly Predecessor[];
}

/** Which of those that succeeded in a lineage are read. */
export interface PredecessorQuery {
  /** ISO 8601 UTC: those that succeeded before it. */
  readonly at: string;
  readonly limit: number;
}

/** The neighbours of a deployment in its lineage, by key. */
export interface Neighbors {
  /** Later ones whose view depends on it, the nearest first. */
  readonly followers: readonly string[];
  /** Earlier ones that still wait for their turn. */
  readonly waiting: readonly string[];
}

/** The built-in change log: every deployment once, with every record that reported it. */
export interface Deployments {
  /**
   * Adds records of one deployment to it; running it twice changes nothing. With `replace` a record of the same id is
   * written anew, for a mapper that knows more than it did.
   */
  append(records: readonly ChangeRecord[], options: { readonly replace: boolean }): Promise<Appended>;
  /**
   * Writes the fold of the records, and the indexes.
   * @returns undefined when a record came in meanwhile, here or before it in its lineage: then it has to be folded
   * again.
   */
  store(stored: Stored, judged: BuiltView): Promise<Neighbors | undefined>;
  /**
   * Removes records from a deployment, which is deleted when none is left; its name then leads to `to`.
   * @returns those that followed it in its lineage, if it was deleted.
   */
  take(taken: Taken): Promise<readonly string[]>;
  stored(name: string): Promise<Stored>;
  /** Those of a lineage that succeeded before a moment (ISO 8601 UTC), newest first. */
  before(lineage: string, asked: PredecessorQuery): Promise<readonly Predecessor[]>;
  /** By deployment key or alias. */
  get(name: string): Promise<DeploymentView | undefined>;
  records(name: string): Promise<readonly ChangeRecord[]>;
  list(filter: ChangeFilter): Promise<Listed>;
  /** All that match, newest first, page by page. */
  scan(selection: ChangeSelection): AsyncIterable<readonly Deployment[]>;
  /**
   * Looks up whether a text names a deployment, replaces parts of names in a filter by the names that contain them, and
   * says which are unknown.
   */
  resolve(selection: ChangeSelection): Promise<ResolvedNames>;
  /** How often each environment, service and person occurs. */
  names(): Promise<NameCounts>;
  /** Those of these keys that exist. */
  many(names: readonly string[]): Promise<readonly Deployment[]>;
  /** What a timeline draws, newest first, at most `limit` (`MAX_TIMELINE_ENTRIES`). */
  timeline(selection: ChangeSelection, limit?: number): Promise<readonly LazyTimelineEntry[]>;
  /** What stands before and after a deployment in its place. */
  beside(view: Pick<DeploymentView, 'lineage' | 'deployment'>): Promise<Beside>;
  /** Another one whenever anything in the change log may have changed. */
  version(): Promise<string>;
  /** What became of timeline entries from one version to another; undefined: that is not known (any more). */
  changed(from: string, to: string): Promise<readonly EntryChange[] | undefined>;
  /** Deletes deployments beyond the retention. Returns how many. */
  prune(limits?: PruneLimits): Promise<number>;
}

export interface DeploymentsParts {
  /** A monotonic clock. */
  readonly nowMs?: () => number;
  /**
   * Identifies the server that has the data: after a failover, which may lose the last writes, the same version of the
   * change log may stand for another history.
   */
  readonly serverId?: () => Promise<string>;
}

const ONE_SERVER = async () => '';

export function createDeployments(redis: Redis, retention: Retention, parts: DeploymentsParts = {}): Deployments {
  const { nowMs, serverId = ONE_SERVER } = parts;
  const ttlSeconds = Math.ceil((retention.days + MARGIN_DAYS) * DAY_SECONDS);
  const readEach = async (names: readonly string[]) => (await readViews(redis, names)).map((view) => view?.deployment);
  const search = createSearch(redis, readEach, nowMs);
  const stored = {
    timeline: (selection: ChangeSelection, limit?: number) => readTimeline({ redis, search }, selection, limit),
    version: async () => {
      const [server, number] = await Promise.all([serverId(), redis.get(keys.changesVersion())]);
      return versionOf(server, number ?? '0');
    },
    changed: (from: string, to: string) => readEntryChanges(redis, from, to),
  };
  const reading = { ...stored, timeline: keepNewest(stored, nowMs) };
  const { read: countNames } = createTimelineFold(reading, NAME_COUNTS);
  return {
    append: (records, { replace }) => append({ redis, ttlSeconds, replace }, records),
    store: (stored, judged) => store(redis, stored, judged),
    take: (taken) => take({ redis, ttlSeconds }, taken),
    stored: async (name) => {
      const key = await unpackedName(redis, name);
      return toStored(key, await readFormat1(redis, key));
    },
    before: (lineage, wanted) => readPredecessors(redis, lineage, wanted),
    get: (name) => readView(redis, name),
    async records(name) {
      const found = await locate(redis, name);
      const fields = 'packed' in found ? await readPacked(redis, found.packed) : await readHash(redis, found.name);
      const records = Object.values(fields?.records ?? {}).map(parseRecord);
      return records.toSorted((a, b) => a.receivedAt.localeCompare(b.receivedAt));
    },
    list: (filter) => list({ redis, search, read: readEach }, filter),
    scan: (selection) => scan(redis, selection, readEach),
    resolve: async (asked) => resolveNames(redis, await resolveDeployment(redis, asked), countNames),
    names: countNames,
    many: async (names) => (await readEach(names)).filter((one) => one !== undefined),
    ...reading,
    beside: (view) => readBeside(redis, view),
    prune: (limits) => prune(redis, retention, limits),
  };
}

interface Writing {
  readonly redis: Redis;
  readonly ttlSeconds: number;
  readonly replace: boolean;
}

async function append({ redis, ttlSeconds, replace }: Writing, given: readonly ChangeRecord[]): Promise<Appended> {
  const { deployment = '', occurrence = '' } = given[0] ?? {};
  const aliases = [...new Set(given.flatMap((record) => record.aliases))].map((alias) => keys.alias(alias));
  const names = [deployment, `${deployment}/${occurrence}`].map((one) => keys.deployment(one));
  const places = [...names, ...aliases].map(namePlace);
  const reply = await appendRecords(
    redis,
    [
      keys.firstOccurrence(deployment),
      ...names,
      ...places.slice(0, names.length).map(({ key }) => key),
      ...aliases.flatMap((alias) => [alias, namePlace(alias).key]),
    ],
    ...[deployment, ttlSeconds, occurrence, replace ? 'HSET' : 'HSETNX'],
    ...places.map(({ field }) => field),
    ...given.flatMap((record) => [record.id, toJson(record)]),
  );
  const [name, indexes, ...rest] = reply as [string, string?, ...(string | number)[]]; // the script's reply
  if (indexes === undefined) {
    await unpackUnder(redis, keys.deployment(name));
    await readFormat1(redis, name);
    return append({ redis, ttlSeconds, replace }, given);
  }
  const records = rest.slice(given.length).map(parseRecord);
  return {
    name,
    indexes: parseIndexes(indexes),
    isNew: rest.slice(0, given.length).map((count) => count === 1),
    records: records.length > MAX_RECORDS ? await withoutOldest(redis, name, records) : records,
  };
}

/** Of many steps of one kind only the first and the last matter. */
async function withoutOldest(redis: Redis, name: string, records: readonly ChangeRecord[]): Promise<ChangeRecord[]> {
  const whenOf = ({ occurredAt, id }: ChangeRecord) => `${occurredAt} ${id}`;
  const inOrder = records.toSorted((a, b) => (whenOf(a) < whenOf(b) ? -1 : 1));
  const kindOf = ({ signal, state, stage }: ChangeRecord) => `${signal} ${state} ${stage?.part ?? ''}`;
  const first = new Map(inOrder.toReversed().map((record) => [kindOf(record), record.id]));
  const latest = new Map(inOrder.map((record) => [kindOf(record), record.id]));
  const kept = new Set([...first.values(), ...latest.values()]);
  const superfluous = records.flatMap(({ id }) => (kept.has(id) ? [] : [id]));
  if (superfluous.length > 0) await redis.hdel(keys.deployment(name), ...superfluous);
  return records.filter(({ id }) => kept.has(id));
}

async function store(
  redis: Redis,
  { name, indexes, records }: Stored,
  { view, before, earlier }: BuiltView,
): Promise<Neighbors | undefined> {
  const { deployment, lineage, droppedBy } = view;
  const lineageIndex = lineageKey(lineage);
  const entered = droppedBy ? [keys.dropped()] : [...indexesOf(deployment), lineageIndex];
  const left = indexes.filter((index) => !entered.includes(index));
  const reply = await storeView(
    redis,
    [
      keys.deployment(name),
      ...[keys.timeline(), keys.predecessors(), keys.searchTerms(), keys.changesVersion()],
      ...[lineageIndex, facetKey('status', 'pending'), keys.entryChanges()],
      ...left,
      ...entered,
    ],
    ...[name, records.length, indexes.join('\n'), left.length, JSON.stringify(view), Date.parse(deployment.occurredAt)],
    droppedBy ? '' : packTimelineEntry(deployment),
    hasRun(deployment) && !droppedBy ? packPredecessor(deployment) : '',
    (!droppedBy && packTerms(deployment)) || '',
    deployment.state === 'pending' ? 1 : 0,
    ...[`(${Date.parse(before.at)}`, before.limit, digestOf(earlier), lineageScore(deployment)],
  );
  if (reply === 0) return undefined;
  const [followers, waiting] = reply as [string[], string[]]; // the script's reply
  // Those in a lineage that it has left: its service or environment was renamed.
  const former = await followersIn(redis, left.filter(isLineage), lineageScore(deployment));
  return { followers: [...followers, ...former], waiting };
}

const toStored = (name: string, { indexes, records }: Fields): Stored => ({
  name,
  indexes: parseIndexes(indexes),
  records: Object.values(records).map(parseRecord),
});
