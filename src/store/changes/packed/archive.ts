import type { Redis } from 'ioredis';
import type { NewChangeRecord } from '../../../domain/change-record.ts';
import { hasRun } from '../../../domain/deployment.ts';
import type { DeploymentView } from '../../../domain/view.ts';
import { DAY_MS } from '../../../values/units.ts';
import { keys } from '../../keys.ts';
import { nowOf } from '../../time.ts';
import { readHash } from '../deployment-hash.ts';
import { isLineage, lineageScore, packPredecessor } from '../lineage.ts';
import { MARGIN_DAYS } from '../retention-days.ts';
import { packTerms } from '../search/search-terms.ts';
import { addToTextIndex } from '../search/text-index.ts';
import { type Command, logEntry, type Seen, see, swap } from '../swap.ts';
import { packTimelineEntry } from '../timeline/packed-entry.ts';
import { leaving } from './index-blocks.ts';
import { isPackedId, namePlace, packedId, packedUnder } from './packed-names.ts';
import { type Packed, type PackedDelivery, pack, unpack } from './packing.ts';

/** A deployment that was unpacked is kept for at least this long. */
const MARGIN_MS = MARGIN_DAYS * DAY_MS;

/**
 * Packs a deployment, and all that is stored of it elsewhere, under one short key instead of about ten: one that has
 * ended and is quiet is seldom read, and hardly ever written.
 * @param sinks all sinks that may have received it
 * @returns its indexes; undefined: it was written meanwhile, and is not packed
 */
export async function packDeployment(
  redis: Redis,
  name: string,
  sinks: readonly string[],
): Promise<readonly string[] | undefined> {
  if (isPackedId(name)) return undefined;
  const { seen, packed } = await gather(redis, name, sinks);
  if (packed.view === '') return undefined;
  const view = JSON.parse(packed.view) as DeploymentView; // written by store() alone
  const id = packedId(await redis.incr(keys.lastPackedId()), isPredecessor(view));
  const { deployment, droppedBy } = view;
  const atMs = droppedBy ? undefined : Date.parse(deployment.occurredAt);
  await addToTextIndex(redis, id, { terms: packTerms(deployment), atMs });
  const deleted = seen.filter(({ digest }) => digest !== '').map(({ key }): Command => ['UNLINK', key]);
  const isSwapped = await swap(redis, seen, [
    ...deleted,
    ['SET', keys.packed(id), pack(packed)],
    ...renamed(packed, view, { from: name, to: id }),
    ...foundBy(packed)
      .map(namePlace)
      .map(({ key, field }): Command => ['HSET', key, field, id]),
  ]);
  return isSwapped ? indexesOf(packed) : undefined;
}

/**
 * For callers that are going to write to it.
 * @returns its name, or undefined when there is none
 */
export async function unpackDeployment(redis: Redis, id: string): Promise<string | undefined> {
  for (;;) {
    const { seen, value } = await see(redis, keys.packed(id), () => redis.getBuffer(keys.packed(id)));
    if (!value) return undefined;
    const packed = unpack(value);
    const nowMs = await nowOf(redis);
    const commands: readonly Command[] = [
      ...restored(packed, nowMs + MARGIN_MS),
      ...renamed(packed, JSON.parse(packed.view) as DeploymentView, { from: id, to: packed.name }),
      ...left(packed, id),
      logEntry('', ''), // the data of a query is stored under its id
    ];
    if (await swap(redis, [seen], commands)) return packed.name;
  }
}

/** Unpacks whatever a key leads to: a deployment, an alias, a remote id. */
export async function unpackUnder(redis: Redis, key: string): Promise<void> {
  const [id] = await packedUnder(redis, [key]);
  if (id === undefined || (await unpackDeployment(redis, id)) !== undefined) return;
  // Another process unpacked it, so that it is not listed any more; or it was lost, and waiting for it would never end.
  const [still] = await packedUnder(redis, [key]);
  const place = namePlace(key);
  if (still === id) await redis.hdel(place.key, place.field);
}

/** Deletes a packed deployment with all its data. */
export async function forgetPacked(redis: Redis, id: string): Promise<void> {
  const { seen, value } = await see(redis, keys.packed(id), () => redis.getBuffer(keys.packed(id)));
  if (!value) return;
  const packed = unpack(value);
  const view = JSON.parse(packed.view) as DeploymentView; // written by store() alone
  const scoreIn = scoreOf(view);
  await swap(
    redis,
    [seen],
    [
      ...left(packed, id),
      ...indexesOf(packed).flatMap((index): Command[] => leaving(index, { id, score: scoreIn(index) })),
      ...[keys.timeline(), keys.predecessors(), keys.searchTerms()].map((hash): Command => ['HDEL', hash, id]),
      logEntry(entryTextOf(view), ''),
    ],
  );
}

export async function readPacked(redis: Redis, id: string): Promise<Packed | undefined> {
  const bytes = await redis.getBuffer(keys.packed(id));
  return bytes ? unpack(bytes) : undefined;
}

const left = (packed: Packed, id: string): Command[] => [
  ['UNLINK', keys.packed(id)],
  ...foundBy(packed)
    .map(namePlace)
    .map(({ key, field }): Command => ['HDEL', key, field]),
];

/** Empty for one that is not shown. */
const entryTextOf = ({ deployment, droppedBy }: DeploymentView): string =>
  droppedBy ? '' : packTimelineEntry(deployment);

const isPredecessor = ({ deployment, droppedBy }: DeploymentView): boolean => hasRun(deployment) && !droppedBy;
const indexesOf = ({ indexes }: Packed): string[] => (indexes === '' ? [] : indexes.split('\n'));

/** Keys that lead to it: they are found in packedNames, and exist no longer. */
export function foundBy({ name, aliases, deliveries }: Packed): string[] {
  const remote = deliveries.flatMap(({ sink, ledger, ownerUntilMs, echo }) => {
    const { remote_id: id = '', echo_project: project = '' } = ledger;
    return [...(ownerUntilMs ? [keys.remoteOwner(sink, id)] : []), ...(echo ? [keys.echoOfId(project, id)] : [])];
  });
  return [keys.deployment(name), ...aliases.map((alias) => keys.alias(alias)), ...remote];
}

const scoreOf =
  ({ deployment }: DeploymentView) =>
  (index: string): number =>
    isLineage(index) ? lineageScore(deployment) : Date.parse(deployment.occurredAt);

/** It has another name in all indexes. */
function renamed(
  packed: Packed,
  view: DeploymentView,
  { from, to }: { readonly from: string; readonly to: string },
): Command[] {
  const { deployment, droppedBy } = view;
  const scoreIn = scoreOf(view);
  const leave = (index: string): readonly Command[] =>
    isPackedId(from) ? leaving(index, { id: from, score: scoreIn(index) }) : [['ZREM', index, from]];
  const put = (hash: string, value: string | undefined): Command[] => [
    ['HDEL', hash, from],
    ...(value ? [['HSET', hash, to, value] as const] : []),
  ];
  return [
    ...indexesOf(packed).flatMap((index): Command[] => [...leave(index), ['ZADD', index, scoreIn(index), to]]),
    ...put(keys.timeline(), entryTextOf(view)),
    // For a packed deployment, successors read the view.
    ...put(keys.predecessors(), isPredecessor(view) && !isPackedId(to) ? packPredecessor(deployment) : undefined),
    ...put(keys.searchTerms(), droppedBy ? undefined : packTerms(deployment)),
  ];
}

function restored(packed: Packed, leastMs: number): Command[] {
  const { name, view, indexes, records, firstOccurrence, aliases, deliveries } = packed;
  const untilMs = Math.max(packed.untilMs, leastMs);
  const until = (key: string, atMs = untilMs): Command => ['PEXPIREAT', key, Math.max(atMs, leastMs)];
  const text = (key: string, value: string): Command[] => [['SET', key, value], until(key)];
  const hash = keys.deployment(name);
  return [
    ...Object.entries({ view, in: indexes, ...records }).map((field): Command => ['HSET', hash, ...field]),
    until(hash),
    ...(firstOccurrence === undefined ? [] : text(keys.firstOccurrence(name), firstOccurrence)),
    ...aliases.flatMap((alias) => text(keys.alias(alias), name)),
    ...deliveries.flatMap(({ sink, ledger, attempts, ownerUntilMs, echo }): Command[] => {
      const { remote_id: id = '', echo_project: project = '' } = ledger;
      const [ledgerKey, log, owner] = [keys.ledger(sink, name), keys.attempts(sink, name), keys.remoteOwner(sink, id)];
      const fields = Object.entries(ledger).flat();
      return [
        ...(fields.length > 0 ? [['HSET', ledgerKey, ...fields] as const, until(ledgerKey)] : []),
        ...(attempts.length > 0 ? [['RPUSH', log, ...attempts] as const, until(log)] : []),
        ...(ownerUntilMs ? [['SET', owner, name] as const, until(owner, ownerUntilMs)] : []),
        ...(echo ? text(keys.echoOfId(project, id), echo) : []),
      ];
    }),
  ];
}

/** The data of a deployment, and the state of all these keys when they were read. */
async function gather(
  redis: Redis,
  name: string,
  sinks: readonly string[],
): Promise<{ readonly seen: readonly Seen[]; readonly packed: Packed }> {
  const hash = keys.deployment(name);
  const [nowMs, ttlMs, fields, occurrence, ...delivered] = await Promise.all([
    nowOf(redis),
    redis.pttl(hash),
    see(redis, hash, () => readHash(redis, name)),
    see(redis, keys.firstOccurrence(name), () => redis.get(keys.firstOccurrence(name))),
    ...sinks.map((sink) => gatherDelivery(redis, sink, name)),
  ]);
  const { view, indexes, records } = fields.value;
  const aliases = await gatherAliases(redis, name, Object.values(records));
  return {
    seen: [
      fields.seen,
      occurrence.seen,
      ...aliases.flatMap(({ seen }) => seen),
      ...delivered.flatMap(({ seen }) => seen),
    ],
    packed: {
      ...{ name, view, indexes, records, untilMs: nowMs + Math.max(ttlMs, 0) },
      ...(occurrence.value !== null && { firstOccurrence: occurrence.value }),
      aliases: aliases.map(({ alias }) => alias),
      deliveries: delivered.flatMap(({ delivery }) => delivery ?? []),
    },
  };
}

/** Those that lead to it: an alias that another deployment was given first stays with that one. */
async function gatherAliases(redis: Redis, name: string, records: readonly string[]) {
  // written by append() alone
  const named = new Set(records.flatMap((json) => (JSON.parse(json) as NewChangeRecord).aliases ?? []));
  const all = await Promise.all(
    [...named].map(async (alias) => {
      const { seen, value } = await see(redis, keys.alias(alias), () => redis.get(keys.alias(alias)));
      return { alias, seen, owner: value };
    }),
  );
  return all.filter(({ owner }) => owner === name);
}

async function gatherDelivery(
  redis: Redis,
  sink: string,
  name: string,
): Promise<{ readonly seen: readonly Seen[]; readonly delivery?: PackedDelivery }> {
  const [ledgerKey, logKey, lease] = [keys.ledger(sink, name), keys.attempts(sink, name), keys.lease(sink, name)];
  const [ledger, log, held] = await Promise.all([
    see(redis, ledgerKey, () => redis.hgetall(ledgerKey)),
    see(redis, logKey, () => redis.lrange(logKey, 0, -1)),
    see(redis, lease, async () => undefined),
  ]);
  // The holder of a lease is going to write: there must be no lease.
  const seen = [ledger.seen, log.seen, { key: held.seen.key, digest: '' }];
  if (ledger.seen.digest === '' && log.seen.digest === '') return { seen };
  const remote = await gatherRemote(redis, { sink, name, ledger: ledger.value });
  return {
    seen: [...seen, ...remote.seen],
    delivery: { sink, ledger: ledger.value, attempts: log.value, ...remote.known },
  };
}

interface ToldLedger {
  readonly sink: string;
  readonly name: string;
  readonly ledger: Readonly<Record<string, string>>;
}

async function gatherRemote(
  redis: Redis,
  { sink, name, ledger: { remote_id: id, echo_project: project } }: ToldLedger,
): Promise<{ readonly seen: readonly Seen[]; readonly known: Pick<PackedDelivery, 'ownerUntilMs' | 'echo'> }> {
  if (!id) return { seen: [], known: {} };
  const owner = keys.remoteOwner(sink, id);
  const echo = project ? keys.echoOfId(project, id) : undefined;
  const [nowMs, ttlMs, owned, sent] = await Promise.all([
    nowOf(redis),
    redis.pttl(owner),
    see(redis, owner, () => redis.get(owner)),
    echo === undefined ? undefined : see(redis, echo, () => redis.get(echo)),
  ]);
  const isOwner = owned.value === name;
  return {
    seen: [...(isOwner ? [owned.seen] : []), ...(sent?.value ? [sent.seen] : [])],
    known: {
      ...(isOwner && { ownerUntilMs: nowMs + Math.max(ttlMs, 1) }),
      ...(sent?.value && { echo: sent.value }),
    },
  };
}
