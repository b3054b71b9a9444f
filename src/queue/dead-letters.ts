import type { Job, Queue } from 'bullmq';
import type { ChangeEvent } from '../change-event.ts';
import { type DeadKind, type ForwardJob, forwardQueueName, RECORD_QUEUE } from './queues.ts';

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
  readonly kind?: DeadKind | undefined;
  /** Part of the destination's words, in any case. */
  readonly reason?: string | undefined;
  /** Died at or after this time, epoch milliseconds. */
  readonly sinceMs?: number | undefined;
}

export interface DeadLetters {
  /** Newest first. `total` counts all that fit. */
  list(filter: DeadLetterFilter, limit: number): Promise<{ letters: readonly DeadLetter[]; total: number }>;
  /**
   * Puts up to `limit` of them back into their queues, with the ids that they had. One that was put back already is
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

type Dead = Job<ForwardJob | ChangeEvent>;
interface Found {
  readonly job: Dead;
  readonly letter: DeadLetter;
}

export function createDeadLetters(queues: () => Promise<readonly Queue[]>): DeadLetters {
  return {
    async list(filter, limit) {
      const found = await find(await queues(), filter);
      const newest = found.map(({ letter }) => letter).sort((a, b) => b.diedAt.localeCompare(a.diedAt));
      return { letters: newest.slice(0, limit), total: newest.length };
    },
    async replay(filter, { limit, now, remap, revise }) {
      const found = await find(await queues(), filter);
      let count = 0;
      for (const { job, letter } of found.slice(0, limit)) {
        if (letter.deployment) await revise(letter.deployment);
        const event = letter.webhook && (await remap?.(letter.webhook));
        await job.updateData({ ...(event ? event : job.data), replayedAtMs: now.getTime() });
        if (await isRetried(job)) count += 1;
      }
      return count;
    },
    async drop(filter, limit) {
      const found = (await find(await queues(), filter)).slice(0, limit);
      for (const { job } of found) await job.remove();
      return found.length;
    },
  };
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

async function find(queues: readonly Queue[], filter: DeadLetterFilter): Promise<Found[]> {
  const found: Found[] = [];
  for (const queue of queues) {
    if (filter.sink && queue.name !== RECORD_QUEUE && queue.name !== forwardQueueName(filter.sink)) continue;
    if (filter.sink && queue.name === RECORD_QUEUE && filter.sink !== RECORD_QUEUE) continue;
    for (let start = 0; ; start += PAGE) {
      const jobs: Dead[] = await queue.getFailed(start, start + PAGE - 1);
      found.push(...jobs.map((job) => ({ job, letter: toLetter(job) })).filter(({ letter }) => fits(letter, filter)));
      if (jobs.length < PAGE) break;
    }
  }
  return found;
}

function toLetter(job: Dead): DeadLetter {
  const { data } = job;
  const isForward = 'deployment' in data;
  const sink = isForward ? job.queueName.slice(forwardQueueName('').length) : RECORD_QUEUE;
  return {
    id: `${sink}:${job.id}`,
    sink,
    kind: (isForward ? data.dead : undefined) ?? 'fault',
    source: data.source,
    ...(isForward ? { deployment: data.deployment } : { webhook: data.webhookId }),
    why: job.failedReason ?? 'unknown',
    madeAt: new Date(job.timestamp).toISOString(),
    diedAt: new Date(job.finishedOn ?? job.timestamp).toISOString(),
    attempts: job.attemptsMade,
  };
}

function fits(letter: DeadLetter, { id, source, kind, reason, sinceMs = 0 }: DeadLetterFilter): boolean {
  return (
    (id === undefined || letter.id === id) &&
    (source === undefined || letter.source === source) &&
    (kind === undefined || letter.kind === kind) &&
    (reason === undefined || letter.why.toLowerCase().includes(reason.toLowerCase())) &&
    Date.parse(letter.diedAt) >= sinceMs
  );
}
