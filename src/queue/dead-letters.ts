import type { Job, Queue } from 'bullmq';
import type { ChangeEvent } from '../domain/change-event.ts';
import { causeOf, type DeadKind, type DeadLetterFilter } from '../domain/dead-letter-filter.ts';
import {
  eventsOf,
  type ForwardedState,
  type ForwardJob,
  forwardJobId,
  forwardQueueName,
  RECORD_QUEUE,
  type RecordJob,
  versionFor,
} from './queues.ts';

/** A delivery or a webhook that is no longer retried, and kept for a replay. */
export interface DeadLetter {
  /** Unique over all queues. */
  readonly id: string;
  /** The sink's name, or `record` for a webhook that could not be recorded. */
  readonly sink: string;
  /** `refused` by the destination, or a `fault` of our own. */
  readonly kind: DeadKind;
  readonly source?: string;
  readonly deployment?: string;
  readonly webhook?: string;
  /** The error message of the destination, or our own. */
  readonly why: string;
  /** ISO 8601 UTC. */
  readonly madeAt: string;
  readonly diedAt: string;
  readonly attempts: number;
}

export interface DeadLetters {
  /** What `DeadLetterFilter.sink` may be: the names of the sinks, and `record`. */
  sinks(): Promise<readonly string[]>;
  /** Only dead letters of one sink for these states of a deployment. They are looked up by id, without a scan. */
  of(sink: string, moments: readonly ForwardedState[]): Promise<readonly DeadLetter[]>;
  /** Newest first. `total` counts all matches. */
  list(filter: DeadLetterFilter, limit: number): Promise<{ letters: readonly DeadLetter[]; total: number }>;
  /**
   * For a page, which must not wait for a full scan: the matches among the newest READ_MOST of each queue, newest
   * first. `unread` counts the older ones in the queues of `filter.sink`, whether they match or not.
   */
  newest(filter: DeadLetterFilter): Promise<{ letters: readonly DeadLetter[]; unread: number }>;
  /**
   * Puts up to `limit` of them back into their queues, with their original ids. One that is already there is skipped,
   * so that a second replay changes nothing. Deployments are evaluated again first, as the rules may have changed.
   */
  replay(filter: DeadLetterFilter, order: ReplayOrder): Promise<number>;
  /** Deletes up to `limit` of them. */
  drop(filter: DeadLetterFilter, limit: number): Promise<number>;
}

export interface ReplayOrder {
  readonly limit: number;
  readonly now: Date;
  /** Evaluates the deployment again before it is delivered again. */
  readonly revise: (deployment: string) => Promise<void>;
  /** Maps a webhook again from its stored body; undefined when the body is no longer stored. */
  readonly remap?: (webhookId: string) => Promise<ChangeEvent | undefined>;
}

/** Read at once: jobs with their errors, about a megabyte. */
const PAGE = 500;
/** The number of jobs of a queue that are read for a page. */
export const READ_MOST = 2_000;

type Dead = Job<ForwardJob | RecordJob>;
interface FoundLetter {
  readonly job: Dead;
  readonly letter: DeadLetter;
}

export function createDeadLetters(queues: () => Promise<readonly Queue[]>): DeadLetters {
  return {
    async sinks() {
      return (await queues()).map(({ name }) => sinkOf(name));
    },
    async of(sink, moments) {
      const queue = (await queues()).find(({ name }) => name === forwardQueueName(sink));
      const ids = [...new Set(moments.map(forwardJobId))];
      const jobs: (Dead | undefined)[] = await Promise.all(ids.map((id) => queue?.getJob(id)));
      const failedJobs = await Promise.all(jobs.map(async (job) => ((await job?.isFailed()) ? job : undefined)));
      return failedJobs.flatMap((job) => (job ? toDeadLetter(job) : []));
    },
    async list(filter, limit) {
      const found = await find(await queues(), filter);
      return { letters: newestFirst(found).slice(0, limit), total: found.length };
    },
    async newest(filter) {
      const asked = concerned(await queues(), filter);
      const [found, counts] = await Promise.all([
        Promise.all(asked.map((queue) => findIn(queue, filter, { read: READ_MOST }))),
        Promise.all(asked.map((queue) => queue.getFailedCount())),
      ]);
      const unread = counts.reduce((sum, count) => sum + Math.max(0, count - READ_MOST), 0);
      return { letters: newestFirst(found.flat()), unread: filter.id === undefined ? unread : 0 };
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

/** @param remapped replaces the event of the job; a failed job holds exactly one (workers.ts) */
function again(data: Dead['data'], remapped: ChangeEvent | undefined, replayedAtMs: number): Dead['data'] {
  // A job that crashed the process twice gets another run: the bug may be fixed by now.
  if ('deployment' in data) return { ...data, replayedAtMs, ...(data.unfinished !== undefined && { unfinished: 1 }) };
  const events = remapped ? [remapped] : eventsOf(data);
  return { version: versionFor(events), events: events.map((event) => ({ ...event, replayedAtMs })) };
}

/** Undefined when somebody else has replayed or dropped it in the meantime. */
async function isRetried(job: Dead): Promise<boolean> {
  try {
    await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
    return true;
  } catch (error) {
    if (await job.isFailed()) throw error;
    return false;
  }
}

async function find(queues: readonly Queue[], filter: DeadLetterFilter, limit = Number.POSITIVE_INFINITY) {
  const found: FoundLetter[] = [];
  for (const queue of concerned(queues, filter)) {
    if (found.length >= limit) break;
    found.push(...(await findIn(queue, filter, { limit: limit - found.length })));
  }
  return found;
}

/** An id begins with the name of its sink. */
const concerned = (queues: readonly Queue[], { sink, id }: DeadLetterFilter): readonly Queue[] =>
  queues.filter((queue) => {
    const name = sinkOf(queue.name);
    return (!sink || sink === name) && (id === undefined || id.startsWith(`${name}:`));
  });

const sinkOf = (queueName: string) =>
  queueName === RECORD_QUEUE ? RECORD_QUEUE : queueName.slice(forwardQueueName('').length);

interface Extent {
  /** Stops after this many matches. */
  readonly limit?: number;
  /** Reads at most this many, the newest. */
  readonly read?: number;
}

/** Newest first. */
async function findIn(
  queue: Queue,
  filter: DeadLetterFilter,
  { limit = Number.POSITIVE_INFINITY, read = Number.POSITIVE_INFINITY }: Extent,
): Promise<FoundLetter[]> {
  const fitting = (jobs: readonly Dead[]) =>
    jobs.map((job) => ({ job, letter: toDeadLetter(job) })).filter(({ letter }) => fits(letter, filter));
  if (filter.id !== undefined) {
    const job: Dead | undefined = await queue.getJob(filter.id.slice(sinkOf(queue.name).length + 1));
    return job && (await job.isFailed()) ? fitting([job]) : [];
  }
  const found: FoundLetter[] = [];
  for (let start = 0; start < read && found.length < limit; start += PAGE) {
    const jobs: Dead[] = await queue.getFailed(start, Math.min(start + PAGE, read) - 1);
    found.push(...fitting(jobs));
    if (jobs.length < PAGE) break;
  }
  return found.slice(0, limit);
}

const newestFirst = (found: readonly FoundLetter[]): DeadLetter[] =>
  found.map(({ letter }) => letter).sort((a, b) => b.diedAt.localeCompare(a.diedAt));

function toDeadLetter(job: Dead): DeadLetter {
  const { data } = job;
  const sink = sinkOf(job.queueName);
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
  const { id, source, deployment, kind, reason, cause, sinceMs = 0, untilMs = Number.POSITIVE_INFINITY } = filter;
  const diedMs = Date.parse(letter.diedAt);
  return (
    (id === undefined || letter.id === id) &&
    (source === undefined || letter.source === source) &&
    (deployment === undefined || letter.deployment === deployment) &&
    (kind === undefined || letter.kind === kind) &&
    (reason === undefined || letter.why.toLowerCase().includes(reason.toLowerCase())) &&
    (cause === undefined || causeOf(letter) === cause) &&
    diedMs >= sinceMs &&
    diedMs < untilMs
  );
}
