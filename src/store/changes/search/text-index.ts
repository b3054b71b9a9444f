import type { Redis } from 'ioredis';
import { keys } from '../../keys.ts';
import { createScript } from '../../script.ts';
import { countIn } from '../packed/index-blocks.ts';
import { hasSucceededId, numberOfPackedId } from '../packed/packed-names.ts';

/**
 * An index of the texts of packed deployments, which finds a rare word among a million of them within milliseconds: a
 * bitmap that tells which groups of 32 deployments may hold a sequence of four bytes. What it finds is checked. Takes
 * 64 bytes a deployment. A bit is never taken back, since an id is never used again; a part whose deployments are all
 * deleted is deleted.
 */
export const IN_PART = 8_192;
const KNOWN_BYTES = IN_PART / 8;
/** A part is just below 512 KiB, which is what Redis would take for it in any case. */
export const ROWS = 16_301;
const GRAM_BYTES = 4; // one number of 32 bits
/** More than the longest text that is stored has: its words are read instead. */
const ALL_ROWS = '*';

/** The rows of a text, each once: every word that it holds has a part of them. Empty for a text of three bytes. */
export function rowsOf(text: string): Buffer {
  const bytes = Buffer.from(text);
  const rows = new Set<number>();
  for (let at = 0; at + GRAM_BYTES <= bytes.length; at += 1)
    rows.add((Math.imul(bytes.readUInt32LE(at), 0x9e3779b1) >>> 0) % ROWS);
  const packed = Buffer.alloc(2 * rows.size);
  for (const [at, row] of [...rows].entries()) packed.writeUInt16BE(row, 2 * at);
  return packed;
}

export const partOf = (number: number): number => Math.floor(number / IN_PART);

const addText = createScript('add-text');

export interface IndexedText {
  /** Undefined: not stored, so that the deployment itself must be read. */
  readonly terms: string | undefined;
  /** The time in the index of all changes; undefined: it is not in the change log. */
  readonly atMs: number | undefined;
}

/** Before the deployment has this id: a bit too many costs a look, a missing one would hide it. */
export async function addToTextIndex(redis: Redis, id: string, { terms, atMs }: IndexedText): Promise<void> {
  const number = numberOfPackedId(id);
  const part = partOf(number);
  const rows = atMs === undefined ? '' : terms === undefined ? ALL_ROWS : rowsOf(terms);
  const where = [part, number % IN_PART, hasSucceededId(id) ? 1 : 0] as const;
  await addText(redis, [keys.textIndex(String(part)), keys.textParts()], ...where, atMs ?? '', rows);
}

/** The score of a part whose deployments are all deleted. */
const GONE = -1;

export interface TextPart {
  readonly part: number;
  /** The time of its newest deployment; infinite unless the index knows all of them. */
  readonly newestMs: number;
}

/** The parts up to an id that still have deployments. */
export async function textParts(redis: Redis, lastNumber: number): Promise<readonly TextPart[]> {
  const listed = await redis.zrange(keys.textParts(), '0', '-1', 'WITHSCORES');
  const newest = new Map<number, number>();
  for (let at = 0; at + 1 < listed.length; at += 2) newest.set(Number(listed[at]), Number(listed[at + 1]));
  const parts = Array.from({ length: partOf(lastNumber) + 1 }, (_, part) => part).filter(
    (part) => newest.get(part) !== GONE,
  );
  const known = await Promise.all(
    parts.map((part) => redis.bitcount(keys.textIndex(String(part)), 0, KNOWN_BYTES - 1)),
  );
  return parts.map((part, at) => {
    const ids = Math.min(lastNumber, (part + 1) * IN_PART - 1) - Math.max(1, part * IN_PART) + 1; // 0 is none
    const isWhole = known[at] === ids;
    return { part, newestMs: (isWhole ? newest.get(part) : undefined) ?? Number.POSITIVE_INFINITY };
  });
}

/** Deletes the parts that are older than all deployments that are kept, but not the newest part. */
export async function forgetTexts(redis: Redis): Promise<void> {
  const last = String(partOf(Number((await redis.get(keys.lastPackedId())) ?? 0)));
  const listed = await redis.zrangebyscore(keys.textParts(), '0', '+inf', 'WITHSCORES');
  for (let at = 0; at + 1 < listed.length; at += 2) {
    const [part = '', newestMs = ''] = [listed[at], listed[at + 1]];
    const { count } = await countIn(redis, keys.changes(), { min: '-inf', max: newestMs });
    if (count > 0 || part === last) return;
    await redis.unlink(keys.textIndex(part));
    await redis.zadd(keys.textParts(), GONE, part);
  }
}
