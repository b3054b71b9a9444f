import { ChangeType, State, Tier } from '../../../domain/change-record.ts';
import type { Deployment } from '../../../domain/deployment.ts';
import {
  type LazyTimelineEntry,
  type TimelineCategory,
  type TimelineEntry,
  timelineEntryOf,
} from '../../../domain/timeline-entry.ts';

/**
 * Lines: parsed several times as fast as JSON, a hundred thousand at a time. The key is last, since it may contain
 * anything.
 */
export function packTimelineEntry(deployment: Deployment): string {
  const entry = timelineEntryOf(deployment);
  const { key, atMs, state, changeType, environment, service, revision = '', actor = '' } = entry;
  const fields = [String(atMs), state, changeType, packTier(entry), environment.name, service, revision, actor];
  return [...fields.map((field) => field.replaceAll('\n', ' ')), key].join('\n');
}

/**
 * With the time since when it ran, where it has failed since, and which of the services of its name it is. 0.1.0 does
 * not know such a tier, and goes by the name of the environment.
 */
const packTier = ({ environment: { tier }, ranSinceMs, identity }: TimelineEntry): string =>
  [tier ?? '', ranSinceMs ?? '', identity ?? ''].join(' ').trimEnd();

const STATES = new Map(State.options.map((state) => [state as string, state]));
const TYPES = new Map(ChangeType.options.map((type) => [type as string, type]));
const TIERS = new Map(Tier.options.map((tier) => [tier as string, tier]));

/** State, change type, tier and environment, after the time. */
const CATEGORY_FIELDS = 4;

/** What the packed category says, and which service it is of. */
interface Head {
  readonly category: TimelineCategory;
  readonly identity?: string;
  /** For the rest of the entry. */
  readonly decode: Decode;
}

interface Heads {
  readonly decode: Decode;
  /** As they are packed. Undefined: another version of the bridge wrote it. */
  readonly packed: Map<string, Head | undefined>;
  /** One object for all services. */
  readonly categories: Map<string, TimelineCategory>;
}

type Decode = (text: string) => string;

const NOT_ASCII = /[\u0080-\u00ff]/;

/** A text whose characters are bytes of UTF-8: many entries are decoded together, and few of them are looked at. */
const fromBytes: Decode = (text) => (NOT_ASCII.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text);

/** A part of a text: the entries of a page are one. */
export interface Part {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** The head is looked up as packed, the details are parsed on demand: a third of the time of parsing all */
function unpackEntry(part: Part, heads: Heads): LazyTimelineEntry | undefined {
  const { text } = part;
  const from = text.indexOf('\n', part.from) + 1;
  let to = text.indexOf('\n', from);
  for (let field = 1; field < CATEGORY_FIELDS && to >= 0; field++) to = text.indexOf('\n', to + 1);
  if (from === 0 || to < 0 || to >= part.to) return undefined;
  const head = headOf(text.slice(from, to), heads);
  return head && new PackedEntry({ text, from: to + 1, to: part.to }, head, Number(text.slice(part.from, from - 1)));
}

/** A class: a hundred thousand objects with a function each take three times as long to make. */
class PackedEntry implements LazyTimelineEntry {
  readonly atMs: number;
  readonly category: TimelineCategory;
  private readonly head: Head;
  private readonly text: string;
  private readonly from: number;
  private readonly to: number;

  constructor({ text, from, to }: Part, head: Head, atMs: number) {
    this.atMs = atMs;
    this.category = head.category;
    this.head = head;
    this.text = text;
    this.from = from;
    this.to = to;
  }

  entry(): TimelineEntry {
    const { category, identity, decode } = this.head;
    return {
      atMs: this.atMs,
      ...category,
      ...detailsOf(decode(this.text.slice(this.from, this.to))),
      ...(identity && { identity }),
    };
  }
}

function headOf(packed: string, heads: Heads): Head | undefined {
  const known = heads.packed.get(packed);
  if (known || heads.packed.has(packed)) return known;
  const head = unpackHead(packed, heads);
  heads.packed.set(packed, head);
  return head;
}

function unpackHead(packed: string, { categories, decode }: Heads): Head | undefined {
  const [state = '', type = '', packedTier = '', name = ''] = decode(packed).split('\n');
  const [tier = '', ranSinceMs, identity] = packedTier.split(' ');
  const codes = { state: STATES.get(state), changeType: TYPES.get(type), tier: TIERS.get(tier) };
  if (!codes.state || !codes.changeType) return undefined;
  const unpacked: TimelineCategory = {
    state: codes.state,
    ...(ranSinceMs && { ranSinceMs: Number(ranSinceMs) }),
    changeType: codes.changeType,
    environment: { name, ...(codes.tier && { tier: codes.tier }) },
  };
  const key = [state, type, tier, ranSinceMs, name].join('\n');
  const category = categories.get(key) ?? unpacked;
  categories.set(key, category);
  return { category, decode, ...(identity && { identity }) };
}

function detailsOf(packed: string): Omit<TimelineEntry, 'atMs' | 'identity' | keyof TimelineCategory> {
  const [service = '', revision, actor, ...key] = packed.split('\n');
  return { key: key.join('\n'), service, ...(revision && { revision }), ...(actor && { actor }) };
}

export type Unpack = (part: Part, entries: LazyTimelineEntry[]) => void;

/** @param text with `asBytes` each character of it is a byte of UTF-8 */
export function createUnpack(text: 'asText' | 'asBytes' = 'asText'): Unpack {
  const decode: Decode = text === 'asBytes' ? fromBytes : (one) => one;
  const heads: Heads = { decode, packed: new Map(), categories: new Map() };
  return (part, entries) => {
    const entry = unpackEntry(part, heads);
    if (entry) entries.push(entry);
  };
}
