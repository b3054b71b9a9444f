import { DelayedError, type Job, RateLimitError, UnrecoverableError, type WorkerOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import type { ChangeEvent } from '../domain/change-event.ts';
import type { DeadKind } from '../domain/dead-letter-filter.ts';
import { DeliveryFailed, ResolveFailed } from '../domain/errors.ts';
import type { Forwarded } from '../forward.ts';
import type { Sink } from '../sinks/sink.ts';
import { PREFIX } from '../store/key-family.ts';
import { watchConnection } from './connection.ts';
import { createDirectRecorder, type DirectRecorder, type DirectRecorderParts } from './direct-recorder.ts';
import { keepRunning } from './keep-running.ts';
import { limiterOf } from './limiter.ts';
import { createQuarantine, isSuspect, type Quarantine, Quarantined } from './quarantine.ts';
import {
  eventsOf,
  type ForwardJob,
  forwardQueueName,
  JOB_VERSION,
  LOCK_MS,
  type Queues,
  RECORD_QUEUE,
  type RecordJob,
} from './queues.ts';
import { createRecordingLoad, RECORD_CONCURRENCY, type RecordingLoad } from './recording-load.ts';
import {
  asFailure,
  backoffMs,
  decideRetry,
  MAX_AGE_MS,
  type RetryDecision,
  recordFailure,
  resetStreak,
} from './retry.ts';
import { failuresOf, gateOf, type Hold, holdsOf, type SinkGate, type SinkGates } from './sink-gate.ts';
import { WatchedWorker } from './watched-worker.ts';

/** One attempt to deliver, for the log, the metrics and the pages. */
export interface Attempted {
  readonly sink: string;
  readonly deployment: string;
  readonly outcome: string;
  readonly ms: number;
  readonly error?: Error;
}

export interface WorkersParts {
  readonly connection: Redis;
  readonly record: (event: ChangeEvent) => Promise<void>;
  readonly keepAlone: Queues['keepAlone'];
  readonly underWay: Queues['underWay'];
  readonly leaveToWorker: Queues['leaveToWorker'];
  readonly forward: (sink: Sink, deployment: string, traceparent?: string) => Promise<Forwarded>;
  readonly sinks: readonly Sink[];
  /** One for each sink, shared with the recorder (first-attempt.ts): both count the same failures. */
  readonly gates: SinkGates;
  readonly onAttempt: (attempt: Attempted) => void;
  /** Called when a job becomes a dead letter. */
  readonly onDead: (death: { readonly queue: string; readonly kind: DeadKind }) => void;
  readonly onError: (where: string, error: Error) => void;
}

export interface Workers {
  /** Records webhooks that this process has just received. */
  readonly direct: DirectRecorder;
  holds(): Readonly<Record<string, Hold>>;
  /** Sinks whose last attempt failed, and why. */
  failures(): Readonly<Record<string, string>>;
  /** Why jobs are not processed; undefined when they are. A worker that could not start is restarted. */
  whyStopped(): string | undefined;
  /** Lets active jobs finish. `atOnce`: does not wait, as no job can finish while Redis is unreachable. */
  close(how: { readonly atOnce: boolean }): Promise<void>;
}

/** By then a newer worker may have taken it, or this one been replaced. */
const NEWER_AGAIN_MS = 5_000;
/** Recording fails only when Redis is unreachable, which passes, or for a bug, which a person must see. About 3 h. */
const RECORD_ATTEMPTS = 200;
/** The job of a killed worker is picked up by another one after lock and check interval: about 15 s. */
const durability = {
  // After a failover, not 15 s later.
  runRetryDelay: 1_000,
  lockDuration: LOCK_MS,
  stalledInterval: 5_000,
  // Most jobs that were active at a crash did not cause it. quarantine.ts finds the one that did.
  maxStalledCount: 1_000_000,
} satisfies Partial<WorkerOptions>;

export function createWorkers(parts: WorkersParts): Workers {
  const quarantine = createQuarantine();
  // Jobs that workers start meanwhile only make the list longer, and with several jobs none is marked as the cause.
  parts.underWay().then(quarantine.foundUnderWay, () => {});
  const common = {
    ...durability,
    prefix: PREFIX,
    connection: parts.connection,
    settings: { backoffStrategy: (attempt: number) => backoffMs(attempt) },
  };
  const load = createRecordingLoad(parts.record);
  const keepAgain: DirectRecorderParts['keepAgain'] = async (events) =>
    void (await Promise.all(events.map((event) => parts.keepAlone(event, Date.now()))));
  const recording = { ...parts, ...load, quarantine, keepAgain };
  const makers = [
    () => load.limits(createRecorder(recording, common)),
    ...parts.sinks.map((sink) => {
      const gate = gateOf(parts.gates, sink);
      return () => createForwarder(sink, { ...parts, gate, quarantine }, common);
    }),
  ];
  const all = makers.map((make) => keepRunning(make, { redis: parts.connection, onError: parts.onError }));
  const direct = createDirectRecorder({ ...recording, onError: (error) => parts.onError(RECORD_QUEUE, error) });
  return {
    direct,
    holds: () => holdsOf(parts.gates),
    failures: () => failuresOf(parts.gates),
    whyStopped: () => all.map((kept) => kept.whyStopped()).find((why) => why !== undefined),
    async close({ atOnce }) {
      if (!atOnce) await quarantine.release();
      await Promise.all([atOnce || direct.close(), ...all.map((kept) => kept.close(atOnce))]);
    },
  };
}

interface RecorderParts extends WorkersParts {
  readonly keepAgain: DirectRecorderParts['keepAgain'];
  readonly quarantine: Quarantine;
  readonly counting: RecordingLoad['counting'];
}

function createRecorder(parts: RecorderParts, common: WorkerOptions): WatchedWorker<RecordJob> {
  const connections = new WeakMap<Job, () => boolean>();
  const recorder = new WatchedWorker<RecordJob>(
    RECORD_QUEUE,
    async (job: Job<RecordJob>, token) => {
      await leaveNewer(job, token);
      const isSame = watchConnection(parts.connection);
      connections.set(job, isSame);
      if (await isSplit(job, parts)) return;
      const work = () => recordAll(job, token, parts);
      await parts.counting(eventsOf(job.data).length, () => parts.quarantine.run(job, work).catch(unrecoverable));
      if (!isSame()) throw new Error('the connection to Redis changed while it was recorded: it is recorded again');
    },
    { ...common, concurrency: RECORD_CONCURRENCY },
  );
  // The command that ended it may have been sent again, to a server that lacks the records.
  recorder.on('completed', (job) => {
    if (connections.get(job)?.() === false)
      parts.keepAgain(eventsOf(job.data)).catch((error: Error) => parts.onError(RECORD_QUEUE, error));
  });
  recorder.on('failed', (_job, error) => {
    parts.onError(RECORD_QUEUE, error);
    if (error instanceof UnrecoverableError) parts.onDead({ queue: RECORD_QUEUE, kind: 'fault' });
  });
  return recorder;
}

/** One event of a batch crashed the process: gives each event its own job, so that all others are recorded. */
async function isSplit(job: Job<RecordJob>, { keepAlone }: Pick<WorkersParts, 'keepAlone'>): Promise<boolean> {
  const events = eventsOf(job.data);
  if (!isSuspect(job) || events.length === 1) return false;
  // It is not known yet which of them was the cause.
  await Promise.all(events.map((event) => keepAlone(event, job.timestamp, { unfinished: 0 })));
  return true;
}

function unrecoverable(error: unknown): never {
  throw error instanceof Quarantined ? new UnrecoverableError(error.message) : error;
}

/** During an upgrade older and newer workers run side by side: jobs that this one does not understand are postponed. */
async function leaveNewer(job: Job<{ readonly version?: number }>, token: string | undefined): Promise<void> {
  if ((job.data.version ?? JOB_VERSION) <= JOB_VERSION) return;
  await job.moveToDelayed(Date.now() + NEWER_AGAIN_MS, token);
  throw new DelayedError();
}

/** Failed events of a batch become jobs of their own, so that only they are retried. */
async function recordAll(
  job: Job<RecordJob>,
  token: string | undefined,
  { record, keepAlone }: Pick<WorkersParts, 'record' | 'keepAlone'>,
): Promise<void> {
  const events = eventsOf(job.data);
  const results = await Promise.allSettled(events.map(record));
  const failures = results.flatMap((result, at) => {
    const event = events[at];
    return event && result.status === 'rejected' ? [{ event, error: result.reason as unknown }] : [];
  });
  const [first] = failures;
  if (first && events.length === 1) return recordLater(first.error, { job, token, event: first.event });
  await Promise.all(failures.map(({ event }) => keepAlone(event, job.timestamp)));
}

/**
 * A lookup that the tool's API cannot answer yet is retried for as long as deliveries are. Any other error is a bug of
 * our own.
 */
async function recordLater(
  error: unknown,
  { job, token, event }: { readonly job: Job; readonly token: string | undefined; readonly event: ChangeEvent },
): Promise<never> {
  if (!(error instanceof ResolveFailed)) {
    if (job.attemptsMade + 1 < RECORD_ATTEMPTS) throw error;
    throw new UnrecoverableError(error instanceof Error ? error.message : String(error));
  }
  if (Date.now() - (event.replayedAtMs ?? job.timestamp) > MAX_AGE_MS)
    throw new UnrecoverableError(`given up: ${error.message}`);
  if (typeof error.retry === 'string') throw error;
  await job.moveToDelayed(Date.now() + error.retry.afterMs, token);
  throw new DelayedError();
}

type Forwarder = WatchedWorker<ForwardJob>;

function createForwarder(
  sink: Sink,
  parts: WorkersParts & { gate: SinkGate; quarantine: Quarantine },
  common: WorkerOptions,
): Forwarder {
  const { gate } = parts;
  const { streak } = gate;
  const worker: Forwarder = new WatchedWorker(
    forwardQueueName(sink.name),
    async (job: Job<ForwardJob>, token) => {
      await leaveNewer(job, token);
      const { deployment, traceparent } = job.data;
      const startedMs = performance.now();
      const report = (outcome: string, error?: Error) =>
        parts.onAttempt({
          sink: sink.name,
          deployment,
          outcome,
          ms: Math.round(performance.now() - startedMs),
          ...(error && { error }),
        });
      try {
        await failAsBefore(job);
        const deliver = () => gate.run(() => parts.forward(sink, deployment, traceparent));
        report(await parts.quarantine.run(job, deliver));
        resetStreak(streak);
        gate.hold = undefined;
        worker.concurrency = sink.concurrency;
      } catch (error) {
        const failure = asFailure(error);
        const step = decideRetry(failure, {
          madeAtMs: job.data.replayedAtMs ?? job.timestamp,
          nowMs: Date.now(),
          streak: recordFailure(streak, failure, deployment),
        });
        // Waiting for a lease is not worth a log entry; an answer of the destination is.
        if (step.kind !== 'busy') report(step.kind, failure);
        else if (failure.status !== undefined) report('retry', failure);
        // Only one delivery tests whether the destination accepts requests again, so that a rejected key is not sent
        // five times.
        if (step.kind === 'hold') worker.concurrency = 1;
        if (step.kind === 'hold') gate.hold = { why: failure.message, until: new Date(Date.now() + step.afterMs) };
        if (step.kind === 'dead') {
          const dead = error instanceof DeliveryFailed ? 'refused' : 'fault';
          await job.updateData({ ...job.data, dead });
          parts.onDead({ queue: worker.name, kind: dead });
        }
        return await take(step, job, { worker, token });
      }
    },
    { ...common, concurrency: 1, limiter: limiterOf(sink.ratePerMinute) },
  );
  return worker;
}

/** @throws DeliveryFailed with the error of the first attempt, when that was made before this job existed; once. */
async function failAsBefore(job: Job<ForwardJob>): Promise<void> {
  const { firstFailure, ...data } = job.data;
  if (!firstFailure) return;
  await job.updateData(data);
  throw new DeliveryFailed(firstFailure.message, firstFailure);
}

async function take(
  step: RetryDecision,
  job: Job,
  { worker, token }: { worker: Forwarder; token: string | undefined },
): Promise<never> {
  switch (step.kind) {
    case 'dead':
      throw new UnrecoverableError(step.why);
    case 'hold':
      await worker.rateLimit(step.afterMs);
      throw new RateLimitError();
    case 'busy':
      await job.moveToDelayed(Date.now() + step.afterMs, token);
      throw new DelayedError();
    case 'retry':
      throw step.error;
  }
}
