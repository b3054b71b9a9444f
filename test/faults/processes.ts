import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { UNWRITABLE } from '../support/unwritable.ts';
import { type Tally, tally } from './checker.ts';
import { percentile, startProbe } from './prober.ts';
import { ms, type Run, type Scenario, until } from './scenario.ts';
import type { Replica, Stage } from './stage.ts';

const answers = async ({ url }: Replica): Promise<boolean> =>
  (await fetch(`${url}/livez`).catch(() => undefined))?.ok ?? false;

/** Being killed is no fault of a webhook. */
const hasNoDeadLetters = async (stage: Stage): Promise<boolean> => {
  const { body } = await stage.get('/api/dead-letters');
  return (body as { data: readonly unknown[] }).data.length === 0; // our own API
};

/** F1, F3: receiver and worker are one process, and both die. */
export const killBridge: Scenario = (run) =>
  run.on({}, async (stage) => {
    const [bridge] = stage.replicas;
    const kills = run.long ? 20 : 5;
    const seconds = run.long ? 300 : Math.max(run.seconds, 6);
    const { events } = run.plan({ events: run.perSecond * seconds });
    const probe = startProbe(events, { urls: stage.urls, perSecond: run.perSecond });
    const backMs: number[] = [];
    for (let left = kills; left > 0; left -= 1) {
      await wait((seconds * 1000 * run.random()) / kills);
      await bridge.kill('SIGKILL');
      const killedMs = performance.now();
      await bridge.start();
      backMs.push(performance.now() - killedMs);
    }
    await probe.done;
    run.onTime(Math.max(...backMs) <= 3_000, `back after ${ms(Math.max(...backMs))}, 3 s allowed`);
    run.note(`${kills} kills, back after at most ${ms(Math.max(...backMs))}`);
    const done = await tally(stage, probe.shots);
    run.check(await hasNoDeadLetters(stage), 'a kill made a dead letter');
    return done;
  });

/** F3: the load goes to one bridge; the other, which only works, is killed with a delivery in its hands. */
export const killWorker: Scenario = (run) =>
  run.on({ replicas: 2 }, async (stage) => {
    const [receiver, worker] = stage.replicas as readonly [Replica, Replica]; // two are asked for
    const kills = run.long ? 20 : 3;
    const seconds = run.long ? 300 : Math.max(run.seconds, 6);
    // Slow destinations: there is always a delivery under way.
    stage.alert24.inject({ kind: 'delay', ms: 40, times: 1_000_000 });
    const { events } = run.plan({ events: run.perSecond * seconds });
    const probe = startProbe(events, { urls: [receiver.url], perSecond: run.perSecond });
    for (let left = kills; left > 0; left -= 1) {
      await wait((seconds * 1000 * run.random()) / kills);
      await worker.kill('SIGKILL');
      if (left > 1) await worker.start();
    }
    await probe.done;
    stage.alert24.heal();
    const done = await tally(stage, probe.shots);
    // What the last kill left behind is taken over by the other one.
    run.onTime(done.settledMs <= 35_000, `all delivered after ${ms(done.settledMs)}, 35 s allowed`);
    run.note(`${kills} kills; all delivered ${ms(done.settledMs)} after the last webhook`);
    run.check(await hasNoDeadLetters(stage), 'a kill made a dead letter');
    return done;
  });

/** F4: two replicas behind something that passes over one that refuses connections, each stopped in turn. */
export const rollingRestart: Scenario = (run) =>
  run.on({ replicas: 2 }, async (stage) => {
    const rounds = run.long ? 10 : 2;
    const { events } = run.plan({ events: run.perSecond * (rounds * 6 + 2) });
    const probe = startProbe(events, { urls: stage.urls, perSecond: run.perSecond, retry: 'on-failure' });
    const drainMs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const replica of stage.replicas) {
        await wait(200 + run.random() * 500);
        const termMs = performance.now();
        await replica.kill('SIGTERM');
        drainMs.push(performance.now() - termMs);
        run.check(replica.exitCode() === 0, `a bridge ended with ${replica.exitCode()}`);
        await replica.start();
      }
    }
    probe.stop();
    await probe.done;
    const unhappy = probe.shots.filter(({ acked, statuses }) => !acked || statuses.some((status) => status >= 300));
    run.check(
      unhappy.length === 0,
      `${unhappy.length} answered other than 2xx (${unhappy.map((shot) => shot.statuses)})`,
    );
    // A request that reaches a port in the very moment in which it is closed is reset by the kernel.
    const again = probe.shots.filter(({ tries }) => tries > 1).length;
    run.check(again <= probe.shots.length / 500, `${again} connections were reset`);
    run.onTime(Math.max(...drainMs) <= 10_000, `${ms(Math.max(...drainMs))} to drain, 10 s allowed`);
    run.note(
      `${rounds} rounds, drained in at most ${ms(Math.max(...drainMs))}; ${again} of ${probe.shots.length} sent again after a reset`,
    );
    return tally(stage, probe.shots);
  });

type Point = (stage: Stage, kill: () => void) => void;

function cutAt(reached: boolean, kill: () => void): 'pass' | 'drop' {
  if (!reached) return 'pass';
  kill();
  return 'drop';
}

/**
 * The points of a kill, seen from outside: the wire to Redis and the fake know how far the bridge has come. A dead letter
 * is made by one script of BullMQ's, so that nothing lies between adding and removing.
 */
const POINTS: Readonly<Record<string, Point>> = {
  'after verify, before anything is in Redis': (stage, kill) =>
    stage.wire.onRequest((bytes) => cutAt(bytes.includes('"verdict":"accepted"'), kill)),
  'in Redis, before the answer': (stage, kill) =>
    stage.wire.onRequest((bytes) => {
      if (bytes.includes('evt_')) setTimeout(kill, 1);
      return 'pass';
    }),
  'recorded, before the sinks are notified': (stage, kill) =>
    stage.wire.onRequest((bytes) => cutAt(bytes.includes('fwd_'), kill)),
  'announced, before the POST': (stage, kill) =>
    stage.wire.onRequest((bytes) => {
      if (bytes.includes('attempted_at')) setTimeout(kill, 0);
      return 'pass';
    }),
  'after the POST, before it is marked': (stage, kill) =>
    stage.alert24.onHandled(({ method }) => void (method === 'POST' && kill())),
  'marked, before the job is done': (stage, kill) =>
    stage.wire.onRequest((bytes) => {
      if (bytes.includes('told_state')) setTimeout(kill, 1);
      return 'pass';
    }),
};

/** F2: one kill at each point, under load. */
export const killAtPoints: Scenario = (run) =>
  run.on({}, async (stage) => {
    const [bridge] = stage.replicas;
    const rounds = run.long ? 5 : 1;
    const points = Object.entries(POINTS).flatMap((point) => Array.from({ length: rounds }, () => point));
    const { events } = run.plan({ events: run.perSecond * points.length * 3 });
    const probe = startProbe(events, { urls: stage.urls, perSecond: run.perSecond });
    for (const [name, arm] of points) {
      await wait(100 + run.random() * 500);
      let killed: Promise<void> | undefined;
      arm(stage, () => {
        killed ??= bridge.kill('SIGKILL');
      });
      const reached = await until(() => killed !== undefined, { withinMs: 10_000 });
      run.check(reached !== undefined, `the point "${name}" was not reached`);
      stage.wire.onRequest(undefined);
      await (killed ?? bridge.kill('SIGKILL'));
      await bridge.start();
    }
    probe.stop();
    await probe.done;
    run.note(`${points.length} kills at ${Object.keys(POINTS).length} points`);
    return tally(stage, probe.shots);
  });

/** F32: one of two bridges stands still for longer than its locks and leases live, then goes on. */
export const standStill: Scenario = (run) =>
  run.on({ replicas: 2 }, async (stage) => {
    stage.alert24.inject({ kind: 'delay', ms: 30, times: 1_000_000 });
    const { events } = run.plan();
    // What is sent to a bridge that stands still gets no answer: the other one must not be hindered by it.
    const probe = startProbe(events, {
      urls: stage.urls,
      perSecond: run.perSecond,
      retry: 'on-failure',
      patienceMs: 2_000,
    });
    const [first] = stage.replicas;
    for (const stillMs of run.long ? [2_000, 14_000, 2_000, 20_000, 14_000] : [2_000, 14_000]) {
      await wait(300 + run.random() * 700);
      first.signal('SIGSTOP');
      await wait(stillMs);
      first.signal('SIGCONT');
    }
    await probe.done;
    stage.alert24.heal();
    return tally(stage, probe.shots);
  });

/** F33: a heap of 192 MiB and a backlog that no destination takes. */
export const smallMemory: Scenario = (run) =>
  run.on({ wrap: ([node, ...rest]) => [node, '--max-old-space-size=192', ...rest] }, async (stage) => {
    const [bridge] = stage.replicas;
    await Promise.all([stage.alert24.down(), stage.gitlab.down()]);
    const { events } = run.plan({ events: run.long ? 100_000 : 6_000, kinds: ['gitlab'] });
    const probe = startProbe(events, { urls: stage.urls, perSecond: 600, retry: 'on-failure' });
    const rss: number[] = [];
    const watching = setInterval(() => void (bridge.isRunning() && rss.push(bridge.rssMib())), 200);
    await probe.done;
    await Promise.all([stage.alert24.up(), stage.gitlab.up()]);
    const done = await tally(stage, probe.shots, { withinMs: run.long ? 900_000 : 120_000 });
    clearInterval(watching);
    run.check(bridge.isRunning(), 'the bridge ended');
    run.check(Math.max(...rss) <= 300, `RSS ${Math.round(Math.max(...rss))} MiB, 300 allowed`);
    run.note(`${events.length} webhooks, RSS at most ${Math.round(Math.max(...rss))} MiB`);
    return done;
  });

/** F34: 256 file descriptors, and more connections than that. */
export const fewDescriptors: Scenario = (run) =>
  run.on({ wrap: (command) => ['sh', '-c', 'ulimit -n 256; exec "$0" "$@"', ...command] }, async (stage) => {
    const [bridge] = stage.replicas;
    const { events } = run.plan();
    const probe = startProbe(events, { urls: stage.urls, perSecond: run.perSecond, retry: 'on-failure' });
    await wait(500);
    const idle = await openIdle(bridge.url, 400);
    await wait(2_000);
    for (const socket of idle) socket.destroy();
    const backMs = await until(() => answers(bridge), { withinMs: 5_000 });
    run.onTime(backMs !== undefined, 'no answer within 5 s after the connections were gone');
    await probe.done;
    run.check(bridge.isRunning(), 'the bridge ended');
    return tally(stage, probe.shots);
  });

/** F41: standard outputs that take nothing, one bridge after the other. */
export const logUnwritable: Scenario = async (run) => {
  const dir = mkdtempSync(join(tmpdir(), 'shiplog-faults-log-'));
  let done: Tally | undefined;
  for (const [name, wrap] of Object.entries(UNWRITABLE)) {
    done = await run.on({ wrap: wrap(dir) }, async (stage) => {
      const [bridge] = stage.replicas;
      const { events } = run.plan();
      const probe = startProbe(events, { urls: stage.urls, perSecond: run.perSecond });
      await probe.done;
      const refused = probe.shots.filter(({ acked }) => !acked).length;
      run.check(refused === 0, `${name}: ${refused} without a 2xx`);
      const told = await tally(stage, probe.shots);
      const lost = Number(/^shiplog_log_lines_lost_total (\d+)/m.exec((await stage.metrics()) ?? '')?.[1]);
      run.check(lost > 0 || name.includes('nobody reads'), `${name}: no lost line is counted`);
      const startedMs = performance.now();
      await bridge.kill('SIGTERM');
      run.onTime(performance.now() - startedMs <= 10_000, `${name}: SIGTERM took ${ms(performance.now() - startedMs)}`);
      run.check(bridge.exitCode() === 0, `${name}: the bridge ended with ${bridge.exitCode()}`);
      run.check(told.lost + told.duplicate === 0, `${name}: ${told.lost} lost, ${told.duplicate} doubled`);
      run.note(`${name}: ${lost} lines lost`);
      return told;
    });
    rmSync(join(dir, 'log'), { force: true });
  }
  rmSync(dir, { recursive: true, force: true });
  if (!done) throw new Error('there is no output to try');
  return done;
};

/** Connections that say nothing. */
export async function openIdle(url: string, count: number) {
  const { connect } = await import('node:net');
  const { port } = new URL(url);
  return Array.from({ length: count }, () => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {}); // cut by the bridge
    return socket;
  });
}

export const ackTimes = (run: Run, times: readonly number[], limitMs: number): void => {
  const p99 = percentile(times, 0.99);
  run.onTime(p99 <= limitMs, `p99 of the answers ${ms(p99)}, ${ms(limitMs)} allowed`);
  run.note(`answers: p50 ${ms(percentile(times, 0.5))}, p99 ${ms(p99)}`);
};
