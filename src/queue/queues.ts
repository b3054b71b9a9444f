import { randomUUID } from 'node:crypto';
import type { Job, JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { ChangeEvent } from '../domain/change-event.ts';
import { digest } from '../domain/change-record.ts';
import type { DeadKind } from '../domain/dead-letter-filter.ts';
import type { Deployment } from '../domain/deployment.ts';
import { NotKept, type Retry } from '../domain/errors.ts';
import type { Sink } from '../sinks/sink.ts';
import { addActiveJob, type JobLock } from '../store/active-jobs.ts';
import { inBatches } from '../store/batch.ts';
import { PREFIX } from '../store/key-family.ts';
import { currentTraceparent } from '../telemetry/current-span.ts';
import { DAY_SECONDS } from '../values/units.ts';
import { within } from '../values/within.ts';
import { type DirectRecorder, noDirectRecorder } from './direct-recorder.ts';
import type { CrashCount } from './quarantine.ts';
import { WrittenData, WrittenQueue } from './written-job.ts';

export const RECORD_QUEUE = 'record';
export const forwardQueueName = (sink: string) => `forward-${sink}`;

/** The state of a deployment that one delivery reports. */
export type ForwardedState = Pick<Deployment, 'key' | 'state' | 'occurredAt'>;
export const forwardJobId = ({ key, state, occurredAt }: ForwardedState): string =>
  `fwd_${digest([key, state, occurredAt].join('\n'))}`;

/** How long a job is left to a process that has ended, milliseconds: then another one takes it, within five seconds. */
export const LOCK_MS = 10_000;

/** The newest version of job data that this bridge understands. Newer jobs are left to newer bridges. */
export const JOB_VERSION = 3;
/** The version of jobs without alerts, which older workers understand as well. */
const USUAL_VERSION = 2;

/** The version of jobs with alerts: an older worker would treat such a webhook as empty. */
export const versionFor = (events: readonly ChangeEvent[]): number =>
  events.some(({ alerts }) => alerts !== undefined) ? JOB_VERSION : USUAL_VERSION;

/** The events received in one turn of the event loop; at version 1, a single event. */
export type RecordJob = CrashCount & (EventsJob | EventJob);
interface EventsJob {
  readonly version: number;
  readonly events: readonly ChangeEvent[];
}
type EventJob = ChangeEvent & { readonly version?: 1 };
export const eventsOf = (job: RecordJob): readonly ChangeEvent[] => ('events' in job ? job.events : [job]);

/** A RecordJob, of events that are written. */
const writtenJob = (version: number, all: readonly { readonly json: string }[]): WrittenData =>
  new WrittenData(`{"version":${version},"events":[${all.map(({ json }) => json).join(',')}]}`);

/** The same events give the same id. A replay has another one, as the id of its dead letter is still in use. */
function recordJobId(events: readonly ChangeEvent[]): string {
  const ids = events.map(({ webhookId, replayedAtMs }) =>
    [webhookId, ...(replayedAtMs ? [replayedAtMs] : [])].join('_'),
  );
  return `evt_${ids.length === 1 ? ids[0] : digest(ids.join('\n'))}`;
}
/** The name of all jobs of the queue of webhooks to record. */
const EVENTS = 'events';
/** A larger job would take Redis and a worker too long. */
const MAX_EVENTS = 50;

export interface ForwardJob extends CrashCount {
  readonly version?: number;
  readonly deployment: string;
  /** The name of the configured source. */
  readonly source: string;
  readonly dead?: DeadKind;
  /** The trace context (W3C) of the span that created it, when tracing is on. */
  readonly traceparent?: string;
  /** Start of its age, epoch milliseconds. */
  readonly replayedAtMs?: number;
  /** The error of the first attempt, which was made before this job was created (first-attempt.ts). */
  readonly firstFailure?: FirstFailure;
}

/** A DeliveryFailed as stored in a job. `ms`: the duration of the attempt. */
export interface FirstFailure {
  readonly message: string;
  readonly retry: Retry;
  readonly status?: number;
  readonly concerns?: string;
  readonly ms: number;
}

type ForwardAdd = Parameters<Queue<ForwardJob>['addBulk']>[0][number];

/** Backlog of one queue. `oldestAt` is epoch milliseconds. */
export interface Backlog {
  readonly waiting: number;
  readonly dead: number;
  readonly oldestAt?: number;
}

export interface Queues {
  /**
   * Makes an event durable. Waits for Redis without a limit; a caller that cannot wait uses `keptWithin`.
   * @param json the event as JSON, where it is written already
   */
  keep(event: ChangeEvent, json?: string): Promise<void>;
  /**
   * Gives one event of a batch that could not be recorded a job of its own. `madeAtMs`: since when it has been waiting.
   */
  keepAlone(event: ChangeEvent, madeAtMs: number, suspicion?: CrashCount): Promise<void>;
  /** Gives a job that this process has added as an active one to a worker. */
  leaveToWorker(job: JobLock): Promise<void>;
  /** Also for a sink that only other replicas have configured. */
  forward(
    sink: Pick<Sink, 'name'>,
    delivery: { readonly deployment: Deployment },
    options?: { readonly afterMs?: number; readonly firstFailure?: FirstFailure },
  ): Promise<void>;
  /** Adds the error of its first attempt to a delivery that was queued while this attempt was under way. */
  addFirstFailure(
    sink: Pick<Sink, 'name'>,
    delivery: { readonly deployment: Deployment },
    failure: FirstFailure,
  ): Promise<void>;
  /** Ids of active jobs, of all queues; need not be complete. */
  underWay(): Promise<readonly string[]>;
  backlog(): Promise<Readonly<Record<string, Backlog>>>;
  /** For dead letters. */
  all(): Promise<readonly Queue[]>;
  close(): Promise<void>;
}

/** Dead letters are kept for 30 days, so that somebody who returns from holidays can still replay them. */
const DEAD_LETTER_SECONDS = 30 * DAY_SECONDS;
/** A queue that somebody has paused stays so for a while: meanwhile webhooks are added to it at once. */
const PAUSED_MS = 1_000;
/** Any number above one shows that there are several. */
const SOME = 1;
/** Retries are limited by age (retry.ts): this number only has to exceed what any schedule needs. */
const ATTEMPTS = 100_000;

const JOB_OPTIONS = {
  attempts: ATTEMPTS,
  backoff: { type: 'custom' },
  removeOnComplete: true,
  removeOnFail: { age: DEAD_LETTER_SECONDS },
} satisfies JobsOptions;
export function createQueues(
  producer: Redis,
  sinkNames: readonly string[],
  direct: DirectRecorder = noDirectRecorder,
): Queues {
  const names = [RECORD_QUEUE, ...sinkNames.map(forwardQueueName)];
  const open = openOnce(() => Promise.all(names.map((name) => openQueue(name, producer))));
  const others = new Map<string, () => Promise<Queue>>();
  const queueOf = async (name: string): Promise<Queue> => {
    const own = (await open()).find((queue) => queue.name === name);
    if (own) return own;
    const other = others.get(name) ?? openOnce(() => openQueue(name, producer));
    others.set(name, other);
    return other();
  };
  const addEvents = async (
    data: RecordJob | WrittenData,
    events: readonly ChangeEvent[],
    options: JobsOptions = {},
  ) => {
    const queue = await queueOf(RECORD_QUEUE);
    await queue.add(EVENTS, data, { jobId: recordJobId(events), ...options });
  };
  let pausedUntilMs = 0;
  /** @returns false when a worker has to record them */
  const addDirectly = async ({ json }: WrittenData, events: readonly ChangeEvent[]): Promise<boolean> => {
    if (performance.now() < pausedUntilMs || !direct.mayTake(events)) return false;
    const id = recordJobId(events);
    const lock = randomUUID();
    const job = { id, name: EVENTS, data: json, options: JSON.stringify(JOB_OPTIONS), madeAtMs: Date.now() };
    const added = await addActiveJob(producer, job, { lock, ms: LOCK_MS });
    if (added === 'added') direct.take({ id, lock, events });
    void open().catch(() => {}); // the first webhook that has to be queued would wait for it
    if (added === 'paused') pausedUntilMs = performance.now() + PAUSED_MS;
    return added !== 'paused';
  };
  const keepSoon = inBatches<{ readonly event: ChangeEvent; readonly json: string }>(async (all) => {
    const events = all.map(({ event }) => event);
    const data = writtenJob(versionFor(events), all);
    if (!(await addDirectly(data, events))) await addEvents(data, events);
  }, MAX_EVENTS);
  const adders = new Map<string, (job: ForwardAdd) => Promise<void>>();
  const addTo = (sink: string) => {
    const existing = adders.get(sink);
    if (existing) return existing;
    const add = async (jobs: readonly ForwardAdd[]) =>
      void (await (await queueOf(forwardQueueName(sink))).addBulk([...jobs]));
    const adder = inBatches(add, MAX_EVENTS);
    adders.set(sink, adder);
    return adder;
  };
  return {
    keep: (event, json = JSON.stringify(event)) => keepSoon({ event, json }),
    async keepAlone(event, madeAtMs, suspicion) {
      const events = [event];
      await addEvents({ version: versionFor(events), events, ...suspicion }, events, { timestamp: madeAtMs });
    },
    async leaveToWorker({ id, lock }) {
      const job: Job | undefined = await (await queueOf(RECORD_QUEUE)).getJob(id);
      await job?.moveToWait(lock);
    },
    forward(sink, { deployment }, { afterMs = 0, firstFailure } = {}) {
      const traceparent = currentTraceparent();
      const job: ForwardJob = {
        version: USUAL_VERSION,
        deployment: deployment.key,
        source: deployment.instance,
        ...(traceparent && { traceparent }),
        ...(firstFailure && { firstFailure }),
      };
      return addTo(sink.name)({
        name: 'deployment',
        data: job,
        opts: { jobId: forwardJobId(deployment), ...(afterMs > 0 && { delay: afterMs }) },
      });
    },
    async addFirstFailure(sink, { deployment }, firstFailure) {
      const queue = await queueOf(forwardQueueName(sink.name));
      const job: Job<ForwardJob> | undefined = await queue.getJob(forwardJobId(deployment));
      // A dead letter is sent at once when it is replayed.
      if (job && !(await job.isFailed())) await job.updateData({ ...job.data, firstFailure });
    },
    all: open,
    async underWay() {
      const found = await Promise.all((await open()).map((queue) => queue.getActive(0, SOME)));
      return found.flat().flatMap(({ id }) => (id === undefined ? [] : [id]));
    },
    async backlog() {
      const queues = await open();
      return Object.fromEntries(
        await Promise.all(queues.map(async (queue) => [queue.name, await measure(queue)] as const)),
      );
    },
    async close() {
      const opened = [open(), ...[...others.values()].map(async (other) => [await other()])];
      const queues = (await Promise.all(opened.map((all) => all.catch(() => [])))).flat();
      await Promise.all(queues.map((queue) => queue.close()));
    },
  };
}

/**
 * BullMQ reads the version of Redis once, when a queue is created, and does not recover when that fails. So queues are
 * created when first needed, and again after a failure.
 */
function openOnce<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

async function openQueue(name: string, producer: Redis): Promise<Queue> {
  const queue = new WrittenQueue(name, {
    connection: producer,
    prefix: PREFIX,
    defaultJobOptions: JOB_OPTIONS,
  });
  queue.on('error', () => {}); // callers handle their own failures; the connection logs the rest
  await queue.waitUntilReady();
  return queue;
}

async function measure(queue: Queue): Promise<Backlog> {
  const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized', 'failed');
  const { failed = 0, ...open } = counts;
  const [oldest] = await queue.getJobs(['waiting', 'active', 'delayed'], 0, 0, true);
  return {
    waiting: Object.values(open).reduce((sum, count) => sum + count, 0),
    dead: failed,
    ...(oldest && { oldestAt: oldest.timestamp }),
  };
}

/**
 * BullMQ waits for ever when Redis was never reached or is frozen: our own timer ends the wait. The write may still
 * succeed later, which is harmless as ids are unique.
 */
export async function keptWithin(limitMs: number, write: Promise<unknown>): Promise<void> {
  try {
    await within(limitMs, write, () => {
      throw new NotKept(`Redis did not accept the write within ${limitMs} ms`);
    });
  } catch (cause) {
    throw cause instanceof NotKept ? cause : new NotKept('Redis did not accept the write', { cause });
  }
}
