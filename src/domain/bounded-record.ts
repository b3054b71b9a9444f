import { cutUnits, NAME_CHARS, PATH_CHARS, shorten, TEXT_CHARS, wellFormed } from '../values/text.ts';
import { URL_CHARS } from '../values/url.ts';
import { type ChangeRecord, digest } from './change-record.ts';

/** JSON of one record, whatever was sent: a deployment has up to two dozen of them, and Redis keeps them for a year. */
export const RECORD_BYTES = 65_536;
/** The records of one webhook together. */
const WEBHOOK_BYTES = 1_048_576;
/** One webhook that deploys to more places than this is a mistake, or an attack. */
const MAX_RECORDS = 1_000;
/** A smaller share would cut values that are no text: ids, names, times. */
const LEAST_BYTES = 8_192;
/** Of keys and aliases: room for a project's path, an environment and an id. A longer one ends in a digest. */
const LONGEST_KEY = 400;

type FieldKind = 'name' | 'path' | 'text' | 'url' | 'key';

/** Limits of fields by name, wherever in a record they occur. A field that is not listed is a text. */
const KINDS: Readonly<Record<string, FieldKind>> = {
  deployment: 'key',
  key: 'key',
  aliases: 'key',
  source: 'name',
  instance: 'name',
  signal: 'name',
  signals: 'name',
  occurrence: 'name',
  service: 'name',
  serviceId: 'name',
  environment: 'name',
  name: 'path',
  repository: 'path',
  gitlabProject: 'path',
  ref: 'name',
  sha: 'name',
  shortSha: 'name',
  author: 'name',
  actor: 'name',
  revision: 'name',
  job: 'name',
  number: 'name',
  deploymentId: 'name',
  reportedSource: 'name',
  externalId: 'name',
  of: 'path',
  projects: 'path',
  artifacts: 'path',
  paths: 'path',
  tags: 'name',
  url: 'url',
  pipelineUrl: 'url',
  parentPipelineUrl: 'url',
  jobUrl: 'url',
  compareUrl: 'url',
};
const CHARS = { name: NAME_CHARS, path: PATH_CHARS, text: TEXT_CHARS, url: URL_CHARS, key: LONGEST_KEY } as const;
/** Limits of lists by name. A list that is not listed: 100. */
const ITEMS: Readonly<Record<string, number>> = { aliases: 20, projects: 10, tags: 50, notes: 50 };
const MAX_ITEMS = 100; // paths, images, versions

interface CutState {
  /** The share of the limits of texts and lists that is in force. */
  readonly scale: number;
  readonly notes: string[];
}

/** Tried in turn, until the record fits. */
const SCALES = [1, 0.5, 0.2, 0.05];
/** However much is cut: a text still says what it is about. */
const LEAST_CHARS = 100;
const LEAST_ITEMS = 5;

/**
 * A record whose fields are within their limits: longer values are cut, and a note on the record says so. Returns the
 * same object where nothing had to be changed, so that this may be called wherever a record comes in. Accepts what the
 * fold makes of records as well.
 */
export function boundRecord<Bounded extends { readonly notes: readonly string[] }>(
  record: Bounded,
  maxBytes = RECORD_BYTES,
): Bounded {
  if (charsOf(record, SHORT) * WORST_BYTES <= maxBytes) return record;
  let bounded = record;
  for (const scale of SCALES) {
    const cutting: CutState = { scale, notes: [] };
    bounded = cut(record, '', cutting) as Bounded; // the same fields, shorter
    if (cutting.notes.length > 0) bounded = { ...bounded, notes: [...bounded.notes, ...cutting.notes] };
    if (fits(bounded, maxBytes)) return bounded;
  }
  return bounded;
}

/**
 * All records of one webhook: each gets an equal share. Records beyond the limit are left out, and the first record
 * says so. Returns the same list where nothing had to be changed.
 */
export function boundRecords(records: readonly ChangeRecord[]): readonly ChangeRecord[] {
  const kept = records.length > MAX_RECORDS ? records.slice(0, MAX_RECORDS) : records;
  const share = Math.max(LEAST_BYTES, Math.min(RECORD_BYTES, Math.floor(WEBHOOK_BYTES / Math.max(1, kept.length))));
  const bounded = kept.map((record) => boundRecord(record, share));
  if (kept === records && bounded.every((record, at) => record === records[at])) return records;
  const [first, ...others] = bounded;
  if (!first || kept.length === records.length) return bounded;
  const note = `The webhook reported ${records.length} steps; only the first ${MAX_RECORDS} are recorded.`;
  return [{ ...first, notes: [...first.notes, note] }, ...others];
}

/** Returns the same value where nothing exceeds its limit, and undefined for an address that does. */
function cut(value: unknown, field: string, cutting: CutState): unknown {
  if (typeof value === 'string') return cutText(value, field, cutting);
  if (Array.isArray(value)) return cutList(value, field, cutting);
  if (typeof value !== 'object' || value === null) return value;
  let changed: Record<string, unknown> | undefined;
  for (const [name, part] of Object.entries(value)) {
    const short = cut(part, name, cutting);
    if (short === part) continue;
    changed ??= { ...value };
    if (short === undefined) delete changed[name];
    else changed[name] = short;
  }
  return changed ?? value;
}

function cutList(list: readonly unknown[], field: string, cutting: CutState): readonly unknown[] {
  const limit = Math.max(LEAST_ITEMS, Math.floor((ITEMS[field] ?? MAX_ITEMS) * cutting.scale));
  if (list.length > limit) cutting.notes.push(`${field} had ${list.length} entries; ${limit} are kept.`);
  const kept = list.length > limit ? list.slice(0, limit) : list;
  const short = kept.map((item) => cut(item, field, cutting));
  return short.some((item, at) => item !== list[at]) ? short : kept;
}

function cutText(given: string, field: string, cutting: CutState): string | undefined {
  const text = wellFormed(given); // half a character cannot be stored, and a script in Redis fails at it
  const kind = KINDS[field] ?? 'text';
  const isScaled = kind === 'text' || kind === 'path';
  const limit = isScaled ? Math.max(LEAST_CHARS, Math.floor(CHARS[kind] * cutting.scale)) : CHARS[kind];
  if (text.length <= limit) return text;
  // Cutting would make one key of two that begin alike.
  if (kind === 'key') return `${cutUnits(text, LONGEST_KEY - 40)}~${digest(text)}`;
  // A truncated address leads elsewhere.
  const done = kind === 'url' ? 'left out' : `cut to ${limit}`;
  cutting.notes.push(`${field} had ${text.length} characters and was ${done}.`);
  return kind === 'url' ? undefined : shorten(text, limit);
}

/** Counting costs a tenth of writing JSON, and most records are far below the limit. */
function fits(record: object, maxBytes: number): boolean {
  return charsOf(record, ANY) * WORST_BYTES <= maxBytes || Buffer.byteLength(JSON.stringify(record)) <= maxBytes;
}

interface Longest {
  readonly chars: number;
  readonly items: number;
}
/** No limit of a text or a list is below these. Nearly all records are within them, and need no closer look. */
const SHORT: Longest = { chars: NAME_CHARS, items: 10 };
const ANY: Longest = { chars: Number.POSITIVE_INFINITY, items: Number.POSITIVE_INFINITY };

/** Of a value that is no text, and of the quotation marks and comma of any; names are longer only by little. */
const FIELD_CHARS = 24;
/** Of a character in JSON: a control character is `\u0007`. */
const WORST_BYTES = 6;

/**
 * The characters of all texts, and some for each field; infinity if a text or a list is longer than that or half a
 * character is in it. `for … in` would take ten times as long in Node 24, for objects of so many shapes.
 */
function charsOf(value: unknown, longest: Longest): number {
  if (typeof value === 'string')
    return value.length <= longest.chars && value.isWellFormed()
      ? value.length + FIELD_CHARS
      : Number.POSITIVE_INFINITY;
  if (typeof value !== 'object' || value === null) return FIELD_CHARS;
  if (Array.isArray(value) && value.length > longest.items) return Number.POSITIVE_INFINITY;
  let sum = FIELD_CHARS;
  for (const part of Object.values(value)) sum += charsOf(part, longest);
  return sum;
}
