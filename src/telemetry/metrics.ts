import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Backlog } from '../queue/queues.ts';

export interface Metrics {
  readonly registry: Registry;
  webhook(labels: { source: string; verdict: string; reason: string }, seconds: number): void;
  attempt(labels: { sink: string; outcome: string }, seconds: number): void;
}

/** @param backlog is asked at every scrape. */
export function createMetrics(backlog: () => Promise<Readonly<Record<string, Backlog>>>): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const webhooks = new Counter({
    name: 'shiplog_webhooks_total',
    help: 'Webhooks by what became of them',
    labelNames: ['source', 'verdict', 'reason'],
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
  return {
    registry,
    webhook(labels, seconds) {
      webhooks.inc(labels);
      answering.observe({ source: labels.source }, seconds);
    },
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
        for (const [queue, measured] of Object.entries(await backlog())) this.set({ queue }, read(measured));
      },
    });
  gauge('shiplog_queue_jobs', 'Jobs that wait or are under way', ({ waiting }) => waiting);
  gauge('shiplog_dead_letters', 'Jobs that were given up and wait for a person', ({ dead }) => dead);
  gauge('shiplog_oldest_undelivered_seconds', 'Age of the oldest job; the one figure to alarm on', ({ oldestAt }) =>
    oldestAt === undefined ? 0 : (Date.now() - oldestAt) / 1000,
  );
}
