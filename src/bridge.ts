import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Config } from './config/config.ts';
import { MEBIBYTE } from './config/fields.ts';
import { createForward } from './forward.ts';
import { createApi } from './http/api.ts';
import { createApp } from './http/app.ts';
import { createHealth, type Readiness } from './http/health.ts';
import { createWebhooks, type WebhookParts } from './http/webhooks.ts';
import {
  connect,
  impatient,
  isAway,
  KEEP_WITHIN_MS,
  patient,
  type Redis,
  type RedisAddress,
  readyWithin,
} from './queue/connection.ts';
import { inspectRedis } from './queue/inspect.ts';
import { createKeep } from './queue/keep.ts';
import { createQueues, within } from './queue/queues.ts';
import { createWorkers, type Workers, type WorkersParts } from './queue/workers.ts';
import { createReceive } from './receive.ts';
import { createRecord } from './record.ts';
import { openSpool, type Spool } from './spool/spool.ts';
import { createDeployments } from './store/deployments.ts';
import { createEchoes } from './store/echoes.ts';
import { createInbox } from './store/inbox.ts';
import { createLedger } from './store/ledger.ts';
import { createCalm, type Logger } from './telemetry/logger.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { createPages } from './web/pages.ts';

export interface Bridge {
  readonly url: string;
  /** Stops taking webhooks, lets what is under way finish, and leaves the rest in Redis. */
  stop(): Promise<void>;
}

const DRAIN_EVERY_MS = 1_000;
/** The inbound log grows by the second: what is beyond its count must not fill Redis. */
const PRUNE_EVERY_MS = 15_000;
const CALM_MS = 1_000;
/** A Redis that starts together with the bridge gets this long before webhooks are taken. */
const REDIS_START_MS = 5_000;
/** Longest time for a request to come in whole: slow-loris is cut. */
const REQUEST_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 5_000;
const MAX_HEADER_BYTES = 32 * 1024;

/** Joins every part: the only file that knows them all. @throws when the port is taken; nothing is left running then. */
export async function startBridge(config: Config, redis: RedisAddress, log: Logger): Promise<Bridge> {
  const { server, url, serve } = await openServer(config);
  const onError = createErrorLog(log);
  const quick = openRedis(redis, impatient, onError);
  const steady = openRedis(redis, patient, onError);
  const sinkNames = config.sinks.map((sink) => sink.name);
  const queues = createQueues(quick, sinkNames);
  const workQueues = createQueues(steady, sinkNames);
  const spool = await openSpool({
    dir: join(config.data_dir, 'spool'),
    maxBytes: config.spool_max_mib * MEBIBYTE,
    onTorn: (file, line) => log.error({ file, line }, 'a line of the spool is torn and passed over'),
    clock,
  });
  const metrics = createMetrics({ backlog: () => queues.backlog(), spool: () => spool.state() });
  const read = createStores(quick, config);
  const work = createStores(steady, config);
  const workers = createWorkers({
    connection: steady,
    record: createRecord({ ...work, rules: config.rules, sinks: config.sinks, forward: workQueues.forward }),
    forward: createForward({ ...work, clock }),
    sinks: config.sinks,
    onAttempt: logAttempt(log, metrics),
    onError,
  });
  const keep = createKeep({ queues, inbox: read.inbox, spool, clock, onLoss: (error) => onError('inbox', error) });
  const draining = setInterval(createDrain(spool, keep.drainSpool, log), DRAIN_EVERY_MS);
  const tokens = [config.admin_token, ...changesTokens(config)];
  const app = createApp({
    trustProxy: config.trust_proxy,
    rateLimitPerMinute: config.rate_limit_per_minute,
    health: createHealth(() => examine({ quick, workers, sinkNames, spool }), metrics.registry),
    webhooks: createWebhooks({
      sources: config.sources,
      receive: createReceive(keep),
      onAnswered: logWebhook(log, metrics),
    }),
    api: createApi({ ...read, tokens, sinks: config.sinks }),
    pages: createPages({ ...read, tokens, sources: config.sources, sinks: config.sinks }),
    onError: (error) => onError('http', error),
    isRedisAway: isAway,
  });
  serve(app);
  const pruning = setInterval(() => void prune(work, onError), PRUNE_EVERY_MS);
  if (!(await readyWithin(quick, REDIS_START_MS)))
    log.error('Redis does not answer yet; webhooks go into the spool until it does');
  return {
    url,
    async stop() {
      clearInterval(pruning);
      clearInterval(draining);
      await closeServer(server);
      await spool.close();
      await workers.close();
      await Promise.all([queues.close(), workQueues.close()]);
      quick.disconnect();
      steady.disconnect();
    },
  };
}

const clock = () => new Date();

type OnError = (where: string, error: unknown) => void;

/** During an outage one line a second for each cause, with a count of those held back. */
function createErrorLog(log: Logger): OnError {
  const calm = createCalm(CALM_MS);
  return (where, error) =>
    calm(`${where} ${String(error)}`, (suppressed) =>
      log.error({ where, error, ...(suppressed && { suppressed }) }, 'something failed'),
    );
}

function openRedis(address: RedisAddress, patience: typeof impatient, onError: OnError): Redis {
  const redis = connect(address, patience);
  redis.on('error', (error) => onError('redis', error));
  return redis;
}

/** Twice, on two connections: whoever answers a request gives up soon, whoever works in the background waits. */
function createStores(redis: Redis, config: Config) {
  const echoes = createEchoes(redis);
  return {
    deployments: createDeployments(redis, config.changes),
    inbox: createInbox(redis, config.inbox),
    ledger: createLedger(redis, echoes, clock),
    echoes,
  };
}

async function prune({ deployments, inbox }: ReturnType<typeof createStores>, onError: OnError): Promise<void> {
  await Promise.all([deployments.prune(clock()), inbox.prune()]).catch((error: unknown) => onError('prune', error));
}

/** Silent while Redis is away: the connection's own errors tell of that. */
function createDrain(spool: Spool, drainSpool: () => Promise<void>, log: Logger): () => void {
  let busy = false;
  return () => {
    const { entries, since } = spool.state();
    if (busy || entries === 0) return;
    busy = true;
    drainSpool()
      .then(
        () => log.info({ entries, since }, 'the spool is drained'),
        () => undefined,
      )
      .finally(() => {
        busy = false;
      });
  };
}

/** Whoever may write changes may read them: that is how Alert24's keys work. */
const changesTokens = (config: Config) =>
  config.sources.flatMap((source) => (source.type === 'changes-api' ? source.secrets : []));

interface Examined {
  readonly quick: Redis;
  readonly workers: Workers;
  readonly sinkNames: readonly string[];
  readonly spool: Spool;
}

/** Ready means: a webhook that comes now is kept. Without Redis it still is, in the spool; whoever sends it elsewhere then loses it. */
async function examine({ quick, workers, sinkNames, spool }: Examined): Promise<Readiness> {
  const failure = await within(KEEP_WITHIN_MS, quick.ping()).then(
    () => undefined,
    (error: Error) => error,
  );
  const holds = workers.holds();
  const lying = spool.state();
  const reasons = [
    ...(failure ? [`Redis does not answer (${failure.message}): webhooks go into the spool`] : []),
    ...(lying.entries > 0 ? [`${lying.entries} webhooks lie in the spool since ${lying.since}`] : []),
    ...(workers.isRunning() ? [] : ['the workers do not run']),
    ...Object.entries(holds).map(([sink, hold]) => `sink ${sink} waits until ${hold.until.toISOString()}: ${hold.why}`),
  ];
  return {
    ready: true,
    reasons,
    details: {
      durability: 'redis',
      redis: failure ? null : await inspectRedis(quick).catch(() => null),
      spool: lying,
      sinks: Object.fromEntries(sinkNames.map((name) => [name, holds[name] ?? 'healthy'])),
    },
  };
}

/** One line a webhook. */
function logWebhook(log: Logger, metrics: ReturnType<typeof createMetrics>): WebhookParts['onAnswered'] {
  return ({ webhook, source, outcome, status, ms }) => {
    const reason = outcome.kind === 'ignored' ? outcome.reason : outcome.kind === 'rejected' ? outcome.error.code : '';
    const deployments =
      outcome.kind === 'accepted' ? [...new Set(outcome.records.map((record) => record.deployment))] : [];
    metrics.webhook({ source: source.name, verdict: outcome.kind, reason }, ms / 1000);
    log.info(
      {
        webhook: webhook.id,
        source: source.name,
        verdict: outcome.kind,
        ...(reason && { reason }),
        deployments,
        status,
        bytes: webhook.body.length,
        ms: Math.round(ms),
      },
      'webhook',
    );
  };
}

/** One line a delivery attempt. */
function logAttempt(log: Logger, metrics: ReturnType<typeof createMetrics>): WorkersParts['onAttempt'] {
  return ({ sink, deployment, outcome, ms, error }) => {
    metrics.attempt({ sink, outcome }, ms / 1000);
    log[error ? 'warn' : 'info']({ sink, deployment, outcome, ms, ...(error && { why: error.message }) }, 'delivery');
  };
}

interface OpenServer {
  readonly server: Server;
  readonly url: string;
  /** From now on requests are answered. Those that came before have waited. */
  serve(handle: RequestListener): void;
}

/** Listens before anything else is opened. */
function openServer(config: Config): Promise<OpenServer> {
  let serve: OpenServer['serve'] = () => {};
  const handler = new Promise<RequestListener>((resolve) => {
    serve = resolve;
  });
  const limits = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: 1_000, // Node looks for overdue requests every 30 s by itself
    maxHeaderSize: MAX_HEADER_BYTES,
  };
  const server = createServer(limits, (request, response) => void handler.then((handle) => handle(request, response)));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, () => {
      server.off('error', reject);
      const { address, family, port } = server.address() as AddressInfo; // a TCP server that listens has one
      resolve({ server, serve, url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}` });
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
