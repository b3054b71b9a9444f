import type { Redis } from 'ioredis';
import { keys } from '../keys.ts';
import { createScript } from '../script.ts';
import { type Fields, unpackFormat2 } from './packed/packing.ts';
import { see, swap } from './swap.ts';

/** Fields of a deployment's hash that are no record: a record's id begins with chg_. */
export const VIEW = 'view';
/** Written by format 2 instead of all others. */
export const PACKED = 'packed';
const INDEXES = 'in';

/** Far above what a deployment has: reached by an application that flaps, or by a sender in a loop. */
export const MAX_RECORDS = 24;

export const appendRecords = createScript('append-records');
export const storeView = createScript('store-view');
export const forgetDeployment = createScript('forget-deployment');

/** The indexes of a deployment, as they are stored in its hash. */
export const parseIndexes = (stored: string): readonly string[] => (stored === '' ? [] : stored.split('\n'));

export interface Hash extends Fields {
  readonly isFormat2: boolean;
}

export async function readHash(redis: Redis, name: string): Promise<Hash> {
  const { [PACKED]: packed, ...fields } = await redis.hgetallBuffer(keys.deployment(name));
  if (packed) return { ...unpackFormat2(packed), isFormat2: true };
  const texts = Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, value.toString()]));
  const { [VIEW]: view = '', [INDEXES]: indexes = '', ...records } = texts;
  return { view, indexes, records, isFormat2: false };
}

/**
 * For callers that are going to write to it.
 * @returns the deployment as it is now, in the layout of format 1
 */
export async function readFormat1(redis: Redis, name: string): Promise<Fields> {
  const key = keys.deployment(name);
  for (;;) {
    const { seen, value: hash } = await see(redis, key, () => readHash(redis, name));
    if (!hash.isFormat2) return hash;
    const { view, indexes, records } = hash;
    const fields = Object.entries({ [VIEW]: view, [INDEXES]: indexes, ...records }).flat();
    const commands = [['HSET', key, ...fields] as const, ['HDEL', key, PACKED] as const];
    if (await swap(redis, [seen], commands)) return hash;
  }
}
