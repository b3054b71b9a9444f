import type { Redis } from 'ioredis';
import { boundRecord, RECORD_BYTES } from '../../domain/bounded-record.ts';
import type { DeploymentView } from '../../domain/view.ts';
import { keys } from '../keys.ts';
import { createBinaryScript } from '../script.ts';
import { parseStored } from '../stored.ts';
import { PACKED, VIEW } from './deployment-hash.ts';
import { locate } from './locate.ts';
import { isPackedId, packedUnder } from './packed/packed-names.ts';
import { viewOf } from './packed/packing.ts';

/** The view of each, or its packed form (packing.ts). */
const readHashes = createBinaryScript('read-views');

/** The fold of several records. */
const VIEW_BYTES = 2 * RECORD_BYTES;

/** Written by store() alone; an earlier release named one source, had no limits and masked no secrets. */
function parseView(bytes: Buffer): DeploymentView {
  const json = viewOf(bytes);
  const view = JSON.parse(json) as DeploymentView;
  if (view.deployment.sources && json.length <= RECORD_BYTES) return view;
  const hidden = parseStored(json) as DeploymentView;
  const deployment = boundRecord(hidden.deployment, VIEW_BYTES);
  return { ...hidden, deployment: { ...deployment, sources: deployment.sources ?? [deployment.source] } };
}

/** By deployment key or alias. */
export async function readView(redis: Redis, name: string): Promise<DeploymentView | undefined> {
  const bytes = (await readHash(redis, name)) ?? (await readLocated(redis, name));
  return bytes && parseView(bytes);
}

async function readHash(redis: Redis, name: string): Promise<Buffer | undefined> {
  const [view, packed] = await redis.hmgetBuffer(keys.deployment(name), VIEW, PACKED);
  return view ?? packed ?? undefined;
}

async function readLocated(redis: Redis, name: string): Promise<Buffer | undefined> {
  const found = await locate(redis, name);
  if ('name' in found) return found.name === name ? undefined : readHash(redis, found.name);
  return (await redis.getBuffer(keys.packed(found.packed))) ?? undefined;
}

/** About a megabyte. */
const VIEWS_AT_ONCE = 500;

/** By key or by index entry; undefined where there is none. Webhooks are answered between two calls. */
export async function readViews(
  redis: Redis,
  names: readonly string[],
): Promise<readonly (DeploymentView | undefined)[]> {
  const found: (DeploymentView | undefined)[] = [];
  for (let at = 0; at < names.length; at += VIEWS_AT_ONCE) {
    const part = await readSome(redis, names.slice(at, at + VIEWS_AT_ONCE));
    for (const bytes of part) found.push(bytes ? parseView(bytes) : undefined);
  }
  return found;
}

async function readSome(redis: Redis, names: readonly string[]): Promise<readonly (Buffer | null | undefined)[]> {
  const ids = names.filter(isPackedId);
  const rest = names.filter((name) => !isPackedId(name));
  const [packed, hashes] = await Promise.all([
    readPackedOnes(redis, ids),
    rest.length === 0
      ? []
      : readHashes(
          redis,
          rest.map((name) => keys.deployment(name)),
        ),
  ]);
  const byName = new Map<string, Buffer | null>([
    ...ids.map((id, at) => [id, packed[at] ?? null] as const),
    ...rest.map((name, at) => [name, (hashes as (Buffer | null)[])[at] ?? null] as const), // the script's reply
  ]);
  await addPackedMeanwhile(redis, byName);
  return names.map((name) => byName.get(name));
}

const readPackedOnes = async (redis: Redis, ids: readonly string[]): Promise<readonly (Buffer | null)[]> =>
  ids.length === 0 ? [] : redis.mgetBuffer(...ids.map((id) => keys.packed(id)));

/** Those that are known by their keys, and are packed. */
async function addPackedMeanwhile(redis: Redis, byName: Map<string, Buffer | null>): Promise<void> {
  const missing = [...byName].flatMap(([name, bytes]) => (bytes || isPackedId(name) ? [] : [name]));
  if (missing.length === 0) return;
  const ids = await packedUnder(
    redis,
    missing.map((name) => keys.deployment(name)),
  );
  const packedNames = missing.flatMap((name, at) => (ids[at] === undefined ? [] : [{ name, id: ids[at] }]));
  const packed = await readPackedOnes(
    redis,
    packedNames.map(({ id }) => id),
  );
  for (const [at, { name }] of packedNames.entries()) byName.set(name, packed[at] ?? null);
}
