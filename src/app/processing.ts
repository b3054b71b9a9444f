import { ruleName } from '../domain/rules/routing.ts';
import { createForward } from '../forward.ts';
import type { Redis } from '../queue/connection.ts';
import { noDirectRecorder } from '../queue/direct-recorder.ts';
import { createFirstAttempts, type FirstAttempts } from '../queue/first-attempt.ts';
import { createQueues, type Queues } from '../queue/queues.ts';
import { createSinkGates, failuresOf, holdsOf } from '../queue/sink-gate.ts';
import { createWorkers, type Workers, type WorkersParts } from '../queue/workers.ts';
import { createRecord } from '../record.ts';
import { createNoteAlerts } from '../recording/alert-notes.ts';
import { createRecordAlerts } from '../recording/alerts.ts';
import { createReconcile } from '../recording/reconcile.ts';
import { scheduleReconcile } from '../recording/reconcile-schedule.ts';
import { createCatchUp } from '../recording/redeliver.ts';
import { createResolve } from '../recording/resolve.ts';
import type { Sink } from '../sinks/sink.ts';
import { createSourceNames } from '../sources/names.ts';
import { createPacker } from '../store/changes/packed/packer.ts';
import { rememberSinks } from '../store/changes/retention.ts';
import { createHolds } from '../store/holds.ts';
import { createInboxPacker } from '../store/inbox/packer.ts';
import { keys } from '../store/keys.ts';
import { claimChore, releaseChore } from '../store/replicas.ts';
import { currentTraceparent } from '../telemetry/current-span.ts';
import { logAttempt, logConclusion, logReport } from '../telemetry/lines.ts';
import { timeDelivery, timeRecording } from '../telemetry/timing.ts';
import { traceForwarding, traceRecording, traceState } from '../telemetry/tracing.ts';
import { alertPath, deploymentPath } from '../values/own-page.ts';
import { DAY_MS } from '../values/units.ts';
import { joinReplicas, type Replica } from './replica.ts';
import type { Shared } from './shared.ts';
import { shareHolds } from './shared-holds.ts';
import { createStores, type Stores } from './stores.ts';

export type Processing = ReturnType<typeof startProcessing>;

/** Starts the background work: recording, forwarding, and asking the tools for what was never reported. */
export function startProcessing(shared: Shared) {
  const { config, steady, clock, log, onError } = shared;
  const stores = createStores(steady, config, clock);
  const sinkNames = config.sinks.map(({ name }) => name);
  rememberSinks(steady, sinkNames).catch((error: unknown) => onError('prune', error));
  const packer = createPacker(steady);
  const inboxPacker = createInboxPacker(steady);
  const queues = createQueues(steady, sinkNames);
  const isWorking = config.roles.includes('work');
  const catchUp = createCatchUp({ ...stores, sinks: config.sinks, forward: queues.forward });
  const replica = joinReplicas({ config, redis: steady, log, onError, catchUp });
  const sinks = config.sinks.map((sink) => ({ ...sink, deliver: shared.around('deliver', traceState(sink.deliver)) }));
  const delivering = {
    gates: createSinkGates(sinks),
    forward: forwarding(shared, stores),
    onAttempt: noteAttempts(shared),
  };
  const firstAttempts = attemptingFirst(delivering, queues);
  const parts = { stores, sinks, firstAttempts, enqueue: queues.forward, replica };
  const { record, recordStep } = recording(shared, parts);
  const workers = isWorking ? startWorkers(shared, { ...queues, ...delivering, sinks, record }) : noWorkers(delivering);
  const sharedHolds = sharingHolds(shared, delivering);
  const reconcile = createReconcile({ sources: config.sources, deployments: stores.deployments, recordStep, clock });
  const schedule = scheduleReconcile({
    sources: isWorking ? config.sources : [],
    alone: (work) => alone(steady, 'reconcile', work),
    reconcile,
    reconciledUntil: stores.reconciledUntil,
    everyMs: config.reconcile.every_minutes * 60_000,
    lookBackMs: config.reconcile.max_days * DAY_MS,
    clock,
    onReport: (report) => logReport(log, report),
    onError: (error) => onError('reconcile', error),
  });
  return {
    reconcile,
    workers,
    replica,
    async prune() {
      if (!isWorking || !(await claimChore(steady, 'prune', PRUNE_ALONE_MS))) return;
      await Promise.all([stores.deployments.prune(), stores.inbox.prune(), stores.alerts.prune()]);
      await packer.packSome();
      await inboxPacker.packSome();
    },
    async close(how: { readonly atOnce: boolean }) {
      schedule.stop();
      replica.stop();
      sharedHolds.stop();
      await Promise.all([workers.close(how), how.atOnce || firstAttempts.close()]);
      await queues.close();
    },
  };
}

/** Shorter than the pause between two runs (chores.ts). */
const PRUNE_ALONE_MS = 10_000;
/** Longer than asking all tools takes; a replica that is killed meanwhile blocks the others for no longer. */
const RECONCILE_ALONE_MS = 10 * 60_000;

const sharingHolds = ({ steady, mask, clock, onError }: Shared, { gates }: Pick<WorkersParts, 'gates'>) =>
  shareHolds({
    gates,
    holds: createHolds(steady),
    failures: createHolds(steady, keys.failing),
    hide: mask.text,
    clock,
    onError,
  });

/** What it knows of the sinks, other replicas have told it. */
const noWorkers = ({ gates }: Pick<WorkersParts, 'gates'>): Workers => ({
  holds: () => holdsOf(gates),
  failures: () => failuresOf(gates),
  whyStopped: () => undefined,
  direct: noDirectRecorder,
  close: async () => {},
});

/** Does the work unless another replica is doing it. */
async function alone(redis: Redis, name: string, work: () => Promise<void>): Promise<void> {
  if (!(await claimChore(redis, name, RECONCILE_ALONE_MS))) return;
  try {
    await work();
  } finally {
    await releaseChore(redis, name);
  }
}

interface Recording {
  readonly stores: Stores;
  readonly sinks: readonly Sink[];
  readonly firstAttempts: FirstAttempts;
  readonly enqueue: Queues['forward'];
  readonly replica: Replica;
}

function recording(shared: Shared, { stores, sinks, firstAttempts, enqueue, replica }: Recording) {
  const { config, clock, mask, around, log, metrics, onError } = shared;
  const noteConclusion = logConclusion(log, metrics);
  return createRecord({
    ...stores,
    changeLog: { ...stores.changeLog, apply: around('apply', stores.changeLog.apply) },
    inbox: {
      conclude: around('conclude', async (webhook, conclusion) => {
        await stores.inbox.conclude(webhook, mask.value(conclusion));
        noteConclusion(webhook, conclusion);
      }),
    },
    hide: mask.value,
    noteAlerts: createNoteAlerts({
      ...stores,
      sources: config.sources,
      hide: mask.text,
      pageUrl: (id) => config.public_url && `${config.public_url}${alertPath(id)}`,
      clock,
      onRefused: (error) => onError('note', error),
    }),
    recordAlerts: createRecordAlerts({
      alerts: stores.alerts,
      routing: config.routing,
      hide: mask.value,
      keptMs: config.alerts.days * DAY_MS,
      clock,
    }),
    resolve: createResolve(config.sources, clock),
    sinks,
    repeatDetail: (record) => config.sources.find(({ name }) => name === record.instance)?.repeatDetail?.(record),
    forward: around('forward', firstAttempts.deliver),
    async forwardElsewhere(view, options) {
      const wanted = (await replica.sinksElsewhere()).filter((name) => !view.sinks || view.sinks.includes(name));
      await Promise.all(wanted.map((name) => enqueue({ name }, view, options)));
    },
    noteRules: ({ matched }) =>
      stores.ruleHits.note(config.rules.flatMap((rule, at) => (matched.includes(at) ? ruleName(rule, at) : []))),
  });
}

/** In a burst of webhooks: how many of each source are recorded, and delivered to each sink, at a time. */
const RECORDED_IN_BURST = 2;
const FORWARDED_IN_BURST = 1;

interface Work
  extends Pick<Queues, 'keepAlone' | 'underWay' | 'leaveToWorker'>,
    Pick<WorkersParts, 'sinks' | 'gates' | 'onAttempt'> {
  readonly record: ReturnType<typeof createRecord>['record'];
  readonly forward: ReturnType<typeof traceForwarding>;
}

function startWorkers(shared: Shared, { record, forward, ...work }: Work) {
  const { steady, clock, priority, metrics, traces, onError } = shared;
  return createWorkers({
    ...work,
    connection: steady,
    record: priority.later(traceRecording(timeRecording(record, metrics, clock), traces), {
      atOnce: RECORDED_IN_BURST,
      groupOf: ({ source }) => source,
    }),
    forward: priority.later((sink, key, parent) => forward(sink, key, { parent }), {
      atOnce: FORWARDED_IN_BURST,
      groupOf: ({ name }) => name,
    }),
    onDead: metrics.died,
    onError,
  });
}

type Delivering = Pick<Work, 'gates' | 'forward' | 'onAttempt'>;

const attemptingFirst = ({ forward, ...delivering }: Delivering, queues: Queues): FirstAttempts =>
  createFirstAttempts({
    ...delivering,
    forward: (sink, key, justWritten) => forward(sink, key, { parent: currentTraceparent(), justWritten }),
    enqueue: queues.forward,
    addFailure: queues.addFirstFailure,
  });

/** Makes one delivery: for the workers, and for first attempts. */
function forwarding({ config, clock, metrics, traces }: Shared, stores: Stores) {
  const forward = createForward({
    ...stores,
    clock,
    sourceName: createSourceNames(config.sources),
    pageUrl: (key) => config.public_url && `${config.public_url}${deploymentPath(key)}`,
    onDelivered: timeDelivery(metrics, clock),
  });
  return traceForwarding(forward, traces);
}

function noteAttempts({ log, metrics, traffic }: Shared): WorkersParts['onAttempt'] {
  const noteAttempt = logAttempt(log, metrics);
  return (attempt) => {
    noteAttempt(attempt);
    traffic.note(attempt);
  };
}
