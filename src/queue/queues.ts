import { type JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { ChangeEvent } from '../domain/change-event.ts';
import { digest } from '../domain/change-record.ts';
import type { DeadKind } from '../domain/dead-letter-filter.ts';
import type { Deployment } from '../domain/deployment.ts';
import { NotKept, type Retry } from '../domain/errors.ts';
import type { Sink } from '../sinks/sink.ts';
import { inBatches } from '../store/batch.ts';
import { PREFIX } from '../store/keys.ts';
import { currentTraceparent } from '../telemetry/current-span.ts';
import { within } from '../values/within.ts';
import type { CrashCount } from './quarantine.ts';

export const RECORD_QUEUE = 'record';
export const forwardQueueName = (sink: string) => `forward-${sink}`;

/** What one delivery tells. */
export type ForwardedState = Pick<Deployment, 'key' | 'state' | 'occurredAt'>;
export const forwardJobId = ({ key, state, occurredAt }: ForwardedState): string =>
  `fwd_${digest([key, state, occurredAt].join('\n'))}`;

/** What this bridge understands of the data of jobs. A worker leaves newer ones to a newer bridge. */
export const JOB_VERSION = 3;
/** Of a job that an older worker understands as well: one without alerts. */
const USUAL_VERSION = 2;

/** An older worker would take a webhook that reports alerts for one that reports nothing. */
export const versionFor = (events: readonly ChangeEvent[]): number =>
  events.some(({ alerts }) => alerts !== undefined) ? JOB_VERSION : USUAL_VERSION;

/** What was received in one turn of the event loop; at version 1, one event alone. */
export type RecordJob = CrashCount & (EventsJob | EventJob);
interface EventsJob {
  readonly version: number;
  readonly events: readonly ChangeEvent[];
}
type EventJob = ChangeEvent & { readonly version?: 1 };
export const eventsOf = (job: RecordJob): readonly ChangeEvent[] => ('events' in job ? job.events : [job]);

/** The same events are the same job. A replay is another one: the first may be a dead letter, whose id is taken. */
function recordJobId(events: readonly ChangeEvent[]): string {
  const ids = events.map(({ webhookId, replayedAtMs }) =>
    [webhookId, ...(replayedAtMs ? [replayedAtMs] : [])].join('_'),
  );
  return `evt_${ids.length === 1 ? ids[0] : digest(ids.join('\n'))}`;
}
/** More would make a job that takes Redis and a worker long. */
const MAX_EVENTS = 50;

export interface ForwardJob extends CrashCount {
  readonly version?: number;
  readonly deployment: string;
  /** The configured source's name. */
  readonly source: string;
  readonly dead?: DeadKind;
  /** Of the span that made it, while somebody traces: W3C Trace Context. */
  readonly traceparent?: string;
  /** Its age counts from here: epoch milliseconds. */
  readonly replayedAtMs?: number;
  /** What the first attempt met, which was made before there was this job (first-attempt.ts). */
  readonly firstFailure?: FirstFailure;
}

/** A DeliveryFailed as it lies in a job. `ms`: how long the attempt took. */
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
  /** Makes an event durable. Waits for as long as Redis does: a caller that cannot wait uses `keptWithin`. */
  keep(event: ChangeEvent): Promise<void>;
  /**
   * For one of several events that could not be recorded: it is tried again by itself. `madeAtMs`: since when it waits.
   */
  keepAlone(event: ChangeEvent, madeAtMs: number, suspicion?: CrashCount): Promise<void>;
  /** Also for a sink that only other replicas have. */
  forward(
    sink: Pick<Sink, 'name'>,
    delivery: { readonly deployment: Deployment },
    options?: { readonly afterMs?: number; readonly firstFailure?: FirstFailure },
  ): Promise<void>;
  /** Ids of jobs under way, of all queues; a few are enough. */
  underWay(): Promise<readonly string[]>;
  backlog(): Promise<Readonly<Record<string, Backlog>>>;
  /** For dead letters. */
  all(): Promise<readonly Queue[]>;
  close(): Promise<void>;
}

/** Dead letters stay for 30 days: time enough for somebody to come back from holidays and replay them. */
const DEAD_LETTER_SECONDS = 30 * 86_400;
/** More than one is many. */
const SOME = 1;
/** Bounded by age instead (retry.ts): the number only has to be larger than any schedule needs. */
const ATTEMPTS = 100_000;

export function createQueues(producer: Redis, sinkNames: readonly string[]): Queues {
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
  const addEvents = async (events: readonly ChangeEvent[], options: JobsOptions = {}, suspicion?: CrashCount) => {
    const queue = await queueOf(RECORD_QUEUE);
    const job: RecordJob = { version: versionFor(events), events, ...suspicion };
    await queue.add('events', job, { jobId: recordJobId(events), ...options });
  };
  const keepSoon = inBatches(addEvents, MAX_EVENTS);
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
    keep: keepSoon,
    async keepAlone(event, madeAtMs, suspicion) {
      await addEvents([event], { timestamp: madeAtMs }, suspicion);
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
 * BullMQ asks Redis for its version once, when a queue is made, and never recovers when that fails: so they are made
 * when needed, again if they must.
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
  const queue = new Queue(name, {
    connection: producer,
    prefix: PREFIX,
    defaultJobOptions: {
      attempts: ATTEMPTS,
      backoff: { type: 'custom' },
      removeOnComplete: true,
      removeOnFail: { age: DEAD_LETTER_SECONDS },
    },
  });
  queue.on('error', () => {}); // each caller handles its own failure; the connection logs the rest
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
 * BullMQ waits for ever when Redis was never reached or is frozen: our own clock decides. The write may still land; ids
 * make that harmless.
 */
export async function keptWithin(limitMs: number, write: Promise<unknown>): Promise<void> {
  try {
    await within(limitMs, write, () => {
      throw new NotKept(`Redis did not take it within ${limitMs} ms`);
    });
  } catch (cause) {
    throw cause instanceof NotKept ? cause : new NotKept('Redis did not take it', { cause });
  }
}
