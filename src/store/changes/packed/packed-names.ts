import { hash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { memoized } from '../../../values/memoized.ts';
import { keys } from '../../keys.ts';

/**
 * The id of a packed deployment: short, since it is in a dozen indexes. `~` has succeeded, and others are judged by it;
 * `^` has not. A name begins with neither.
 */
const PACKED_ID = /^[~^][0-9a-z]{1,10}$/;
export const isPackedId = (name: string): boolean => PACKED_ID.test(name);
export const packedId = (number: number, hasSucceeded: boolean): string =>
  `${hasSucceeded ? '~' : '^'}${number.toString(36)}`;
export const hasSucceededId = (id: string): boolean => id.startsWith('~');
export const numberOfPackedId = (id: string): number => Number.parseInt(id.slice(1), 36);

/** Which packed deployment each former key leads to: the key of a deployment, an alias, a remote id. */
export interface NamePlace {
  readonly key: string;
  readonly field: string;
}

/**
 * This many small hashes cost a tenth of a key for each name: Redis stores one of up to 512 short fields as one piece
 * of memory, and 200,000 deployments of four names each make 200 for each hash.
 */
const BUCKET_DIGITS = 3;
/** Bytes of the digest: two of a million names collide once in a million times. */
const FIELD_BYTES = 6;

/** @param key as store/keys.ts makes it */
export const namePlace = memoized((key: string): NamePlace => {
  const digest = hash('sha256', key, 'hex');
  const field = Buffer.from(digest.slice(-2 * FIELD_BYTES), 'hex').toString('base64url');
  return { key: keys.packedNames(digest.slice(0, BUCKET_DIGITS)), field };
});

/** The ids of the packed deployments to which these keys led. */
export async function packedUnder(redis: Redis, wanted: readonly string[]): Promise<(string | undefined)[]> {
  const places = wanted.map(namePlace);
  return (await Promise.all(places.map(({ key, field }) => redis.hget(key, field)))).map((id) => id ?? undefined);
}
