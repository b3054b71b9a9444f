import type { Job, Queue } from 'bullmq';
import type { ChangeEvent } from '../change-event.ts';
import {
  type DeadKind,
  eventsOf,
  type ForwardJob,
  forwardJobId,
  forwardQueueName,
  JOB_VERSION,
  RECORD_QUEUE,
  type RecordJob,
  type Told,
} from './queues.ts';

/** A delivery or a webhook that is tried no more, and kept. */
export interface DeadLetter {
  /** Unique over all queues. */
  readonly id: string;
  /** The sink's name, or `record` for a webhook that could not be recorded. */
  readonly sink: string;
  /** `refused` by the destination, or our own `fault`. */
  readonly kind: DeadKind;
  readonly source?: string;
  readonly deployment?: string;
  readonly webhook?: string;
  /** The destination's words, or ours. */
  readonly why: string;
  /** ISO 8601 UTC. */
  readonly madeAt: string;
  readonly diedAt: string;
  readonly attempts: number;
}

export interface DeadLetterFilter {
  readonly id?: string | undefined;
  readonly sink?: string | undefined;
  readonly source?: string | undefined;
  readonly deployment?: string | undefined;
  readonly kind?: DeadKind | undefined;
  /** Part of the destination's words, in any case. */
  readonly reason?: string | undefined;
  /** Died at or after this time, epoch milliseconds. */
  readonly sinceMs?: number | undefined;
  /** Died before this time, epoch milliseconds: what was tried again and died again is another matter. */
  readonly untilMs?: number | undefined;
}

export interface DeadLetters {
  /** Those that would tell one sink of these moments of a deployment. Looks at no other. */
  of(sink: string, moments: readonly Told[]): Promise<readonly DeadLetter[]>;
  /** Newest first. `total` counts all that fit. */
  list(filter: DeadLetterFilter, limit: number): Promise<{ letters: readonly DeadLetter[]; total: number }>;
  /**
   * Puts up to `limit` of them back into their queues, with the ids that they had. One that is there already is
   * passed over, so that doing it twice changes nothing. Deployments are looked at again first: the rules may have changed.
   */
  replay(filter: DeadLetterFilter, order: ReplayOrder): Promise<number>;
  /** Forgets up to `limit` of them for good. */
  drop(filter: DeadLetterFilter, limit: number): Promise<number>;
}

export interface ReplayOrder {
  readonly limit: number;
  readonly now: Date;
  /** Looks at the deployment again before it is told again. */
  readonly revise: (deployment: string) => Promise<void>;
  /** Maps a webhook again from the body that was kept; undefined: it is not kept any more. */
  readonly remap?: (webhookId: string) => Promise<ChangeEvent | undefined>;
}

const PAGE = 500;

type Dead = Job<ForwardJob | RecordJob>;
interface Found {
  readonly job: Dead;
  readonly letter: DeadLetter;
}

export function createDeadLetters(queues: () => Promise<readonly Queue[]>): DeadLetters {
  return {
    async of(sink, moments) {
      const queue = (await queues()).find(({ name }) => name === forwardQueueName(sink));
      const ids = [...new Set(moments.map(forwardJobId))];
      const jobs: (Dead | undefined)[] = await Promise.all(ids.map((id) => queue?.getJob(id)));
      const dead = await Promise.all(jobs.map(async (job) => ((await job?.isFailed()) ? job : undefined)));
      return dead.flatMap((job) => (job ? toLetter(job) : []));
    },
    async list(filter, limit) {
      const found = await find(await queues(), filter);
      const newest = found.map(({ letter }) => letter).sort((a, b) => b.diedAt.localeCompare(a.diedAt));
      return { letters: newest.slice(0, limit), total: newest.length };
    },
    async replay(filter, { limit, now, remap, revise }) {
      const found = await find(await queues(), filter, limit);
      let count = 0;
      for (const { job, letter } of found) {
        if (letter.deployment) await revise(letter.deployment);
        const event = letter.webhook ? await remap?.(letter.webhook) : undefined;
        await job.updateData(again(job.data, event, now.getTime()));
        if (await isRetried(job)) count += 1;
      }
      return count;
    },
    async drop(filter, limit) {
      const found = await find(await queues(), filter, limit);
      for (const { job } of found) await job.remove();
      return found.length;
    },
  };
}

/** @param remapped instead of the event that it holds; a job that failed holds one (workers.ts) */
function again(data: Dead['data'], remapped: ChangeEvent | undefined, replayedAtMs: number): Dead['data'] {
  if ('deployment' in data) return { ...data, replayedAtMs };
  const events = remapped ? [remapped] : eventsOf(data);
  return { version: JOB_VERSION, events: events.map((event) => ({ ...event, replayedAtMs })) };
}

/** Somebody else may have replayed or dropped it in between. */
async function isRetried(job: Dead): Promise<boolean> {
  try {
    await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
    return true;
  } catch (error) {
    if (await job.isFailed()) throw error;
    return false;
  }
}

async function find(
  queues: readonly Queue[],
  filter: DeadLetterFilter,
  limit = Number.POSITIVE_INFINITY,
): Promise<Found[]> {
  const found: Found[] = [];
  for (const queue of queues) {
    if (filter.sink && queue.name !== RECORD_QUEUE && queue.name !== forwardQueueName(filter.sink)) continue;
    if (filter.sink && queue.name === RECORD_QUEUE && filter.sink !== RECORD_QUEUE) continue;
    for (let start = 0; ; start += PAGE) {
      const jobs: Dead[] = await queue.getFailed(start, start + PAGE - 1);
      found.push(...jobs.map((job) => ({ job, letter: toLetter(job) })).filter(({ letter }) => fits(letter, filter)));
      if (jobs.length < PAGE || found.length >= limit) break;
    }
  }
  return found.slice(0, limit);
}

function toLetter(job: Dead): DeadLetter {
  const { data } = job;
  const sink = 'deployment' in data ? job.queueName.slice(forwardQueueName('').length) : RECORD_QUEUE;
  return {
    id: `${sink}:${job.id}`,
    sink,
    ...('deployment' in data ? ofDelivery(data) : ofWebhook(data)),
    why: job.failedReason ?? 'unknown',
    madeAt: new Date(job.timestamp).toISOString(),
    diedAt: new Date(job.finishedOn ?? job.timestamp).toISOString(),
    attempts: job.attemptsMade,
  };
}

const ofDelivery = ({ dead = 'fault', source, deployment }: ForwardJob) => ({ kind: dead, source, deployment });

function ofWebhook(data: RecordJob) {
  const [event] = eventsOf(data);
  return { kind: 'fault' as const, ...(event && { source: event.source, webhook: event.webhookId }) };
}

function fits(letter: DeadLetter, filter: DeadLetterFilter): boolean {
  const { id, source, deployment, kind, reason, sinceMs = 0, untilMs = Number.POSITIVE_INFINITY } = filter;
  const diedMs = Date.parse(letter.diedAt);
  return (
    (id === undefined || letter.id === id) &&
    (source === undefined || letter.source === source) &&
    (deployment === undefined || letter.deployment === deployment) &&
    (kind === undefined || letter.kind === kind) &&
    (reason === undefined || letter.why.toLowerCase().includes(reason.toLowerCase())) &&
    diedMs >= sinceMs &&
    diedMs < untilMs
  );
}
