import type { Redis } from 'ioredis';
import { keys } from '../keys.ts';
import { createBinaryScript, createScript } from '../script.ts';
import { type Fields, packFields, unpackFields } from './packing.ts';

/** Fields of a deployment's hash that are no record: a record's id begins with chg_. */
export const VIEW = 'view';
export const PACKED = 'packed';
const INDEXES = 'in';

export const appendRecords = createScript('append-records');
export const storeView = createScript('store-view');
/** Of each its view or what it is packed to (packing.ts). */
export const readViews = createBinaryScript('read-views');
export const forgetDeployment = createScript('forget-deployment');
const packDeployment = createScript('pack-deployment');
const unpackDeployment = createScript('unpack-deployment');

/** The indexes in which a deployment stands, as they are kept in its hash. */
export const parseIndexes = (stored: string): readonly string[] => (stored === '' ? [] : stored.split('\n'));

export interface Hash extends Fields {
  readonly packed?: Buffer;
}

/** A deployment, packed or not. */
export async function readHash(redis: Redis, name: string): Promise<Hash> {
  const { [PACKED]: packed, ...fields } = await redis.hgetallBuffer(keys.deployment(name));
  if (packed) return { ...unpackFields(packed), packed };
  const texts = Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, value.toString()]));
  const { [VIEW]: view = '', [INDEXES]: indexes = '', ...records } = texts;
  return { view, indexes, records };
}

const fieldsOf = ({ view, indexes, records }: Fields): string[] =>
  Object.entries({ [VIEW]: view, [INDEXES]: indexes, ...records }).flat();

/** For whoever is going to write to it. @returns the deployment as it is now, unpacked */
export async function unpackHash(redis: Redis, name: string): Promise<Fields> {
  for (;;) {
    const hash = await readHash(redis, name);
    if (!hash.packed) return hash;
    const isDone = await unpackDeployment(redis, [keys.deployment(name)], hash.packed, ...fieldsOf(hash));
    if (isDone === 1) return hash;
  }
}

/** @returns false when it was written to meanwhile, or has no view yet */
export async function packHash(redis: Redis, name: string, hash: Fields): Promise<boolean> {
  if (hash.view === '') return false;
  return (await packDeployment(redis, [keys.deployment(name)], packFields(hash), ...fieldsOf(hash))) === 1;
}
