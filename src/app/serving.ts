import type { Request } from 'express';
import type { Config } from '../config/config.ts';
import { ruleName } from '../domain/routing.ts';
import { type Access, createAccess, type Token } from '../http/access.ts';
import { logActions } from '../http/actions-log.ts';
import { createAdmin } from '../http/admin.ts';
import { createApi } from '../http/api.ts';
import { createApp, createWorkerApp } from '../http/app.ts';
import { basePathOf } from '../http/base-path.ts';
import { type BodyBudget, createBodyBudget } from '../http/body-budget.ts';
import { createDeadLetterRoutes } from '../http/dead-letters.ts';
import { FAILED_LOGINS, limitFailedLogins, WRONG_TOKENS } from '../http/failed-logins.ts';
import { createHealth } from '../http/health.ts';
import { createPreview } from '../http/preview.ts';
import { type ProxyWatch, watchProxies } from '../http/proxy-watch.ts';
import { createRefusalLimit, networkOf, type RefusalLimit } from '../http/refusals.ts';
import { createUnknownPath } from '../http/unknown-path.ts';
import { createWebhooks } from '../http/webhooks.ts';
import { createMcpRoute } from '../mcp/route.ts';
import { isAway, KEEP_WITHIN_MS, type Redis } from '../queue/connection.ts';
import { createDeadLetters } from '../queue/dead-letters.ts';
import { createFlush, type Flush, noFlush } from '../queue/flush.ts';
import { createQueues, keptWithin } from '../queue/queues.ts';
import { createReplication } from '../queue/replication.ts';
import { serverIdOf } from '../queue/server-id.ts';
import { createReceive } from '../receive.ts';
import { createRedeliver } from '../recording/redeliver.ts';
import { createRemap, createRevise } from '../recording/remap.ts';
import { createRepeatCheck } from '../recording/repeat-check.ts';
import { bearerToken, isOneOf } from '../sources/signature.ts';
import { createStaleCount } from '../store/changes/stale-count.ts';
import { createSessions, type Sessions } from '../store/sessions.ts';
import { logWebhook } from '../telemetry/lines.ts';
import { traceReceiving } from '../telemetry/tracing.ts';
import { MEBIBYTE } from '../values/settings.ts';
import { createActions } from '../web/actions.ts';
import { createLive } from '../web/live.ts';
import type { OidcParts } from '../web/oidc-parts.ts';
import { createPersonSessions } from '../web/person-session.ts';
import { createPages } from '../web/router.tsx';
import { viewerOf } from '../web/session.ts';
import { createKeep } from './keep.ts';
import type { Processing } from './processing.ts';
import { examine, type ReadinessParts } from './readiness.ts';
import { createRedisMemory } from './redis-memory.ts';
import { repeatWithTimeout } from './repeat-with-timeout.ts';
import { rowsWithTimeout } from './rows-with-timeout.ts';
import type { Shared } from './shared.ts';
import { createStores, type Stores } from './stores.ts';

/** Everything that answers requests: webhooks, the API, the pages. */
export function startServing(shared: Shared, processing: Processing) {
  const { config, quick, clock } = shared;
  const stores = createStores(quick, config, clock);
  const queues = createQueues(
    quick,
    config.sinks.map(({ name }) => name),
  );
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
    ready: readiness(shared, processing, { flush, keep, proxies }),
    remap,
    revise: createRevise({ ...stores, remap }),
    deadLetters: createDeadLetters(queues.all),
    receive: receiving(shared, stores, keep),
    access: createAccess(tokensOf(config)),
    guesses: createRefusalLimit(WRONG_TOKENS),
    sessions: createSessions(quick, clock),
  };
  return {
    app: join(shared, processing, parts),
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
  { flush, keep, proxies }: Pick<RouteParts, 'keep' | 'proxies'> & { readonly flush: Flush },
): ReadinessParts {
  return {
    quick,
    flush,
    workers,
    sinkNames: config.sinks.map(({ name }) => name),
    spool,
    durability: config.durability,
    whySpooled: keep.whySpooled,
    difference: replica.difference,
    receives: config.roles.includes('receive'),
    isStopping,
    hint: proxies.hint,
  };
}

/** What all routes need. */
interface RouteParts {
  readonly stores: Stores;
  readonly queues: ReturnType<typeof createQueues>;
  readonly limit: RefusalLimit;
  readonly budget: BodyBudget;
  readonly keep: ReturnType<typeof createKeep>;
  readonly live: ReturnType<typeof createLive>;
  readonly ready: ReadinessParts;
  readonly remap: ReturnType<typeof createRemap>;
  readonly revise: ReturnType<typeof createRevise>;
  readonly deadLetters: ReturnType<typeof createDeadLetters>;
  readonly receive: ReturnType<typeof receiving>;
  readonly proxies: ProxyWatch;
  readonly access: Access;
  /** Counts wrong tokens. */
  readonly guesses: RefusalLimit;
  readonly sessions: Sessions;
}

function flushOf({ durability, redis }: Config, connection: Redis): Flush {
  if (durability === 'replicated') return createReplication(connection, redis.replicas);
  return durability === 'fsync' ? createFlush(connection) : noFlush;
}

type Keeping = Pick<RouteParts, 'stores' | 'queues' | 'limit'> & { readonly flush: Flush };

function keeping(shared: Shared, { stores: { inbox, rows }, queues, limit, flush }: Keeping) {
  const { config, mask, around, spool, clock, quick, onError, replicas } = shared;
  return createKeep({
    sources: config.sources,
    room: createRedisMemory(quick),
    mask,
    queues: { ...queues, keep: around('enqueue', queues.keep) },
    inbox,
    rows,
    spool,
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

function join(shared: Shared, processing: Processing, parts: RouteParts) {
  const { config, mask, metrics, log, onError } = shared;
  const { stores, keep, receive } = parts;
  const { limit, budget, access, guesses } = parts;
  const onAnswered = logWebhook(log, metrics);
  const { metrics_token, sources } = config;
  const { noteRefused } = keep;
  const health = createHealth({
    readiness: () => examine(parts.ready),
    registry: metrics.registry,
    mayLook: (request) => metrics_token === undefined || mayLook(request, access, metrics_token),
  });
  if (!config.roles.includes('receive')) return createWorkerApp(health);
  const nowhere = createUnknownPath({ sources, limit, noteRefused, onAnswered });
  return createApp({
    mask,
    guesses: limitFailedLogins(guesses, access),
    actionLog: logActions({
      auth: config.auth?.proxy,
      whoIs: (request) => access.identify(request) ?? viewerOf(request),
      onDone: (done) => log.info(done, 'action'),
    }),
    nowhere,
    trustProxy: config.trust_proxy,
    base: basePathOf(config.public_url),
    webhooks: createWebhooks({ sources, receive, noteRefused, limit, budget, nowhere, mask, onAnswered }),
    health,
    proxyWatch: parts.proxies.handle,
    admin: admin(shared, processing, parts),
    mcp: config.mcp ? mcp(shared, parts) : undefined,
    api: createApi({ ...stores, related: stores.joins.related, access, sinks: config.sinks, sources }),
    pages: pages(shared, processing, { ...parts, onAnswered }),
    onError: (error) => onError('http', error),
    isRedisAway: isAway,
  });
}

/** The size of a single body decides how small the pools can be: one of the largest must fit. */
function budgetOf({ bodies_max_mib, sources }: Config): BodyBudget {
  const largest = Math.max(...sources.map(({ maxBodyBytes }) => maxBodyBytes));
  const all = bodies_max_mib * MEBIBYTE;
  const unprovedBytes = Math.max(all / 4, largest * 1.5);
  return createBodyBudget({ unprovedBytes, provedBytes: Math.max(all - unprovedBytes, largest * 1.5) });
}

function admin({ config, clock }: Shared, { reconcile }: Processing, parts: RouteParts) {
  const { sources, sinks, rules, routing, people, owners } = config;
  const { stores, queues, deadLetters, remap, revise } = parts;
  return createAdmin({
    access: parts.access,
    sessions: parts.sessions,
    reconcile,
    remap,
    keep: (event) => keptWithin(KEEP_WITHIN_MS, queues.keep({ ...event, replayedAtMs: clock().getTime() })),
    rules: async () => {
      const counts = await stores.ruleHits.counts();
      return rules.map((rule, at) => ({ name: ruleName(rule, at), matched: counts[ruleName(rule, at)] ?? 0 }));
    },
    deadLetters: createDeadLetterRoutes({ deadLetters, remap, revise, clock }),
    redeliver: createRedeliver({ sinks, deployments: stores.deployments, forward: queues.forward }),
    preview: createPreview({ sources, sinks, rules, routing, people, owners, budget: parts.budget }),
  });
}

function mcp({ config, mask, clock, onError }: Shared, { stores, access, budget }: RouteParts) {
  const { public_url: publicUrl, sinks } = config;
  return createMcpRoute({
    access,
    budget,
    publicUrl,
    onError: (error) => onError('mcp', error),
    tools: { ...stores, related: stores.joins.related, sinks, mask, clock },
  });
}

function pages(
  { config, clock, spool, traffic, log }: Shared,
  { workers }: Processing,
  parts: RouteParts & { readonly onAnswered: ReturnType<typeof logWebhook> },
) {
  const { sources, sinks, rules, routing } = config;
  const { stores, queues, access, guesses, sessions, deadLetters, live, remap, revise, receive, onAnswered } = parts;
  const { records } = stores.deployments;
  return createPages({
    ...stores,
    related: stores.joins.related,
    access,
    guesses,
    sessions,
    publicUrl: config.public_url,
    oidc: oidcOf(config, clock, log),
    sources,
    sinks,
    rules,
    routing,
    deadLetters,
    live,
    traffic,
    backlog: queues.backlog,
    holds: workers.holds,
    spool: spool.state,
    isRedisAway: isAway,
    actions: createActions({
      sources,
      deadLetters,
      remap,
      revise,
      records,
      keep: (event) => keptWithin(KEEP_WITHIN_MS, queues.keep(event)),
      receive,
      onAnswered,
      clock,
    }),
  });
}

/** Absent: only tokens open the pages. */
function oidcOf({ auth, public_url: publicUrl }: Config, clock: () => Date, log: Shared['log']): OidcParts | undefined {
  const login = auth?.oidc;
  if (!login || publicUrl === undefined) return undefined;
  return {
    login,
    people: createPersonSessions(login, clock),
    publicUrl,
    failures: createRefusalLimit(FAILED_LOGINS),
    clock,
    onLogin: (event) => (event.outcome === 'opened' ? log.info(event, 'login') : log.warn(event, 'login')),
  };
}

/** The metrics token, or a token that may read. */
const mayLook = (request: Request, access: Access, metricsToken: string): boolean =>
  isOneOf(bearerToken(request.headers.authorization), [metricsToken]) ||
  ['read', 'admin'].includes(access.identify(request)?.may ?? '');

/** Which token may do what. The secrets of a source that may read its own changes are tokens as well. */
const tokensOf = ({ admin_token, viewer_token, tokens, sources }: Config): Token[] => [
  { name: 'admin', token: admin_token, may: 'admin' },
  ...(viewer_token ? [{ name: 'viewer', token: viewer_token, may: 'read' } as const] : []),
  ...tokens,
  ...sources.flatMap(({ name, secrets, secretsMayRead }) =>
    secretsMayRead ? secrets.map((token) => ({ name, token, may: 'write', source: name }) as const) : [],
  ),
];
