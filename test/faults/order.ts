import { setTimeout as wait } from 'node:timers/promises';
import { gitlabDeploymentHook, SECRET } from '../support/bridge.ts';
import { readChanges, type Tally, tally } from './checker.ts';
import type { Life, Told } from './plan.ts';
import { percentile, type Shot, startProbe } from './prober.ts';
import { ms, type Scenario, until } from './scenario.ts';
import type { Stage } from './stage.ts';

/** F25: the same delivery again and again, at once, through two bridges, and by another hook with another id. */
export const duplicates: Scenario = (run) =>
  run.on({ replicas: 2 }, async (stage) => {
    const plan = run.plan({ events: run.long ? 60 : 30, duplicates: 0, outOfOrder: 0 });
    const parallel = plan.events.flatMap((event) => Array.from({ length: 20 }, () => event));
    // So fast that the twenty are under way together, some at either bridge.
    const probe = startProbe(parallel, { urls: stage.urls, perSecond: 2_000 });
    await probe.done;
    const again = plan.events.flatMap((event) => Array.from({ length: 5 }, () => event));
    const later = startProbe(again, { urls: stage.urls, perSecond: run.perSecond });
    await later.done;
    for (const { life } of plan.events) if (life.kind === 'gitlab') await sendJobHook(stage, life);
    const done = await tally(stage, [...probe.shots, ...later.shots]);
    run.check(done.recorded === plan.lives.length, `${done.recorded} recorded for ${plan.lives.length} deployments`);
    run.note(`${plan.lives.length} deployments, each event 25 times`);
    return done;
  });

/** GitLab's job hook of the same deployment: another event, another delivery id. */
async function sendJobHook({ urls }: Stage, { number, end }: Life): Promise<void> {
  const { project } = gitlabDeploymentHook();
  const hook = {
    object_kind: 'build',
    ref: 'main',
    build_id: number,
    build_name: 'deploy',
    build_stage: 'deploy',
    build_status: end === 'succeeded' ? 'success' : end,
    build_finished_at: new Date().toISOString(),
    environment: { name: 'production', action: 'start' },
    project_id: project.id,
    project,
    repository: { name: project.name, homepage: project.web_url },
    commit: { sha: '4b825dc642cb6eb9a060e54bf8d69288fbee4904' },
  };
  const headers = { 'content-type': 'application/json', 'x-gitlab-token': SECRET, 'x-gitlab-event': 'Job Hook' };
  const answer = await fetch(`${urls[number % urls.length]}/webhooks/gitlab`, {
    method: 'POST',
    headers,
    body: JSON.stringify(hook),
  });
  await answer.arrayBuffer();
}

const ORDER = ['pending', 'running', 'end'] as const;

/** F26: every order of a deployment's webhooks, one of them twice, and a `running` that comes when all is over. */
export const reordering: Scenario = (run) =>
  run.on({}, async (stage) => {
    const orders = permutations(ORDER).flatMap((order) => ORDER.map((doubled) => [...order, doubled]));
    const plan = run.plan({ events: orders.length * 3 * 2 });
    const groups = plan.lives
      .slice(0, orders.length * 2)
      .map((life, index) =>
        (orders[index % orders.length] ?? []).map((step): Told => ({ life, state: step === 'end' ? life.end : step })),
      );
    // Step by step over all deployments, so that what is of one deployment comes in its order.
    const events = Array.from({ length: 4 }, (_, step) =>
      groups.flatMap((group) => group.slice(step, step + 1)),
    ).flat();
    const probe = startProbe(events, { urls: stage.urls, perSecond: 300 });
    await probe.done;
    const before = await tally(stage, probe.shots);
    const late = groups.map((group): Told => ({ life: group[0]?.life ?? fail(), state: 'running' }));
    const after = startProbe(late, { urls: stage.urls, perSecond: 300 });
    await after.done;
    const done = await tally(stage, [...probe.shots, ...after.shots]);
    const states = await readChanges(stage);
    const unfinished = groups.filter(([told]) => told && states.get(told.life.key) !== told.life.end);
    run.check(unfinished.length === 0, `${unfinished.length} deployments did not end as they should`);
    run.check(before.delivered === done.delivered, 'a late webhook made another delivery');
    run.note(`${orders.length} orders, ${groups.length} deployments`);
    return done;
  });

const fail = (): never => {
  throw new Error('a deployment without webhooks');
};

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) =>
    permutations(items.filter((_, at) => at !== index)).map((rest) => [item, ...rest]),
  );
}

/** F29: one deployment that reports itself without end, beside others. */
export const hotKey: Scenario = (run) =>
  run.on({}, async (stage) => {
    const count = run.long ? 5_000 : 600;
    const hooks = (from: number, step: 0 | 1) =>
      Array.from({ length: count }, (_, at) => hotHook(from + at * step, at));
    // A process that has just started takes four times the processor time.
    const warm = await deliverSome(stage, { ...run, from: 20_000, perSecond: 50 }, hooks(700_000_000, 1));
    await tally(stage, warm.shots, { withinMs: 240_000 });
    const normal = await deliverSome(stage, { ...run, from: 1, perSecond: 50 }, hooks(800_000_000, 1));
    await tally(stage, [...warm.shots, ...normal.shots], { withinMs: 240_000 });
    const beside = await deliverSome(stage, { ...run, from: 10_000, perSecond: 50 }, hooks(900_000_000, 0));
    const limitMs = 2 * percentile(normal.times, 0.99) + 50;
    const p99 = percentile(beside.times, 0.99);
    run.onTime(p99 <= limitMs, `the others are delivered after ${ms(p99)} (p99), ${ms(limitMs)} allowed`);
    const [bridge] = stage.replicas;
    run.note(
      `${count} webhooks of one deployment; others: p99 ${ms(p99)}, beside as many deployments ${ms(percentile(normal.times, 0.99))}; RSS ${Math.round(bridge.rssMib())} MiB`,
    );
    const done = await tally(stage, [...warm.shots, ...normal.shots, ...beside.shots], { withinMs: 240_000 });
    run.note(`all recorded ${ms(done.settledMs)} after the last webhook`);
    return { ...done, wrong: done.wrong.filter((words) => !words.includes('never sent')) };
  });

/** Failed, once a second anew: each is a record of its own. Nothing of it goes to a destination. */
function hotHook(deployment: number, index: number): { headers: Record<string, string>; body: string } {
  const sha = String(deployment).padStart(40, '0');
  const hook = gitlabDeploymentHook({
    status: 'failed',
    short_sha: sha.slice(-8),
    commit_url: `https://git.harbor.example/harbor/lighthouse-api/-/commit/${sha}`,
    deployable_id: deployment,
    deployment_id: deployment,
    status_changed_at: new Date(Date.now() - 7_200_000 + index * 1000).toISOString(),
  });
  return { headers: { 'content-type': 'application/json', 'x-gitlab-token': SECRET }, body: JSON.stringify(hook) };
}

interface Some {
  readonly from: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly plan: (wishes: { events: number; from: number; failing: number }) => { events: readonly Told[] };
}

async function deliverSome(
  stage: Stage,
  some: Some,
  hot: readonly { headers: Record<string, string>; body: string }[],
) {
  const { events } = some.plan({ events: some.perSecond * some.seconds, from: some.from, failing: 0 });
  const heating = heat(stage, hot);
  const probe = startProbe(events, { urls: stage.urls, perSecond: some.perSecond });
  await probe.done;
  await heating;
  const ids = [...new Set(probe.shots.map(({ life }) => life.externalId))];
  const has = () => ids.every((id) => stage.alert24.changes.some((change) => change.external_id === id));
  await until(has, { withinMs: 240_000, everyMs: 100 });
  return { shots: probe.shots, times: endTimes(stage, probe.shots) };
}

/** Webhooks a second of the hot deployment: twice the default load of all. */
const HOT_PER_SECOND = 100;

async function heat({ urls }: Stage, hot: readonly { headers: Record<string, string>; body: string }[]): Promise<void> {
  const startMs = performance.now();
  const sent: Promise<void>[] = [];
  for (const [index, one] of hot.entries()) {
    const dueInMs = startMs + (index / HOT_PER_SECOND) * 1000 - performance.now();
    if (dueInMs > 1) await wait(dueInMs);
    sent.push(
      fetch(`${urls[0]}/webhooks/gitlab`, { method: 'POST', ...one }).then((answer) => void answer.arrayBuffer()),
    );
  }
  await Promise.all(sent);
}

/** Milliseconds from an acknowledged success to its change at Alert24. */
function endTimes({ alert24 }: Stage, shots: readonly Shot[]): number[] {
  const madeMs = new Map(alert24.changes.map((change) => [change.external_id, Date.parse(change.created_at)]));
  return shots.flatMap(({ life, state, sentAtMs }) => {
    const at = state === 'succeeded' ? madeMs.get(life.externalId) : undefined;
    return at === undefined || at < sentAtMs ? [] : [at - sentAtMs];
  });
}

/** F31: the bridge's clock jumps while it works, there and back. Redis keeps its own. */
export const clockJumps: Scenario = (run) =>
  run.on({ wrap: ([node, ...rest]) => [node, '--import', './test/faults/clock.mjs', ...rest] }, async (stage) => {
    const [bridge] = stage.replicas;
    // Deliveries that wait: an early dead letter would be one of them.
    stage.alert24.inject({ kind: 'status', status: 500, method: 'POST', every: 4, times: 1_000_000 });
    const { events } = run.plan({ events: run.perSecond * 9 });
    const probe = startProbe(events, { urls: stage.urls, perSecond: run.perSecond });
    for (let jumps = 0; jumps < 7; jumps += 1) {
      await wait(700 + run.random() * 500);
      bridge.signal('SIGWINCH'); // the next of the jumps that the preload knows
    }
    await probe.done;
    // A retry that was planned while the clock was a day ahead is due in a day: the last jump takes it there.
    bridge.signal('SIGWINCH');
    const done: Tally = await tally(stage, probe.shots, { withinMs: 120_000 });
    const dead = /^shiplog_dead_letters\{queue="forward-alert24"\} (\d+)/m.exec((await stage.metrics()) ?? '')?.[1];
    run.check(dead === '0', `${dead} dead letters`);
    run.check(bridge.isRunning(), 'the bridge ended');
    run.note('+1 h, −1 h, +1 d, −1 d and back; then a day on, for what was planned in the future');
    return done;
  });
