import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Backlog } from '../queue/queues.ts';
import type { Spooled } from '../spool/spool.ts';

export interface Metrics {
  readonly registry: Registry;
  webhook(labels: { source: string; verdict: string; reason: string }, seconds: number): void;
  /** What the worker made of an accepted one. */
  conclusion(labels: { verdict: string; reason: string }): void;
  attempt(labels: { sink: string; outcome: string }, seconds: number): void;
}

/** Both are asked at every scrape. */
export interface Measured {
  readonly backlog: () => Promise<BacklogByQueue>;
  readonly spool: () => Spooled;
}

export function createMetrics({ backlog, spool }: Measured): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const webhooks = new Counter({
    name: 'shiplog_webhooks_total',
    help: 'Webhooks by what became of them',
    labelNames: ['source', 'verdict', 'reason'],
    registers,
  });
  const conclusions = new Counter({
    name: 'shiplog_conclusions_total',
    help: 'Accepted webhooks by what the worker made of them',
    labelNames: ['verdict', 'reason'],
    registers,
  });
  const answering = new Histogram({
    name: 'shiplog_webhook_seconds',
    help: 'Time to the answer',
    labelNames: ['source'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5],
    registers,
  });
  const attempts = new Counter({
    name: 'shiplog_delivery_attempts_total',
    help: 'Deliveries by outcome',
    labelNames: ['sink', 'outcome'],
    registers,
  });
  const delivering = new Histogram({
    name: 'shiplog_delivery_seconds',
    help: 'Time of one attempt',
    labelNames: ['sink'],
    registers,
  });
  collectBacklog(registers, backlog);
  collectSpool(registers, spool);
  return {
    registry,
    webhook(labels, seconds) {
      webhooks.inc(labels);
      answering.observe({ source: labels.source }, seconds);
    },
    conclusion: (labels) => conclusions.inc(labels),
    attempt(labels, seconds) {
      attempts.inc(labels);
      delivering.observe({ sink: labels.sink }, seconds);
    },
  };
}

type BacklogByQueue = Readonly<Record<string, Backlog>>;

/** Each gauge fills itself: a registry reads them side by side, and one that fills another comes too late. */
function collectBacklog(registers: Registry[], backlog: () => Promise<BacklogByQueue>): void {
  const gauge = (name: string, help: string, read: (queue: Backlog) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['queue'],
      registers,
      async collect() {
        const queues = await backlog().catch(() => ({})); // without Redis the other figures still count
        for (const [queue, measured] of Object.entries<Backlog>(queues)) this.set({ queue }, read(measured));
      },
    });
  gauge('shiplog_queue_jobs', 'Jobs that wait or are under way', ({ waiting }) => waiting);
  gauge('shiplog_dead_letters', 'Jobs that were given up and wait for a person', ({ dead }) => dead);
  gauge('shiplog_oldest_undelivered_seconds', 'Age of the oldest job; the one figure to alarm on', ({ oldestAt }) =>
    oldestAt === undefined ? 0 : (Date.now() - oldestAt) / 1000,
  );
}

function collectSpool(registers: Registry[], spool: () => Spooled): void {
  const gauge = (name: string, help: string, read: (lying: Spooled) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read(spool()));
      },
    });
  gauge('shiplog_spool_entries', 'Webhooks that wait on disk for Redis', ({ entries }) => entries);
  gauge('shiplog_spool_bytes', 'Their size', ({ bytes }) => bytes);
  gauge('shiplog_spool_oldest_seconds', 'Age of the oldest of them', ({ since }) =>
    since === undefined ? 0 : (Date.now() - Date.parse(since)) / 1000,
  );
}
