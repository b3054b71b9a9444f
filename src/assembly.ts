import type { RequestListener } from 'node:http';
import type { Config } from './config/config.ts';
import { ruleName } from './domain/routing.ts';
import { createView } from './domain/view.ts';
import { createForward } from './forward.ts';
import { createAdmin } from './http/admin.ts';
import { createApi } from './http/api.ts';
import { createApp } from './http/app.ts';
import { createDeadLetterRoutes } from './http/dead-letters.ts';
import { createHealth } from './http/health.ts';
import { createPreview } from './http/preview.ts';
import { createRefusalLimit } from './http/refusals.ts';
import { createWebhooks } from './http/webhooks.ts';
import { createMask } from './mask.ts';
import { isAway, type Redis } from './queue/connection.ts';
import { createDeadLetters } from './queue/dead-letters.ts';
import { createFlush, noFlush } from './queue/flush.ts';
import { createKeep } from './queue/keep.ts';
import { createPriority } from './queue/priority.ts';
import type { Backlog } from './queue/queues.ts';
import { createQueues } from './queue/queues.ts';
import { createWorkers } from './queue/workers.ts';
import { examine } from './readiness.ts';
import { createReceive } from './receive.ts';
import { createReconcile } from './reconcile.ts';
import { scheduleReconcile } from './reconcile-schedule.ts';
import { createRecord } from './record.ts';
import { createRemap, createRevise } from './remap.ts';
import { createResolve } from './resolve.ts';
import type { Spool } from './spool/spool.ts';
import { createDeployments } from './store/deployments.ts';
import { createEchoes } from './store/echoes.ts';
import { createFeed } from './store/feed.ts';
import { createGaps } from './store/gaps.ts';
import { createInbox, type Inbox } from './store/inbox.ts';
import { createLedger } from './store/ledger.ts';
import { readPredecessors } from './store/lineage.ts';
import { createMilestones } from './store/milestones.ts';
import { newestBySource } from './store/newest.ts';
import { createRuleHits } from './store/rule-hits.ts';
import { expiringSecrets, watchExpiry } from './telemetry/expiry.ts';
import { logAttempt, logConclusion, logReport, logWebhook, type OnError } from './telemetry/lines.ts';
import type { Logger } from './telemetry/logger.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { timeDelivery, timeRecording } from './telemetry/timing.ts';
import type { Traces } from './telemetry/traces.ts';
import { traceForwarding, traceReceiving, traceRecording, traceState } from './telemetry/tracing.ts';
import { createKillPoints } from './testing/kill-points.ts';
import { createActions } from './web/actions.ts';
import { createTraffic } from './web/deliveries-traffic.ts';
import { createLive } from './web/live.ts';
import { createPages } from './web/pages.ts';

/** What outlives a configuration: connections, files, counters. */
export interface House {
  /** For receivers and pages: gives up soon. */
  readonly quick: Redis;
  /** For workers: waits. */
  readonly steady: Redis;
  readonly spool: Spool;
  readonly metrics: Metrics;
  readonly traces: Traces;
  readonly log: Logger;
  readonly onError: OnError;
}

/** Everything that one configuration makes, at work. */
export interface Assembly {
  readonly app: RequestListener;
  /** Hands what lies in the spool to Redis. @throws NotKept while Redis is away. */
  drainSpool(): Promise<void>;
  backlog(): Promise<Readonly<Record<string, Backlog>>>;
  /** Each sink, and whether it waits as a whole. */
  holds(): Readonly<Record<string, boolean>>;
  /** When each source last told something, epoch milliseconds, as far as the newest webhooks show. */
  lastWebhooks(): Promise<Readonly<Record<string, number>>>;
  /** When each secret ends that says so. */
  expiries(): Readonly<Record<string, Date>>;
  prune(): Promise<void>;
  /** Ends the answers that never end by themselves, so that a server can close. */
  hangUp(): void;
  /** Lets what is under way finish, and leaves the rest in Redis; at once, when there is no Redis that could hear of it. */
  close(how: { readonly atOnce: boolean }): Promise<void>;
}

/** Joins every part, as one configuration says. */
export function assemble(config: Config, house: House): Assembly {
  const { quick, steady, spool, metrics, traces, log, onError } = house;
  const sinkNames = config.sinks.map((sink) => sink.name);
  const around = createKillPoints(config.testing);
  const mask = createMask(secretsOf(config));
  log.hide(secretsOf(config));
  traces.hide(secretsOf(config));
  const queues = createQueues(quick, sinkNames);
  const workQueues = createQueues(steady, sinkNames);
  const read = createStores(quick, config);
  const work = createStores(steady, config);
  const noteConclusion = logConclusion(log, metrics);
  const { record, recordStep } = createRecord({
    ...work,
    deployments: { ...work.deployments, apply: around('apply', work.deployments.apply) },
    inbox: {
      conclude: around('conclude', async (webhook, conclusion) => {
        await work.inbox.conclude(webhook, mask.value(conclusion));
        noteConclusion(webhook, conclusion);
      }),
    },
    // What a tool's API answers has come through no webhook: a secret in a commit message is hidden here.
    gaps: { place: (told) => work.gaps.place(mask.value(told)) },
    resolve: createResolve(config.sources, clock),
    sinks: config.sinks,
    forward: around('forward', workQueues.forward),
    noteRules: ({ matched }) =>
      work.ruleHits.note(config.rules.flatMap((rule, at) => (matched.includes(at) ? ruleName(rule, at) : []))),
  });
  const reconcile = createReconcile({ sources: config.sources, deployments: work.deployments, recordStep, clock });
  const traffic = createTraffic(clock);
  const noteAttempt = logAttempt(log, metrics);
  const priority = createPriority();
  const workers = createWorkers({
    connection: steady,
    record: priority.later(traceRecording(timeRecording(record, metrics, clock), traces)),
    keepAlone: workQueues.keepAlone,
    forward: priority.later(
      traceForwarding(createForward({ ...work, clock, onDelivered: timeDelivery(metrics, clock) }), traces),
    ),
    sinks: config.sinks.map((sink) => ({ ...sink, deliver: around('deliver', traceState(sink.deliver)) })),
    onDead: metrics.died,
    onAttempt(attempt) {
      noteAttempt(attempt);
      traffic.note(attempt);
    },
    onError,
  });
  const flush = config.durability === 'fsync' ? createFlush(quick) : noFlush;
  const keep = createKeep({
    mask,
    queues: { ...queues, keep: around('enqueue', queues.keep) },
    inbox: read.inbox,
    spool,
    flush,
    clock,
    onLoss: (error) => onError('inbox', error),
  });
  const remap = createRemap(config.sources, read.inbox);
  const revise = createRevise({ deployments: read.deployments, remap });
  const deadLetters = createDeadLetters(queues.all);
  const receive = priority.first(traceReceiving(createReceive({ ...keep, keep: around('keep', keep.keep) }), traces));
  const onAnswered = logWebhook(log, metrics);
  const tokens = [config.admin_token, ...viewerTokens(config), ...changesTokens(config)];
  const live = createLive(read.deployments.version);
  const limit = createRefusalLimit(config.rate_limit_per_minute);
  const app = createApp({
    mask,
    trustProxy: config.trust_proxy,
    limit,
    health: createHealth(
      () => examine({ quick, workers, sinkNames, spool, durability: config.durability }),
      metrics.registry,
    ),
    webhooks: createWebhooks({
      sources: config.sources,
      receive,
      noteRejected: keep.noteRejected,
      limit,
      mask,
      onAnswered,
    }),
    admin: createAdmin({
      adminToken: config.admin_token,
      reconcile,
      remap,
      keep: (event) => queues.keep({ ...event, replayedAtMs: clock().getTime() }),
      rules: async () => {
        const counts = await read.ruleHits.counts();
        return config.rules.map((rule, at) => ({ name: ruleName(rule, at), matched: counts[ruleName(rule, at)] ?? 0 }));
      },
      deadLetters: createDeadLetterRoutes({ deadLetters, remap, revise, clock }),
      preview: createPreview({
        sources: config.sources,
        sinks: config.sinks,
        rules: config.rules,
        routing: config.routing,
      }),
    }),
    api: createApi({ ...read, tokens, sinks: config.sinks }),
    pages: createPages({
      ...read,
      tokens,
      viewerToken: config.viewer_token,
      sources: config.sources,
      sinks: config.sinks,
      rules: config.rules,
      routing: config.routing,
      deadLetters,
      live,
      traffic,
      backlog: queues.backlog,
      holds: workers.holds,
      spool: spool.state,
      isRedisAway: isAway,
      actions: createActions({
        sources: config.sources,
        deadLetters,
        remap,
        revise,
        records: read.deployments.records,
        keep: queues.keep,
        receive,
        onAnswered,
        clock,
      }),
    }),
    onError: (error) => onError('http', error),
    isRedisAway: isAway,
  });
  const schedule = scheduleReconcile({
    sources: config.sources,
    reconcile,
    milestones: work.milestones,
    everyMs: config.reconcile.every_minutes * 60_000,
    lookBackMs: config.reconcile.max_days * 86_400_000,
    clock,
    onReport: (report) => logReport(log, report),
    onError: (error) => onError('reconcile', error),
  });
  const expiry = watchExpiry(expiringSecrets(config), clock);
  return {
    app,
    drainSpool: keep.drainSpool,
    backlog: () => queues.backlog(),
    holds() {
      const holds = workers.holds();
      return Object.fromEntries(sinkNames.map((name) => [name, name in holds]));
    },
    lastWebhooks: () => lastWebhooks(read.inbox),
    expiries: expiry.known,
    async prune() {
      await Promise.all([work.deployments.prune(clock()), work.inbox.prune()]);
    },
    hangUp: live.close,
    async close(how) {
      live.close();
      schedule.stop();
      expiry.stop();
      await workers.close(how);
      await Promise.all([queues.close(), workQueues.close()]);
    },
  };
}

/** Whoever was turned away proves nothing about a source. */
async function lastWebhooks(inbox: Inbox): Promise<Record<string, number>> {
  const { newest } = await newestBySource(inbox, ({ verdict }) => verdict !== 'rejected');
  return Object.fromEntries([...newest].map(([source, { receivedAt }]) => [source, Date.parse(receivedAt)]));
}

/** Whatever must never be written down or shown. */
const secretsOf = ({ admin_token, viewer_token, sources, sinks }: Config): string[] => [
  admin_token,
  ...(viewer_token ? [viewer_token] : []),
  ...sources.flatMap(({ secrets, hidden = [] }) => [...secrets, ...hidden]),
  ...sinks.flatMap(({ secrets }) => secrets),
];

const clock = () => new Date();

/** Twice, on two connections: whoever answers a request gives up soon, whoever works in the background waits. */
function createStores(redis: Redis, config: Config) {
  const echoes = createEchoes(redis);
  const view = createView({
    rules: config.rules,
    routing: config.routing,
    before: (lineage, wanted) => readPredecessors(redis, lineage, wanted),
  });
  return {
    deployments: createDeployments(redis, config.changes, view),
    inbox: createInbox(redis, config.inbox),
    feed: createFeed(redis),
    ledger: createLedger(redis, echoes, clock),
    echoes,
    gaps: createGaps(redis, config.changes.days),
    milestones: createMilestones(redis),
    ruleHits: createRuleHits(redis),
  };
}

const viewerTokens = ({ viewer_token }: Config) => (viewer_token ? [viewer_token] : []);

/** Whoever may write changes may read them: that is how Alert24's keys work. */
const changesTokens = (config: Config) =>
  config.sources.flatMap((source) => (source.type === 'changes-api' ? source.secrets : []));
