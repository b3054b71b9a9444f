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

function collectBacklog(registers: Registry[], backlog: () => Promise<Readonly<Record<string, Backlog>>>): void {
  const dead = new Gauge({
    name: 'shiplog_dead_letters',
    help: 'Jobs that were given up and wait for a person',
    labelNames: ['queue'],
    registers,
  });
  const oldest = new Gauge({
    name: 'shiplog_oldest_undelivered_seconds',
    help: 'Age of the oldest job; the one figure to alarm on',
    labelNames: ['queue'],
    registers,
  });
  new Gauge({
    name: 'shiplog_queue_jobs',
    help: 'Jobs that wait or are under way',
    labelNames: ['queue'],
    registers,
    async collect() {
      for (const [queue, { waiting, dead: given, oldestAt }] of Object.entries(await backlog())) {
        this.set({ queue }, waiting);
        dead.set({ queue }, given);
        oldest.set({ queue }, oldestAt === undefined ? 0 : (Date.now() - oldestAt) / 1000);
      }
    },
  });
}
