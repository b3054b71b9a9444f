import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from './config/config.ts';
import { createForward } from './forward.ts';
import { createApi } from './http/api.ts';
import { createApp } from './http/app.ts';
import { createHealth, type Readiness } from './http/health.ts';
import { createWebhooks, type WebhookParts } from './http/webhooks.ts';
import { connect, impatient, KEEP_WITHIN_MS, patient, type RedisAddress, readyWithin } from './queue/connection.ts';
import { inspectRedis } from './queue/inspect.ts';
import { createKeep } from './queue/keep.ts';
import { createQueues, within } from './queue/queues.ts';
import { createWorkers, type WorkersParts } from './queue/workers.ts';
import { createReceive } from './receive.ts';
import { createRecord } from './record.ts';
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

const PRUNE_EVERY_MS = 3_600_000;
const CALM_MS = 1_000;
/** A Redis that starts together with the bridge gets this long before webhooks are taken. */
const REDIS_START_MS = 10_000;
/** Longest time for a request to come in whole: slow-loris is cut. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Joins every part: the only file that knows them all. @throws when the port is taken. */
export async function startBridge(config: Config, redis: RedisAddress, log: Logger): Promise<Bridge> {
  const clock = () => new Date();
  const calm = createCalm(CALM_MS);
  const onError = (where: string, error: unknown) =>
    calm(`${where} ${String(error)}`, (suppressed) =>
      log.error({ where, error, ...(suppressed && { suppressed }) }, 'something failed'),
    );

  const quick = connect(redis, impatient);
  const steady = connect(redis, patient);
  quick.on('error', (error) => onError('redis', error));
  steady.on('error', (error) => onError('redis', error));

  const read = {
    deployments: createDeployments(quick, config.changes),
    inbox: createInbox(quick, config.inbox),
    ledger: createLedger(quick, createEchoes(quick), clock),
  };
  const echoes = createEchoes(steady);
  const work = {
    deployments: createDeployments(steady, config.changes),
    inbox: createInbox(steady, config.inbox),
    ledger: createLedger(steady, echoes, clock),
  };
  const sinkNames = config.sinks.map((sink) => sink.name);
  const queues = createQueues(quick, sinkNames);
  const workQueues = createQueues(steady, sinkNames);
  const metrics = createMetrics(() => queues.backlog());

  const receive = createReceive(createKeep({ queues, inbox: read.inbox, onLoss: (error) => onError('inbox', error) }));
  const record = createRecord({
    ...work,
    echoes,
    rules: config.rules,
    sinks: config.sinks,
    forward: workQueues.forward,
  });
  const workers = createWorkers({
    connection: steady,
    record,
    forward: createForward({ ...work, clock }),
    sinks: config.sinks,
    onAttempt: logAttempt(log, metrics),
    onError,
  });

  const readiness = async (): Promise<Readiness> => {
    const failure = await within(KEEP_WITHIN_MS, quick.ping()).then(
      () => undefined,
      (error: Error) => error,
    );
    const holds = workers.holds();
    const reasons = [
      ...(failure ? [`Redis does not answer: ${failure.message}`] : []),
      ...(workers.isRunning() ? [] : ['the workers do not run']),
      ...Object.entries(holds).map(
        ([sink, hold]) => `sink ${sink} waits until ${hold.until.toISOString()}: ${hold.why}`,
      ),
    ];
    return {
      ready: !failure,
      reasons,
      details: {
        durability: 'redis',
        redis: failure ? null : await inspectRedis(quick),
        sinks: Object.fromEntries(sinkNames.map((name) => [name, holds[name] ?? 'healthy'])),
      },
    };
  };
  const changesTokens = config.sources.flatMap((source) => (source.type === 'changes-api' ? source.secrets : []));
  const tokens = [config.admin_token, ...changesTokens];
  const app = createApp({
    trustProxy: config.trust_proxy,
    rateLimitPerMinute: config.rate_limit_per_minute,
    health: createHealth(readiness, metrics.registry),
    webhooks: createWebhooks({ sources: config.sources, receive, onAnswered: logWebhook(log, metrics) }),
    api: createApi({ ...read, tokens, sinks: config.sinks }),
    pages: createPages({ ...read, tokens, sources: config.sources, sinks: config.sinks }),
    onError: (error) => onError('http', error),
  });
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS, maxHeaderSize: 32 * 1024 },
    app,
  );
  if (!(await readyWithin(quick, REDIS_START_MS)))
    log.error({ limitMs: REDIS_START_MS }, 'Redis does not answer yet; webhooks get 503 until it does');
  const address = await listen(server, config.port, config.host);

  const prune = () =>
    Promise.all([work.deployments.prune(clock()), work.inbox.prune()]).catch((error: unknown) =>
      onError('prune', error),
    );
  const pruning = setInterval(() => void prune(), PRUNE_EVERY_MS);
  return {
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    async stop() {
      clearInterval(pruning);
      await closeServer(server);
      await workers.close();
      await Promise.all([queues.close(), workQueues.close()]);
      quick.disconnect();
      steady.disconnect();
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

function listen(server: Server, port: number, host: string): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve(server.address() as AddressInfo); // a TCP server that listens has one
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
