import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { FORMAT } from '../../src/store/format.ts';
import { keys } from '../../src/store/keys.ts';
import { startSentinels } from '../support/topologies.ts';
import { readFixture } from '../upgrade/load-fixture.ts';
import { readChanges, tally } from './checker.ts';
import { startProbe } from './prober.ts';
import type { Run, Scenario } from './scenario.ts';
import type { Stage, StageWishes } from './stage.ts';

/** Deployments of the fixture: 1 to 8 in Redis, 11 to 13 in the spool. */
const LEFT = [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13].map(
  (number) => `gitlab:git.harbor.example:77:job:${15_664_214_900 + number}`,
);

/** F42: this release starts on what 0.1.0 left, under load; then it meets what a newer one left. */
export const fromFormat1: Scenario = (run) =>
  run.on({ direct: true, idle: true }, async (stage) => {
    const [bridge] = stage.replicas;
    const fixture = readFixture('test/upgrade/format-1');
    await fixture.load(stage.client);
    fixture.spool(bridge.dataDir);
    await bridge.start();
    const { events } = run.plan({ from: 1_000_000 });
    const probe = startProbe(events, { urls: stage.urls, perSecond: run.perSecond });
    await probe.done;
    const done = await tally(stage, probe.shots, { others: new Set(LEFT) });
    const unhappy = probe.shots
      .filter(({ acked }) => !acked)
      .map(({ status, ms }) => `${status} after ${Math.round(ms)} ms`);
    run.check(unhappy.length === 0, `${unhappy.length} without a 2xx: ${unhappy.slice(0, 5).join(', ')}`);
    const shown = await readChanges(stage);
    const missing = LEFT.filter((key) => !shown.has(key));
    run.check(missing.length === 0, `of what 0.1.0 left, ${missing.join(', ')} is not shown`);
    const format = await stage.client.get(keys.format());
    run.check(format === String(FORMAT), `the storage format is ${format}`);
    await refusesNewer(run, stage);
    run.note(`${LEFT.length} deployments of 0.1.0 shown; storage format ${format}; format 99 refused`);
    return done;
  });

async function refusesNewer(run: Run, stage: Stage): Promise<void> {
  const [bridge] = stage.replicas;
  await bridge.kill('SIGTERM');
  await stage.client.set(keys.format(), '99');
  const before = new Set(await stage.client.keys('*'));
  const { code, output } = await bridge.startInVain();
  run.check(code === 1, `on a newer format it ended with ${code}`);
  run.check(
    /storage format 99/.test(output),
    `it does not say that the format is a newer one: ${output.slice(0, 300)}`,
  );
  const added = (await stage.client.keys('*')).filter((key) => !before.has(key));
  run.check(added.length === 0, `it wrote to what a newer release made: ${added.join(', ')}`);
}

/** F45: one of two bridges on one Redis has no key for Alert24, and does half of the work. */
export const unlikeReplicas: Scenario = (run) =>
  run.on({ replicas: 2, lacks: [[], ['alert24']] }, async (stage) => {
    const { events } = run.plan();
    const probe = startProbe(events, { urls: stage.urls, perSecond: run.perSecond });
    await probe.done;
    const done = await tally(stage, probe.shots);
    const said = stage.replicas.filter((replica) =>
      /the configurations of the replicas differ/.test(replica.output()),
    ).length;
    run.check(said > 0, 'no replica warns that the configurations differ');
    run.note(`${said} of 2 replicas warn`);
    return done;
  });

const AHEAD_MS = 401 * 86_400_000;
/** Retention looks every 15 s. */
const AHEAD_FOR_MS = 20_000;

/** F46: the bridge's clock is a year and more ahead for a while; Redis keeps its own. */
export const clockFarAhead: Scenario = (run) => {
  const clock = `./test/faults/clock.mjs?offsets=${AHEAD_MS},0`;
  return run.on({ wrap: ([node, ...rest]) => [node, '--import', clock, ...rest] }, async (stage) => {
    const [bridge] = stage.replicas;
    const { events } = run.plan();
    const probe = startProbe(events, { urls: stage.urls, perSecond: run.perSecond });
    await probe.done;
    const done = await tally(stage, probe.shots);
    bridge.signal('SIGWINCH');
    await wait(AHEAD_FOR_MS);
    const shown = (await readChanges(stage)).size;
    bridge.signal('SIGWINCH');
    run.check(shown === done.recorded, `${done.recorded - shown} of ${done.recorded} deployments were forgotten`);
    run.note(
      `${shown} of ${done.recorded} deployments shown after ${AHEAD_FOR_MS / 1000} s with a clock 401 days ahead`,
    );
    return done;
  });
};

/** A checkout of the release before, built: `npm run faults -- --earlier <path>`. */
const { FAULTS_EARLIER } = process.env;
export const hasEarlier = FAULTS_EARLIER !== undefined && FAULTS_EARLIER !== '';

const PER_SECOND = 50;

/** One replica after the other is exchanged, there, back, and there again. The release before knows no Sentinel. */
async function exchange(run: Run, wishes: (isEarlier: () => boolean) => Omit<StageWishes, 'random'>) {
  let isEarlier = true;
  return run.on({ replicas: 2, ...wishes(() => isEarlier) }, async (stage) => {
    const { events } = run.plan({ events: PER_SECOND * 120 });
    const probe = startProbe(events, { urls: stage.urls, perSecond: PER_SECOND, retry: 'on-failure' });
    for (const next of [false, true, false]) {
      isEarlier = next;
      for (const replica of stage.replicas) {
        await wait(1_000 + run.random() * 500);
        await replica.kill('SIGTERM');
        const said = replica.output().slice(-300);
        // How the release before ends is not judged any more.
        if (next) run.check(replica.exitCode() === 0, `a bridge ended with ${replica.exitCode()}: ${said}`);
        await replica.start();
      }
    }
    await wait(1_000);
    probe.stop();
    await probe.done;
    const unhappy = probe.shots.filter(({ acked }) => !acked).length;
    run.check(unhappy === 0, `${unhappy} without a 2xx`);
    run.note('there, back and there again');
    return tally(stage, probe.shots);
  });
}

/** F5a */
export const upgradeAndBack: Scenario = (run) =>
  exchange(run, (isEarlier) => ({ direct: true, wrap: earlierIf(isEarlier) }));

const earlierIf =
  (isEarlier: () => boolean): NonNullable<StageWishes['wrap']> =>
  ([node, main, ...rest]) => [node, isEarlier() ? join(FAULTS_EARLIER ?? '', 'dist/main.js') : (main ?? ''), ...rest];

/** F5b */
export const upgradeOnSentinel: Scenario = async (run) => {
  const topology = await startSentinels();
  try {
    const address = `redis://127.0.0.1:${await topology.primaryPort()}/0`;
    return await exchange(run, (isEarlier) => ({
      direct: true,
      wrap: earlierIf(isEarlier),
      configNow: () =>
        isEarlier() ? { redis_url: address } : { redis_url: null, redis: topology.settings, durability: 'replicated' },
    }));
  } finally {
    await topology.stop();
  }
};
