import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Backlog } from '../queue/queues.ts';
import type { Spooled } from '../spool/spool.ts';
import { CONDITIONS, type Condition } from './conditions.ts';

export interface Metrics {
  readonly registry: Registry;
  webhook(labels: { source: string; verdict: string; reason: string }, seconds: number): void;
  /** The verdict of the worker on an accepted webhook. */
  conclusion(labels: { verdict: string; reason: string }): void;
  attempt(labels: { sink: string; outcome: string }, seconds: number): void;
  /** Since the webhook was received. */
  recorded(source: string, seconds: number): void;
  delivered(sink: string, seconds: number): void;
  died(labels: { queue: string; kind: string }): void;
  /** Created at 0: alerts fire on growth, which a series that begins with its first event does not show. */
  begin(what: { readonly sources: readonly string[]; readonly queues: readonly string[] }): void;
}

/** Measured at every scrape. */
export interface Measured {
  readonly backlog: () => Promise<BacklogByQueue>;
  readonly spool: () => Spooled;
  /** Each sink, and whether it is on hold as a whole. */
  readonly holds: () => Readonly<Record<string, boolean>>;
  /** When each source last sent a webhook, epoch milliseconds, for the time before our start. */
  readonly lastWebhooks: () => Promise<Readonly<Record<string, number>>>;
  /** When each secret expires, where an expiry date is known. */
  readonly expiries: () => Readonly<Record<string, Date>>;
  /** Why the bridge is degraded at present. */
  readonly degraded: () => Promise<ReadonlySet<Condition>>;
  /** How many deployments are stale. */
  readonly stale: () => Promise<number>;
  /** Log lines that could not be written. */
  readonly lostLines: () => number;
}

/**
 * Gauges with names of counters, which `promtool check metrics` rejects. The active resources by type are exported as
 * well.
 */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/**
 * How often the delay of the event loop is measured. Its metrics include this interval. By default it is 10 ms, and the
 * timer then takes most of the processor time of an idle bridge.
 */
const EVENT_LOOP_EVERY_MS = 50;

export function createMetrics({
  backlog,
  spool,
  holds,
  lastWebhooks,
  expiries,
  degraded,
  stale,
  lostLines,
}: Measured): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_EVERY_MS });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const registers = [registry];
  const { webhooks, conclusions, answering } = createWebhookMetrics(registers);
  const { attempts, delivering } = createDeliveryMetrics(registers);
  collectBacklog(registers, backlog);
  collectSpool(registers, spool);
  collectHolds(registers, holds);
  collectExpiries(registers, expiries);
  collectDegraded(registers, degraded);
  collectStale(registers, stale);
  collectLostLines(registers, lostLines);
  const noteSource = collectSources(registers, lastWebhooks);
  const { recording, arriving, deaths } = createTimings(registers);
  return {
    registry,
    webhook(labels, seconds) {
      webhooks.inc(labels);
      answering.observe({ source: labels.source }, seconds);
      if (labels.verdict === 'accepted' || labels.verdict === 'ignored') noteSource(labels.source, Date.now());
    },
    conclusion: (labels) => conclusions.inc(labels),
    attempt(labels, seconds) {
      attempts.inc(labels);
      delivering.observe({ sink: labels.sink }, seconds);
    },
    recorded: (source, seconds) => recording.observe({ source }, seconds),
    delivered: (sink, seconds) => arriving.observe({ sink }, seconds),
    died: (labels) => deaths.inc(labels),
    begin({ sources, queues }) {
      for (const source of sources) {
        webhooks.inc({ source, verdict: 'not_kept', reason: '' }, 0);
        webhooks.inc({ source, verdict: 'rejected', reason: 'bad_signature' }, 0);
      }
      for (const queue of queues) for (const kind of ['refused', 'fault']) deaths.inc({ queue, kind }, 0);
    },
  };
}

function createWebhookMetrics(registers: Registry[]) {
  const webhooks = new Counter({
    name: 'shiplog_webhooks_total',
    help: 'Webhooks received, by source, verdict and reason',
    labelNames: ['source', 'verdict', 'reason'],
    registers,
  });
  const conclusions = new Counter({
    name: 'shiplog_conclusions_total',
    help: 'Accepted webhooks processed by a worker, by verdict and reason',
    labelNames: ['verdict', 'reason'],
    registers,
  });
  const answering = new Histogram({
    name: 'shiplog_webhook_seconds',
    help: 'Time from the receipt of a webhook to its response, in seconds',
    labelNames: ['source'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5],
    registers,
  });
  return { webhooks, conclusions, answering };
}

function createDeliveryMetrics(registers: Registry[]) {
  const attempts = new Counter({
    name: 'shiplog_delivery_attempts_total',
    help: 'Delivery attempts, by sink and outcome',
    labelNames: ['sink', 'outcome'],
    registers,
  });
  const delivering = new Histogram({
    name: 'shiplog_delivery_seconds',
    help: 'Duration of a delivery attempt, in seconds',
    labelNames: ['sink'],
    registers,
  });
  return { attempts, delivering };
}

function createTimings(registers: Registry[]) {
  const recording = new Histogram({
    name: 'shiplog_received_to_recorded_seconds',
    help: 'Time from the receipt of a webhook until its change is recorded, in seconds, without replays',
    labelNames: ['source'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600],
    registers,
  });
  const arriving = new Histogram({
    name: 'shiplog_received_to_delivered_seconds',
    help: 'Time from the receipt of a webhook until the sink has accepted the change, in seconds, with retries',
    labelNames: ['sink'],
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 14_400, 86_400],
    registers,
  });
  const deaths = new Counter({
    name: 'shiplog_given_up_total',
    help: 'Jobs that became dead letters, by queue and kind (refused by the destination, or an internal fault)',
    labelNames: ['queue', 'kind'],
    registers,
  });
  return { recording, arriving, deaths };
}

function collectDegraded(registers: Registry[], degraded: Measured['degraded']): void {
  new Gauge({
    name: 'shiplog_degraded',
    help: '1 while /readyz reports this reason, else 0',
    labelNames: ['reason'],
    registers,
    async collect() {
      const holding = await degraded();
      for (const reason of CONDITIONS) this.set({ reason }, holding.has(reason) ? 1 : 0);
    },
  });
}

function collectStale(registers: Registry[], stale: Measured['stale']): void {
  new Gauge({
    name: 'shiplog_stale_deployments',
    help: 'Deployments that have been running or pending for longer than usual for their service and environment',
    registers,
    async collect() {
      const count = await stale().catch(() => undefined); // without Redis the other metrics are still exported
      if (count !== undefined) this.set(count);
    },
  });
}

function collectLostLines(registers: Registry[], lostLines: Measured['lostLines']): void {
  new Counter({
    name: 'shiplog_log_lines_lost_total',
    help: 'Log lines that could not be written, such as to a full disk or a blocked pipe',
    registers,
    collect() {
      this.reset(); // a counter of prom-client can only be increased
      this.inc(lostLines());
    },
  });
}

function collectHolds(registers: Registry[], holds: Measured['holds']): void {
  new Gauge({
    name: 'shiplog_sink_hold',
    help: '1 while the whole sink is on hold, because its destination is down or asked to wait, else 0',
    labelNames: ['sink'],
    registers,
    collect() {
      this.reset(); // another configuration may have other sinks
      for (const [sink, waits] of Object.entries(holds())) this.set({ sink }, waits ? 1 : 0);
    },
  });
}

function collectExpiries(registers: Registry[], expiries: Measured['expiries']): void {
  new Gauge({
    name: 'shiplog_secret_expires_timestamp_seconds',
    help: 'Expiry of the token of a source or sink, as Unix time in seconds; absent if it is unknown or never expires',
    labelNames: ['name'],
    registers,
    collect() {
      this.reset(); // another configuration may have other tokens
      for (const [name, at] of Object.entries(expiries())) this.set({ name }, at.getTime() / 1000);
    },
  });
}

/** Remembers when each source last sent a webhook; the time before our start is read once. */
function collectSources(registers: Registry[], lastWebhooks: Measured['lastWebhooks']) {
  const lastMs = new Map<string, number>();
  const note = (source: string, atMs: number) => lastMs.set(source, Math.max(atMs, lastMs.get(source) ?? 0));
  let isRead = false;
  new Gauge({
    name: 'shiplog_source_last_webhook_timestamp_seconds',
    help: 'Time of receipt of the last authentic webhook of a source, as Unix time in seconds',
    labelNames: ['source'],
    registers,
    async collect() {
      if (!isRead) {
        const before = await lastWebhooks().catch(() => undefined); // Redis is away: at the next scrape
        for (const [source, atMs] of Object.entries(before ?? {})) note(source, atMs);
        isRead = before !== undefined;
      }
      for (const [source, atMs] of lastMs) this.set({ source }, atMs / 1000);
    },
  });
  return note;
}

type BacklogByQueue = Readonly<Record<string, Backlog>>;

/** Each gauge sets itself: a registry collects them concurrently, and one that is set by another comes too late. */
function collectBacklog(registers: Registry[], backlog: () => Promise<BacklogByQueue>): void {
  const gauge = (name: string, help: string, read: (queue: Backlog) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['queue'],
      registers,
      async collect() {
        const queues = await backlog().catch(() => ({})); // without Redis the other metrics are still exported
        for (const [queue, measured] of Object.entries<Backlog>(queues)) this.set({ queue }, read(measured));
      },
    });
  gauge('shiplog_queue_jobs', 'Jobs that are waiting or active, by queue', ({ waiting }) => waiting);
  gauge('shiplog_dead_letters', 'Dead letters, by queue', ({ dead }) => dead);
  gauge('shiplog_oldest_undelivered_seconds', 'Age of the oldest waiting job, by queue, in seconds', ({ oldestAt }) =>
    oldestAt === undefined ? 0 : (Date.now() - oldestAt) / 1000,
  );
}

function collectSpool(registers: Registry[], spool: () => Spooled): void {
  const gauge = (name: string, help: string, read: (spooled: Spooled) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read(spool()));
      },
    });
  gauge('shiplog_spool_entries', 'Webhooks in the spool, waiting for Redis', ({ entries }) => entries);
  gauge('shiplog_spool_bytes', 'Size of the spool, in bytes', ({ bytes }) => bytes);
  gauge('shiplog_spool_oldest_seconds', 'Age of the oldest webhook in the spool, in seconds', ({ since }) =>
    since === undefined ? 0 : (Date.now() - Date.parse(since)) / 1000,
  );
}
