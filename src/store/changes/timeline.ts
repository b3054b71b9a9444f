import type { Redis } from 'ioredis';
import { ChangeType, State, Tier } from '../../domain/change-record.ts';
import type { Deployment } from '../../domain/deployment.ts';
import { type Dot, type Kind, type Mark, markOf } from '../../domain/mark.ts';
import { keys } from '../keys.ts';
import { createScript } from '../script.ts';

/** The newest of a range; what is older is counted, not drawn. */
export const MAX_TIMELINE_ENTRIES = 100_000;
/**
 * So many stand in one answer of Redis, which serves webhooks between two of them. Lua takes at most about 8,000
 * arguments at once.
 */
const PAGE = 4_000;

const readPageScript = createScript('read-timeline');

/**
 * Lines: parsed several times as fast as JSON, a hundred thousand at a time. The key is last, since it may hold
 * anything.
 */
export function packTimelineEntry(deployment: Deployment): string {
  const { key, atMs, state, changeType, environment, service, revision = '', actor = '' } = markOf(deployment);
  const fields = [String(atMs), state, changeType, environment.tier ?? '', environment.name, service, revision, actor];
  return [...fields.map((field) => field.replaceAll('\n', ' ')), key].join('\n');
}

const STATES = new Map(State.options.map((state) => [state as string, state]));
const TYPES = new Map(ChangeType.options.map((type) => [type as string, type]));
const TIERS = new Map(Tier.options.map((tier) => [tier as string, tier]));

/** State, change type, tier and environment, after the time. */
const KIND_FIELDS = 4;
/** As it is packed. Undefined: another version of the bridge wrote it. */
type Kinds = Map<string, Kind | undefined>;

/**
 * The kind is looked up as it is packed, the words are read when somebody asks: a third of the time of taking all
 * apart.
 */
function unpackDot(packed: string, kinds: Kinds): Dot | undefined {
  const from = packed.indexOf('\n') + 1;
  let to = packed.indexOf('\n', from);
  for (let field = 1; field < KIND_FIELDS; field++) to = packed.indexOf('\n', to + 1);
  const kind = kindOf(packed.slice(from, to), kinds);
  if (!kind) return undefined;
  const atMs = Number(packed.slice(0, from - 1));
  return { atMs, kind, mark: () => ({ atMs, ...kind, ...wordsOf(packed.slice(to + 1)) }) };
}

function kindOf(packed: string, kinds: Kinds): Kind | undefined {
  if (!kinds.has(packed)) kinds.set(packed, unpackKind(packed));
  return kinds.get(packed);
}

function unpackKind(packed: string): Kind | undefined {
  const [state = '', type = '', tier = '', name = ''] = packed.split('\n');
  const known = { state: STATES.get(state), changeType: TYPES.get(type), tier: TIERS.get(tier) };
  if (!known.state || !known.changeType) return undefined;
  return {
    state: known.state,
    changeType: known.changeType,
    environment: { name, ...(known.tier && { tier: known.tier }) },
  };
}

function wordsOf(packed: string): Omit<Mark, 'atMs' | keyof Kind> {
  const [service = '', revision, actor, ...key] = packed.split('\n');
  return { key: key.join('\n'), service, ...(revision && { revision }), ...(actor && { actor }) };
}

export interface Slice {
  readonly index: string;
  readonly min: number | string;
  readonly max: number | string;
}

/**
 * Where a slice stands in its index, newest first. By rank: a score would be looked for from the beginning at every
 * page.
 */
export async function ranksOf(redis: Redis, { index, min, max }: Slice): Promise<{ newer: number; count: number }> {
  const [newer, count] = await Promise.all([
    max === '+inf' ? 0 : redis.zcount(index, `(${max}`, '+inf'),
    redis.zcount(index, min, max),
  ]);
  return { newer, count };
}

/** Newest first. */
export async function readTimeline(redis: Redis, slice: Slice, limit = MAX_TIMELINE_ENTRIES): Promise<Dot[]> {
  const { index } = slice;
  const { newer, count } = await ranksOf(redis, slice);
  const end = newer + Math.min(count, limit);
  const read = (from: number) => readPage(redis, index, { from, to: Math.min(from + PAGE, end) - 1 });
  const dots: Dot[] = [];
  const kinds: Kinds = new Map();
  // One page is on its way while another is taken apart.
  let next = newer < end ? read(newer) : undefined;
  for (let from = newer + PAGE; next; from += PAGE) {
    const page = await next;
    next = from < end ? read(from) : undefined;
    for (const packed of page) {
      const dot = packed === null ? undefined : unpackDot(packed, kinds);
      if (dot) dots.push(dot);
    }
  }
  return dots;
}

const readPage = async (redis: Redis, index: string, { from, to }: { from: number; to: number }) =>
  (await readPageScript(redis, [index, keys.timeline()], from, to)) as (string | null)[]; // what HMGET answers
