import type { Redis } from 'ioredis';
import { ChangeType, State, Tier } from '../domain/change-record.ts';
import type { Deployment } from '../domain/deployment.ts';
import { type Mark, markOf } from '../domain/mark.ts';
import { key } from './keys.ts';
import { createScript } from './script.ts';

/** The newest of a range; what is older is counted, not drawn. */
export const MAX_MARKS = 100_000;
/** So many stand in one answer of Redis, which serves webhooks between two of them. */
const PAGE = 4_000;
/** Lua takes at most about 8,000 arguments at once. */
export const MARKS = key('marks');

/** The marks of one page of an index, by rank, newest first. */
const READ = createScript(`
local names = redis.call('ZREVRANGE', KEYS[1], ARGV[1], ARGV[2])
return #names > 0 and redis.call('HMGET', KEYS[2], unpack(names)) or {}`);

/** Lines: parsed several times as fast as JSON, a hundred thousand at a time. The key is last, since it may hold anything. */
export function packMark(deployment: Deployment): string {
  const { key, atMs, state, changeType, environment, service, revision = '', actor = '' } = markOf(deployment);
  const fields = [String(atMs), state, changeType, environment.tier ?? '', environment.name, service, revision, actor];
  return [...fields.map((field) => field.replaceAll('\n', ' ')), key].join('\n');
}

const STATES = new Map(State.options.map((state) => [state as string, state]));
const TYPES = new Map(ChangeType.options.map((type) => [type as string, type]));
const TIERS = new Map(Tier.options.map((tier) => [tier as string, tier]));

function unpackMark(packed: string): Mark | undefined {
  const [at, state = '', type = '', tier = '', environment = '', service = '', revision, actor, ...key] =
    packed.split('\n');
  const known = { state: STATES.get(state), changeType: TYPES.get(type), tier: TIERS.get(tier) };
  if (!known.state || !known.changeType) return undefined;
  return {
    key: key.join('\n'),
    atMs: Number(at),
    state: known.state,
    changeType: known.changeType,
    environment: { name: environment, ...(known.tier && { tier: known.tier }) },
    service,
    ...(revision && { revision }),
    ...(actor && { actor }),
  };
}

export interface Slice {
  readonly index: string;
  readonly min: number | string;
  readonly max: number | string;
}

/** Where a slice stands in its index, newest first. By rank: a score would be looked for from the beginning at every page. */
export async function ranksOf(redis: Redis, { index, min, max }: Slice): Promise<{ newer: number; count: number }> {
  const [newer, count] = await Promise.all([
    max === '+inf' ? 0 : redis.zcount(index, `(${max}`, '+inf'),
    redis.zcount(index, min, max),
  ]);
  return { newer, count };
}

/** Newest first. */
export async function readMarks(redis: Redis, slice: Slice): Promise<Mark[]> {
  const { index } = slice;
  const { newer, count } = await ranksOf(redis, slice);
  const end = newer + Math.min(count, MAX_MARKS);
  const read = (from: number) => readPage(redis, index, { from, to: Math.min(from + PAGE, end) - 1 });
  const marks: Mark[] = [];
  // One page is on its way while another is taken apart.
  let next = newer < end ? read(newer) : undefined;
  for (let from = newer + PAGE; next; from += PAGE) {
    const page = await next;
    next = from < end ? read(from) : undefined;
    for (const packed of page) {
      const mark = packed === null ? undefined : unpackMark(packed);
      if (mark) marks.push(mark);
    }
  }
  return marks;
}

const readPage = async (redis: Redis, index: string, { from, to }: { from: number; to: number }) =>
  (await READ(redis, [index, MARKS], from, to)) as (string | null)[]; // what HMGET answers
