import type { Request } from 'express';
import type { Config } from '../config/config.ts';
import { createAccess } from '../http/access.ts';
import { type BodyBudget, createBodyBudget } from '../http/body-budget.ts';
import { WRONG_TOKENS } from '../http/failed-logins.ts';
import { watchProxies } from '../http/proxy-watch.ts';
import { createRefusalLimit, networkOf } from '../http/refusals.ts';
import { KEEP_WITHIN_MS, type Redis, sendNow } from '../queue/connection.ts';
import { createDeadLetters } from '../queue/dead-letters.ts';
import { createFlush, createSameConnection, type Flush } from '../queue/flush.ts';
import { createQueues } from '../queue/queues.ts';
import { createReplication } from '../queue/replication.ts';
import { serverIdOf } from '../queue/server-id.ts';
import { createReceive } from '../receive.ts';
import { createRemap, createRevise } from '../recording/remap.ts';
import { createRepeatCheck } from '../recording/repeat-check.ts';
import { createStaleCount } from '../store/changes/timeline/stale-count.ts';
import { readLeftDeliveries } from '../store/left-deliveries.ts';
import { createSessions } from '../store/sessions.ts';
import { traceReceiving } from '../telemetry/tracing.ts';
import { MEBIBYTE } from '../values/settings.ts';
import { createLive } from '../web/live.ts';
import { viewerOf } from '../web/session.ts';
import { createKeep } from './keep.ts';
import type { Processing } from './processing.ts';
import { examine, type ReadinessParts } from './readiness.ts';
import { createRedisMemory } from './redis-memory.ts';
import { repeatWithTimeout } from './repeat-with-timeout.ts';
import { createRoutes, type RouteParts } from './routes.ts';
import { rowsWithTimeout } from './rows-with-timeout.ts';
import type { Shared } from './shared.ts';
import { createStores, type Stores } from './stores.ts';
import { tokensOf } from './tokens.ts';

/** Everything that answers requests: webhooks, the API, the pages. */
export function startServing(shared: Shared, processing: Processing) {
  const { config, quick, clock } = shared;
  const stores = createStores(quick, config, clock);
  const sinkNames = config.sinks.map(({ name }) => name);
  const queues = createQueues(quick, sinkNames, processing.workers.direct);
  const limit = createRefusalLimit(config.rate_limit_per_minute);
  const flush = flushOf(config, quick);
  const keep = keeping(shared, { stores, queues, limit, flush });
  const live = createLive(stores.deployments.version, readerOf);
  const remap = createRemap(config.sources, stores.inbox);
  const proxies = watchProxies(config.trust_proxy);
  const parts: RouteParts = {
    proxies,
    stores,
    queues,
    limit,
    budget: budgetOf(config),
    keep,
    live,
    ready: readiness(shared, processing, { flush, keep, proxies, sinkNames }),
    remap,
    revise: createRevise({ ...stores, remap }),
    deadLetters: createDeadLetters(queues.all),
    receive: receiving(shared, stores, keep),
    access: createAccess(tokensOf(config)),
    guesses: createRefusalLimit(WRONG_TOKENS),
    sessions: createSessions(quick, clock),
  };
  return {
    app: createRoutes(shared, processing, parts),
    inbox: stores.inbox,
    backlog: queues.backlog,
    degraded: async () => (await examine(parts.ready)).conditions,
    stale: createStaleCount(stores.deployments, clock),
    drainSpool: keep.drainSpool,
    checkServer: keep.checkServer,
    hangUp: live.close,
    close: queues.close,
  };
}

/** To whom an event stream belongs: the limit of open streams is shared evenly among readers. */
const readerOf = (request: Request): string => `${viewerOf(request)?.name} ${networkOf(request.ip)}`;

function readiness(
  { config, quick, spool, isStopping }: Shared,
  { workers, replica }: Processing,
  {
    flush,
    keep,
    proxies,
    sinkNames,
  }: Pick<RouteParts, 'keep' | 'proxies'> & Pick<ReadinessParts, 'flush' | 'sinkNames'>,
): ReadinessParts {
  return {
    quick,
    flush,
    workers,
    sinkNames,
    spool,
    durability: config.durability,
    whySpooled: keep.whySpooled,
    leftDeliveries: () => readLeftDeliveries(quick, new Set([...sinkNames, ...replica.livingSinks()])),
    difference: replica.difference,
    receives: config.roles.includes('receive'),
    isStopping,
    hint: proxies.hint,
  };
}

function flushOf({ durability, redis }: Config, connection: Redis): Flush {
  if (durability === 'replicated') return createReplication(connection, redis.replicas);
  return durability === 'fsync' ? createFlush(connection) : createSameConnection(connection);
}

type Keeping = Pick<RouteParts, 'stores' | 'queues' | 'limit'> & { readonly flush: Flush };

function keeping(shared: Shared, { stores: { inbox, rows }, queues, limit, flush }: Keeping) {
  const { config, mask, around, spool, clock, quick, onError, replicas } = shared;
  return createKeep({
    sources: config.sources,
    tokens: tokensOf(config),
    room: createRedisMemory(quick),
    mask,
    queues: { ...queues, keep: around('enqueue', queues.keep) },
    inbox,
    rows,
    spool,
    send: () => sendNow(quick),
    flush,
    serverId: () => serverIdOf(quick),
    mayForget: replicas.check,
    clock,
    isHeldBack: limit.isBeyond,
    onLoss: (error) => onError('inbox', error),
  });
}

function receiving({ around, priority, traces, mask }: Shared, stores: Stores, keep: RouteParts['keep']) {
  const { rows, repeats, recentPosts: posts, inbox } = stores;
  const isRepeat = createRepeatCheck({ repeats, posts, inbox, keptWithinMs: KEEP_WITHIN_MS });
  const parts = { rows: rowsWithTimeout(rows, mask), isRepeat: repeatWithTimeout(isRepeat) };
  return priority.first(traceReceiving(createReceive({ ...keep, ...parts, keep: around('keep', keep.keep) }), traces));
}

/** The size of a single body decides how small the pools can be: one of the largest must fit. */
function budgetOf({ bodies_max_mib, sources }: Config): BodyBudget {
  const largest = Math.max(...sources.map(({ maxBodyBytes }) => maxBodyBytes));
  const all = bodies_max_mib * MEBIBYTE;
  const unprovedBytes = Math.max(all / 4, largest * 1.5);
  return createBodyBudget({ unprovedBytes, provedBytes: Math.max(all - unprovedBytes, largest * 1.5) });
}
