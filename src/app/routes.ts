import type { Request } from 'express';
import type { Config } from '../config/config.ts';
import { ruleName } from '../domain/rules/routing.ts';
import type { Access } from '../http/access.ts';
import { logActions } from '../http/actions-log.ts';
import { createAdmin } from '../http/admin.ts';
import { createApi } from '../http/api.ts';
import { createApp, createWorkerApp } from '../http/app.ts';
import { basePathOf } from '../http/base-path.ts';
import type { BodyBudget } from '../http/body-budget.ts';
import { createDeadLetterRoutes } from '../http/dead-letters.ts';
import { FAILED_LOGINS, limitFailedLogins } from '../http/failed-logins.ts';
import { createHealth } from '../http/health.ts';
import { createPreview } from '../http/preview.ts';
import type { ProxyWatch } from '../http/proxy-watch.ts';
import { createRefusalLimit, type RefusalLimit } from '../http/refusals.ts';
import { createUnknownPath } from '../http/unknown-path.ts';
import { createWebhooks, type WebhookParts } from '../http/webhooks.ts';
import { createMcpRoute } from '../mcp/route.ts';
import { isAway, KEEP_WITHIN_MS } from '../queue/connection.ts';
import type { createDeadLetters } from '../queue/dead-letters.ts';
import { type createQueues, keptWithin } from '../queue/queues.ts';
import { createRedeliver } from '../recording/redeliver.ts';
import type { createRemap, createRevise } from '../recording/remap.ts';
import { bearerToken, isOneOf } from '../sources/signature.ts';
import type { Sessions } from '../store/sessions.ts';
import { logWebhook } from '../telemetry/lines.ts';
import { createActions } from '../web/actions.ts';
import type { createLive } from '../web/live.ts';
import type { OidcParts } from '../web/oidc-parts.ts';
import { createPersonSessions } from '../web/person-session.ts';
import { createPages } from '../web/router.tsx';
import { viewerOf } from '../web/session.ts';
import type { createKeep } from './keep.ts';
import type { Processing } from './processing.ts';
import { examine, type ReadinessParts } from './readiness.ts';
import type { Shared } from './shared.ts';
import type { Stores } from './stores.ts';

/** What all routes need. */
export interface RouteParts {
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
  readonly receive: WebhookParts['receive'];
  readonly proxies: ProxyWatch;
  readonly access: Access;
  /** Counts wrong tokens. */
  readonly guesses: RefusalLimit;
  readonly sessions: Sessions;
}

/** All routes: webhooks, health, the admin's operations, assistants, the API, the pages. */
export function createRoutes(shared: Shared, processing: Processing, parts: RouteParts) {
  const { config, mask, metrics, log, onError } = shared;
  const { keep, receive } = parts;
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
    webhooks: createWebhooks({
      ...{ sources, receive, noteRefused, limit, budget, mask, onAnswered },
      trustProxy: config.trust_proxy,
    }),
    health,
    proxyWatch: parts.proxies,
    admin: admin(shared, processing, parts),
    mcp: config.mcp ? mcp(shared, processing, parts) : undefined,
    api: api(shared, processing, parts),
    pages: pages(shared, processing, { ...parts, onAnswered }),
    onError: (error) => onError('http', error),
    isRedisAway: isAway,
  });
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

function api({ config }: Shared, { workers }: Processing, { stores, access }: RouteParts) {
  const { sources, sinks } = config;
  return createApi({ ...stores, related: stores.joins.related, access, sinks, holds: workers.holds, sources });
}

function mcp(
  { config, mask, clock, onError }: Shared,
  { workers }: Processing,
  { stores, access, budget }: RouteParts,
) {
  const { public_url: publicUrl, sinks } = config;
  return createMcpRoute({
    access,
    budget,
    publicUrl,
    onError: (error) => onError('mcp', error),
    tools: { ...stores, related: stores.joins.related, sinks, holds: workers.holds, mask, clock },
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
    failures: workers.failures,
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
