import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { digest } from '../domain/change-record.ts';
import { NotKept } from '../domain/errors.ts';
import type { Routed } from '../domain/routing.ts';
import type { ChangeEvent } from '../record.ts';
import type { Sink } from '../sinks/sink.ts';
import { PREFIX } from '../store/keys.ts';
import { KEEP_WITHIN_MS } from './connection.ts';

export const RECORD_QUEUE = 'record';
export const forwardQueueName = (sink: string) => `forward-${sink}`;

export interface ForwardJob {
  readonly deployment: string;
}

/** Backlog of one queue. `oldestAt` is epoch milliseconds. */
export interface Backlog {
  readonly waiting: number;
  readonly dead: number;
  readonly oldestAt?: number;
}

export interface Queues {
  /** Makes an event durable. @throws NotKept within KEEP_WITHIN_MS when Redis is away, frozen or full. */
  keep(event: ChangeEvent): Promise<void>;
  forward(sink: Sink, routed: Routed): Promise<void>;
  backlog(): Promise<Readonly<Record<string, Backlog>>>;
  close(): Promise<void>;
}

/** Dead letters stay for 30 days: time enough for somebody to come back from holidays and replay them. */
const DEAD_LETTER_SECONDS = 30 * 86_400;
/** Bounded by age instead (workers.ts): the number only has to be larger than any schedule needs. */
const ATTEMPTS = 100_000;
/** Recording fails for our own reasons only: Redis comes back, or it is a bug that a person must see. */
const RECORD_ATTEMPTS = 200;

export function createQueues(producer: Redis, sinkNames: readonly string[]): Queues {
  const open = (name: string, attempts: number) =>
    new Queue(name, {
      connection: producer,
      prefix: PREFIX,
      skipWaitingForReady: true,
      defaultJobOptions: { attempts, backoff: { type: 'custom' }, removeOnComplete: true, removeOnFail: { age: DEAD_LETTER_SECONDS } },
    });
  const record = open(RECORD_QUEUE, RECORD_ATTEMPTS);
  const forwards = new Map(sinkNames.map((name) => [name, open(forwardQueueName(name), ATTEMPTS)]));
  const all = [record, ...forwards.values()];
  for (const queue of all) queue.on('error', () => {}); // each caller hears of its own failure; the connection logs the rest
  return {
    async keep(event) {
      await within(KEEP_WITHIN_MS, record.add('event', event, { jobId: `evt_${event.webhookId}` }));
    },
    async forward(sink, { deployment }) {
      const jobId = `fwd_${digest([deployment.key, deployment.state, deployment.occurredAt].join('\n'))}`;
      await forwards.get(sink.name)?.add('deployment', { deployment: deployment.key } satisfies ForwardJob, { jobId });
    },
    async backlog() {
      return Object.fromEntries(await Promise.all(all.map(async (queue) => [queue.name, await measure(queue)] as const)));
    },
    async close() {
      await Promise.all(all.map((queue) => queue.close()));
    },
  };
}

async function measure(queue: Queue): Promise<Backlog> {
  const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized', 'failed');
  const { failed = 0, ...open } = counts;
  const [oldest] = await queue.getJobs(['waiting', 'active', 'delayed'], 0, 0, true);
  return { waiting: Object.values(open).reduce((sum, count) => sum + count, 0), dead: failed, ...(oldest && { oldestAt: oldest.timestamp }) };
}

/** BullMQ waits for ever when Redis was never reached or is frozen: our own clock decides. The write may still land; ids make that harmless. */
export async function within(limitMs: number, write: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NotKept(`Redis did not take it within ${limitMs} ms`)), limitMs);
  });
  try {
    await Promise.race([write, late]);
  } catch (cause) {
    throw cause instanceof NotKept ? cause : new NotKept('Redis did not take it', { cause });
  } finally {
    clearTimeout(timer);
    write.catch(() => {}); // told already
  }
}
