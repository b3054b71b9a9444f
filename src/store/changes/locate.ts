import type { Redis } from 'ioredis';
import { keys } from '../keys.ts';
import { unpackDeployment, unpackUnder } from './packed/archive.ts';
import { isPackedId, packedUnder } from './packed/packed-names.ts';

/** Where a deployment is stored: in its own hash, or packed. */
export type Located = { readonly name: string } | { readonly packed: string };

/** By deployment key, alias, or index entry. A key counts before an alias: one's alias may be another's key. */
export async function locate(redis: Redis, name: string): Promise<Located> {
  if (isPackedId(name)) return { packed: name };
  const [isKey, alias, [packed, packedAlias]] = await Promise.all([
    redis.exists(keys.deployment(name)),
    redis.get(keys.alias(name)),
    packedUnder(redis, [keys.deployment(name), keys.alias(name)]),
  ]);
  if (isKey) return { name };
  if (packed !== undefined) return { packed };
  if (packedAlias !== undefined) return { packed: packedAlias };
  if (alias === null) return { name };
  const [isPacked] = await packedUnder(redis, [keys.deployment(alias)]);
  return isPacked === undefined ? { name: alias } : { packed: isPacked };
}

/**
 * For callers that are going to write to it.
 * @returns the name under which it is stored unpacked
 */
export async function unpackedName(redis: Redis, name: string): Promise<string> {
  const found = await locate(redis, name);
  if ('name' in found) return found.name;
  const unpacked = await unpackDeployment(redis, found.packed);
  if (unpacked !== undefined || isPackedId(name)) return unpacked ?? name;
  for (const key of [keys.deployment(name), keys.alias(name)]) await unpackUnder(redis, key);
  return unpackedName(redis, name);
}
