import type { Redis } from 'ioredis';
import { type ChangeRecord, digest } from '../domain/change-record.ts';
import type { Deployment } from '../domain/deployment.ts';
import { laneOf } from '../domain/lane.ts';
import type { Mark } from '../domain/mark.ts';
import type { View } from '../domain/view.ts';
import { toJson } from './json.ts';
import { key, PREFIX } from './keys.ts';
import { packMark, readMarks, type Slice } from './marks.ts';
import { createTextMatch, SEARCHED } from './search.ts';

/** What the change log can be filtered by. Each value has an index of its own. */
export const FACETS = ['environment', 'service', 'source', 'status', 'branch', 'commit', 'person'] as const;
export type Facet = (typeof FACETS)[number];

export interface ChangeFilter {
  readonly facets: Partial<Record<Facet, string>>;
  /** Epoch milliseconds, inclusive. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** Words that all occur in it (search.ts), looked for in the newest `SEARCHED` that fit the rest. */
  readonly text?: string;
  readonly limit: number;
  readonly offset: number;
}

export interface Listed {
  readonly deployments: readonly Deployment[];
  readonly total: number;
  /** So many of the newest were searched for the text; absent: all were. */
  readonly searched?: number;
}

export type Viewer = (key: string, records: readonly ChangeRecord[]) => View | Promise<View>;

export interface Applied extends View {
  /** False when this very step was known already. */
  readonly added: boolean;
}

/** The built-in change log: every deployment once, with every record that told of it. */
export interface Deployments {
  /**
   * Adds one record; running it twice changes nothing. `view` folds and routes all records of the deployment.
   * With `replace` a record of the same id is written anew, for a mapper that knows more than it did.
   */
  apply(record: ChangeRecord, view: Viewer, options?: { readonly replace?: boolean }): Promise<Applied>;
  /** Makes the view anew from the records, for rules that have changed. */
  refresh(name: string, view: Viewer): Promise<void>;
  /** Those of a lineage that succeeded before a moment (ISO 8601 UTC), newest first. */
  before(lineage: string, at: string, limit: number): Promise<readonly Deployment[]>;
  /** By deployment key or alias. */
  get(name: string): Promise<View | undefined>;
  records(name: string): Promise<readonly ChangeRecord[]>;
  list(filter: ChangeFilter): Promise<Listed>;
  /** What a timeline draws, newest first, at most `MAX_MARKS`. Knows no text. */
  marks(filter: Pick<ChangeFilter, 'facets' | 'sinceMs' | 'untilMs'>): Promise<readonly Mark[]>;
  /** Another one whenever anything in the change log may have changed. */
  version(): Promise<string>;
  /** Forgets what is older or more than the retention allows. Returns how many deployments went. */
  prune(now: Date): Promise<number>;
}

export interface Retention {
  readonly days: number;
  readonly count: number;
}

/**
 * Aliases are for looking up, never for joining: GitLab's deployment ids have been seen under several jobs.
 * The first deployment that names an alias keeps it.
 */
const APPEND = `
local key, occurrence = ARGV[2], ARGV[5]
if occurrence ~= '' then
  local first = ARGV[1] .. ':occurrence:' .. key
  redis.call('SET', first, occurrence, 'EX', ARGV[4], 'NX')
  if redis.call('GET', first) ~= occurrence then key = key .. '/' .. occurrence end
end
for i = 8, #ARGV do redis.call('SET', ARGV[1] .. ':alias:' .. ARGV[i], key, 'EX', ARGV[4], 'NX') end
local records = ARGV[1] .. ':deployment:' .. key .. ':records'
local added = redis.call(ARGV[6] == 'replace' and 'HSET' or 'HSETNX', records, ARGV[7], ARGV[3])
redis.call('EXPIRE', records, ARGV[4])
return { key, added, redis.call('HVALS', records) }`;

/** Writes the view and its indexes, unless a record came in meanwhile: then the caller folds again. */
const PROJECT = `
local base = ARGV[1] .. ':deployment:' .. ARGV[2]
if redis.call('HLEN', base .. ':records') ~= tonumber(ARGV[3]) then return 0 end
for _, index in ipairs(redis.call('SMEMBERS', base .. ':indexes')) do redis.call('ZREM', index, ARGV[2]) end
redis.call('DEL', base .. ':indexes')
redis.call('SET', base, ARGV[4], 'EX', ARGV[6])
if #ARGV > 7 then redis.call('HSET', ARGV[1] .. ':marks', ARGV[2], ARGV[7]) else redis.call('HDEL', ARGV[1] .. ':marks', ARGV[2]) end
redis.call('INCR', ARGV[1] .. ':changes-version')
for i = 8, #ARGV do
  redis.call('ZADD', ARGV[i], ARGV[5], ARGV[2])
  redis.call('SADD', base .. ':indexes', ARGV[i])
end
redis.call('EXPIRE', base .. ':indexes', ARGV[6])
return 1`;

const FORGET = `
local base = ARGV[1] .. ':deployment:' .. ARGV[2]
for _, index in ipairs(redis.call('SMEMBERS', base .. ':indexes')) do redis.call('ZREM', index, ARGV[2]) end
redis.call('ZREM', ARGV[1] .. ':changes', ARGV[2])
redis.call('HDEL', ARGV[1] .. ':marks', ARGV[2])
return redis.call('DEL', base, base .. ':records', base .. ':indexes')`;

/** Digits of a commit in its index, and the fewest that a search takes: what `git log --oneline` shows. */
export const SHORT_SHA = 7;
const SHA = /^[0-9a-f]{7,40}$/i;
/** One commit is deployed once to each environment of each service, and again now and then. */
const MAX_OF_ONE_COMMIT = 2_000;

/** Views read at once: about a megabyte. */
const SEARCH_PAGE = 500;

const SECONDS_A_DAY = 86_400;
const MAX_CONTENTION = 1_000; // far above the number of workers: reaching it means a bug, not load

export function createDeployments(redis: Redis, retention: Retention): Deployments {
  const ttlSeconds = String(Math.ceil(retention.days * SECONDS_A_DAY));
  return {
    async apply(record, view, { replace = false } = {}) {
      let added = false;
      for (let round = 0; round < MAX_CONTENTION; round++) {
        const reply = await append(redis, record, { ttlSeconds, replace });
        added ||= reply.added;
        const stored = await project(redis, { ...reply, view, ttlSeconds });
        if (stored) return { ...stored, added };
      }
      throw contention(record.deployment);
    },
    async refresh(name, view) {
      const known = await resolve(redis, name);
      for (let round = 0; round < MAX_CONTENTION; round++) {
        const records = (await redis.hvals(key('deployment', known, 'records'))).map(parseRecord);
        if (records.length === 0) return;
        if (await project(redis, { name: known, records, view, ttlSeconds })) return;
      }
      throw contention(known);
    },
    async before(lineage, at, limit) {
      const max = `(${Date.parse(at)}`;
      const names = await redis.zrevrangebyscore(lineageKey(lineage), max, '-inf', 'LIMIT', 0, limit);
      return viewsOf(redis, names);
    },
    async get(name) {
      const json = await redis.get(key('deployment', await resolve(redis, name)));
      return json === null ? undefined : (JSON.parse(json) as View); // written by apply() alone
    },
    async records(name) {
      const values = await redis.hvals(key('deployment', await resolve(redis, name), 'records'));
      return values.map(parseRecord).sort((a, b) => a.receivedAt.localeCompare(b.receivedAt));
    },
    list: (filter) => list(redis, filter),
    marks: async (filter) => readMarks(redis, await sliceOf(redis, filter)),
    version: async () => (await redis.get(key('changes-version'))) ?? '0',
    prune: (now) => prune(redis, retention, now),
  };
}

const contention = (name: string) =>
  new Error(`deployment ${name} changed ${MAX_CONTENTION} times while it was written`);

async function append(
  redis: Redis,
  record: ChangeRecord,
  { ttlSeconds, replace }: { ttlSeconds: string; replace: boolean },
) {
  const { deployment, occurrence = '', aliases } = record;
  const mode = replace ? 'replace' : 'keep';
  const said = [deployment, toJson(record), ttlSeconds, occurrence, mode, record.id, ...aliases];
  const [name, isNew, values] = (await redis.eval(APPEND, 0, PREFIX, ...said)) as [string, number, string[]]; // the shape that APPEND returns
  const records = values.map(parseRecord);
  return {
    name,
    added: isNew === 1,
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
  if (superfluous.length > 0) await redis.hdel(key('deployment', name, 'records'), ...superfluous);
  return records.filter(({ id }) => kept.has(id));
}

interface Projected {
  readonly name: string;
  readonly records: readonly ChangeRecord[];
  readonly view: Viewer;
  readonly ttlSeconds: string;
}

/** @returns undefined when a record came in meanwhile. */
async function project(redis: Redis, { name, records, view, ttlSeconds }: Projected): Promise<View | undefined> {
  const seen = await view(name, records);
  const said = [name, String(records.length), ...projection(seen, ttlSeconds)];
  return (await redis.eval(PROJECT, 0, PREFIX, ...said)) === 1 ? seen : undefined;
}

/** Parsed by the schema when it was kept; lists that an older bridge did not know yet are empty. */
const parseRecord = (json: string): ChangeRecord =>
  ({ aliases: [], artifacts: [], paths: [], tags: [], notes: [], ...JSON.parse(json) }) as ChangeRecord;

/** A key counts before an alias: one deployment's alias may be another one's key. */
async function resolve(redis: Redis, name: string): Promise<string> {
  const [isKey, alias] = await Promise.all([redis.exists(key('deployment', name)), redis.get(key('alias', name))]);
  return isKey ? name : (alias ?? name);
}

function projection(view: View, ttlSeconds: string): string[] {
  const { deployment, lineage } = view;
  const values: Record<Facet, readonly (string | undefined)[]> = {
    environment: [deployment.environment.name, laneOf(deployment.environment)],
    service: [deployment.service, deployment.serviceId],
    source: [deployment.source, deployment.reportedSource],
    status: [deployment.state],
    branch: [deployment.ref],
    commit: shasOf(deployment).map((sha) => sha.slice(0, SHORT_SHA)),
    person: [deployment.actor, deployment.commit?.author],
  };
  const named = FACETS.flatMap((facet) =>
    values[facet].filter((value) => value !== undefined).map((value) => facetKey(facet, value)),
  );
  const succession = deployment.state === 'succeeded' ? [lineageKey(lineage)] : [];
  const indexes = [key('changes'), ...new Set(named), ...succession];
  const score = String(Date.parse(deployment.occurredAt));
  return [JSON.stringify(view), score, ttlSeconds, packMark(deployment), ...(view.droppedBy ? [] : indexes)];
}

const lineageKey = (lineage: string) => key('lineage', digest(lineage));
const facetKey = (facet: Facet, value: string) => key('changes', facet, value.toLowerCase());

/** The application's commit, and with GitOps the one of the manifests. */
const shasOf = ({ commit, manifests }: Deployment): string[] =>
  [commit?.sha, manifests?.revision].flatMap((sha) => (sha && SHA.test(sha) ? [sha.toLowerCase()] : []));

async function list(redis: Redis, filter: ChangeFilter): Promise<Listed> {
  const { commit } = filter.facets;
  const slice = await sliceOf(redis, filter);
  if (filter.text) return search(redis, slice, { ...filter, text: filter.text });
  if (commit && commit.length > SHORT_SHA) return narrow(redis, { ...filter, ...slice, commit });
  const { index, min, max } = slice;
  const [total, keys] = await Promise.all([
    redis.zcount(index, min, max),
    redis.zrevrangebyscore(index, max, min, 'LIMIT', filter.offset, filter.limit),
  ]);
  return { deployments: await viewsOf(redis, keys), total };
}

/** The index that holds exactly what the facets name, and the part of it that lies in the time asked for. */
async function sliceOf(redis: Redis, filter: Pick<ChangeFilter, 'facets' | 'sinceMs' | 'untilMs'>): Promise<Slice> {
  const { commit } = filter.facets;
  const facets = { ...filter.facets, ...(commit && { commit: commit.slice(0, SHORT_SHA) }) };
  const wanted = FACETS.flatMap((facet) => (facets[facet] ? [facetKey(facet, facets[facet])] : []));
  const index = wanted.length > 1 ? await intersect(redis, wanted) : (wanted[0] ?? key('changes'));
  return { index, min: filter.sinceMs ?? '-inf', max: filter.untilMs ?? '+inf' };
}

/** Reads views by the page, so that webhooks are answered between two of them. */
async function search(
  redis: Redis,
  { index, min, max }: Slice,
  { text, limit, offset }: ChangeFilter & { text: string },
): Promise<Listed> {
  const matches = createTextMatch(text);
  const keys = await redis.zrevrangebyscore(index, max, min, 'LIMIT', 0, SEARCHED + 1);
  const found: Deployment[] = [];
  for (let at = 0; at < Math.min(keys.length, SEARCHED); at += SEARCH_PAGE) {
    const page = await viewsOf(redis, keys.slice(at, Math.min(at + SEARCH_PAGE, SEARCHED)));
    found.push(...page.filter(matches));
  }
  return {
    deployments: found.slice(offset, offset + limit),
    total: found.length,
    ...(keys.length > SEARCHED && { searched: SEARCHED }),
  };
}

/** Few commits share their first digits: all deployments that do are looked at. */
async function narrow(
  redis: Redis,
  { index, commit, min, max, limit, offset }: ChangeFilter & Slice & { commit: string },
): Promise<Listed> {
  const keys = await redis.zrevrangebyscore(index, max, min, 'LIMIT', 0, MAX_OF_ONE_COMMIT);
  const wanted = commit.toLowerCase();
  const found = (await viewsOf(redis, keys)).filter((one) => shasOf(one).some((sha) => sha.startsWith(wanted)));
  return { deployments: found.slice(offset, offset + limit), total: found.length };
}

async function viewsOf(redis: Redis, names: readonly string[]): Promise<Deployment[]> {
  const views = names.length ? await redis.mget(names.map((name) => key('deployment', name))) : [];
  return views.flatMap((json) => (json === null ? [] : [(JSON.parse(json) as View).deployment])); // written by apply() alone
}

/** The scores are times and equal in every index, so that MAX keeps them. Lives for a minute: long enough for the reads that follow. */
async function intersect(redis: Redis, indexes: readonly string[]): Promise<string> {
  const target = key('changes-query', indexes.map((index) => index.slice(PREFIX.length)).join('&'));
  await redis
    .multi()
    .zinterstore(target, indexes.length, ...indexes, 'AGGREGATE', 'MAX')
    .expire(target, 60)
    .exec();
  return target;
}

async function prune(redis: Redis, retention: Retention, now: Date): Promise<number> {
  const oldestMs = now.getTime() - retention.days * SECONDS_A_DAY * 1000;
  const surplus = (await redis.zcard(key('changes'))) - retention.count;
  const [old, many] = await Promise.all([
    redis.zrangebyscore(key('changes'), '-inf', `(${oldestMs}`, 'LIMIT', 0, 10_000),
    surplus > 0 ? redis.zrange(key('changes'), '0', String(surplus - 1)) : [],
  ]);
  const names = [...new Set([...old, ...many])];
  for (const name of names) await redis.eval(FORGET, 0, PREFIX, name);
  return names.length;
}
