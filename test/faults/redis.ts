import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { startTestRedis } from '../support/redis.ts';
import { type Settling, type Tally, tally } from './checker.ts';
import { type Probe, percentile, type Shot, startProbe } from './prober.ts';
import { ackTimes } from './processes.ts';
import { ms, type Run, type Scenario, until } from './scenario.ts';
import { type Replica, type Stage, spoolFiles } from './stage.ts';

/** Longest answer, whatever Redis does. */
const ANSWER_MS = 2_000;
/** A small machine that runs other tests beside this one. */
const SLACK_MS = 250;
const BACK_MS = 5_000;

const Ready = z.object({
  status: z.string(),
  reasons: z.array(z.string()),
  redis: z.object({ warnings: z.array(z.string()) }).nullish(),
  spool: z.object({ entries: z.number() }).nullish(),
});

async function readyz(stage: Stage): Promise<z.infer<typeof Ready> | undefined> {
  const { body } = await stage.get('/readyz').catch(() => ({ body: undefined }));
  return Ready.safeParse(body).data;
}

/** Redis is used and the spool is empty. That a sink waits is its destination's doing. */
export async function isReady(stage: Stage): Promise<boolean> {
  const { reasons } = (await readyz(stage)) ?? { reasons: ['no answer'] };
  return reasons.every((reason) => reason.startsWith('sink '));
}

/** Redis is well again: the bridge must use it by itself, empty its spool, and lose nothing. */
async function recovers(run: Run, stage: Stage, probe: Probe, settling: Settling = {}): Promise<Tally> {
  const backMs = await until(() => isReady(stage), { withinMs: 60_000 });
  run.check(backMs !== undefined, 'not ready again after a minute');
  run.onTime(backMs !== undefined && backMs <= BACK_MS, `ready again after ${backMs && ms(backMs)}, 5 s allowed`);
  run.note(`ready again after ${backMs === undefined ? 'more than a minute' : ms(backMs)}`);
  await probe.done;
  return tally(stage, probe.shots, settling);
}

function answersInTime(run: Run, probe: Probe): void {
  const slowest = Math.max(...probe.shots.map((shot) => shot.ms));
  run.onTime(slowest <= ANSWER_MS + SLACK_MS, `slowest answer ${ms(slowest)}, 2 s allowed`);
  run.note(`slowest answer ${ms(slowest)}`);
}

/** "503 ×12, no answer ×3". */
function statuses(shots: readonly Shot[]): string {
  const counts = new Map<string, number>();
  for (const { status = 'no answer' } of shots) counts.set(String(status), (counts.get(String(status)) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${status} ×${count}`).join(', ');
}

const allAcked = (run: Run, { shots }: Probe) => {
  const refused = shots.filter(({ acked }) => !acked);
  run.check(refused.length === 0, `${refused.length} without a 2xx: ${statuses(refused)}`);
};

/** Lines of the log that are errors: a refused delivery is a warning and has a count of its own. */
function errorLines({ output }: Replica): readonly string[] {
  return output()
    .split('\n')
    .filter((line) => line.includes('"level":50'));
}

/** `redis: connect ECONNREFUSED` and the like, each once. */
const causes = (lines: readonly string[]): string =>
  [
    ...new Set(
      lines.map((line) => `${/"where":"([^"]*)"/.exec(line)?.[1]}: ${/"message":"([^"]{0,60})/.exec(line)?.[1]}`),
    ),
  ].join(' | ');

/** F6: gone, under load. */
export const redisDown: Scenario = (run) =>
  run.on({ direct: true }, async (stage) => {
    const downMs = run.long ? 60_000 : 3_000;
    const { events } = run.plan({ events: (run.perSecond * (downMs + 3_000)) / 1000 });
    const probe = startProbe(events, { urls: stage.urls, perSecond: run.perSecond });
    await wait(500 + run.random() * 500);
    await stage.redis.kill9();
    await wait(downMs);
    const lines = errorLines(stage.replicas[0]);
    run.check(
      lines.length <= downMs / 1000 + 3,
      `${lines.length} error lines in ${downMs / 1000} s, one a second allowed (${causes(lines)})`,
    );
    run.note(`${lines.length} error lines in ${downMs / 1000} s`);
    await stage.redis.restart();
    const done = await recovers(run, stage, probe);
    answersInTime(run, probe);
    allAcked(run, probe);
    return done;
  });

/** F6: not there when the bridge starts. */
export const redisLate: Scenario = (run) =>
  run.on({ direct: true, idle: true }, async (stage) => {
    await stage.redis.kill9();
    const [bridge] = stage.replicas;
    await bridge.start();
    const probe = startProbe(run.plan().events, { urls: stage.urls, perSecond: run.perSecond });
    await wait(1_500 + run.random() * 1_500);
    await stage.redis.restart();
    const done = await recovers(run, stage, probe);
    allAcked(run, probe);
    return done;
  });

/** F6 without a spool: nothing is acknowledged while Redis is away, and the sender hears of it in time. */
export const redisDownWithoutSpool: Scenario = (run) =>
  run.on({ direct: true, config: { spool_max_mib: 0.000_001 } }, async (stage) => {
    const { events } = run.plan({ events: run.perSecond * 6 });
    const probe = startProbe(events, { urls: stage.urls, perSecond: run.perSecond, retry: 'on-failure' });
    await wait(500 + run.random() * 500);
    await stage.redis.kill9();
    await wait(2_500);
    const [bridge] = stage.replicas;
    const away = await fetch(`${bridge.url}/livez`);
    run.check(away.ok, 'the bridge does not answer while Redis is away');
    const refused = probe.shots.filter(({ status }) => status === 503).length;
    run.check(refused > 0, 'no 503 was seen');
    await stage.redis.restart();
    const done = await recovers(run, stage, probe);
    answersInTime(run, probe);
    const odd = probe.shots.filter(({ acked, status }) => !acked && status !== 503);
    run.check(odd.length === 0, `other answers than 2xx and 503: ${statuses(odd)}`);
    return done;
  });

/** F7: Redis takes connections and says nothing. */
export const redisHangs: Scenario = (run) =>
  run.on({}, async (stage) => {
    const hangMs = run.long ? 60_000 : 3_500;
    const { events } = run.plan({ events: (run.perSecond * (hangMs + 2_500)) / 1000 });
    const probe = startProbe(events, { urls: stage.urls, perSecond: run.perSecond });
    await wait(300 + run.random() * 700);
    stage.wire.setBlackHole(true);
    await wait(hangMs);
    stage.wire.setBlackHole(false);
    const done = await recovers(run, stage, probe);
    answersInTime(run, probe);
    allAcked(run, probe);
    run.check(probe.mostUnderWay() <= 1_000, `${probe.mostUnderWay()} requests open at once, 1,000 allowed`);
    run.note(`at most ${probe.mostUnderWay()} requests open at once`);
    return done;
  });

/** F7, F13 in the network: connections are reset again and again. */
export const redisCut: Scenario = (run) =>
  run.on({}, async (stage) => {
    const probe = startProbe(run.plan().events, { urls: stage.urls, perSecond: run.perSecond });
    for (let cuts = 0; cuts < 6; cuts += 1) {
      await wait(run.random() * 700);
      stage.wire.cut();
      if (cuts % 2 === 0) {
        stage.wire.setResetAfterSend(true);
        await wait(200);
        stage.wire.setResetAfterSend(false);
      }
    }
    const done = await recovers(run, stage, probe);
    answersInTime(run, probe);
    allAcked(run, probe);
    return done;
  });

/** F8: the machine of Redis does not lose what Redis was delivered to flush. A kill is all that a test can do: the kernel keeps the rest. */
const redisRestarts =
  (appendfsync: string): Scenario =>
  (run) =>
    run.on({ direct: true, redis: { appendfsync } }, async (stage) => {
      const { events } = run.plan({ events: run.perSecond * 6 });
      const probe = startProbe(events, { urls: stage.urls, perSecond: run.perSecond });
      for (let restarts = 0; restarts < 2; restarts += 1) {
        await wait(500 + run.random() * 1_500);
        await stage.redis.kill9();
        await stage.redis.restart();
      }
      const done = await recovers(run, stage, probe);
      return { ...done, allowed: { lost: appendfsync === 'always' ? 0 : run.perSecond } };
    });
export const redisRestartsEverysec = redisRestarts('everysec');
export const redisRestartsAlways = redisRestarts('always');

/** F9: everything in Redis is gone: by FLUSHALL, then with an empty instance in its place. */
export const redisForgets: Scenario = (run) =>
  run.on({ direct: true }, async (stage) => {
    const before = startProbe(run.plan({ events: 100 }).events, { urls: stage.urls, perSecond: run.perSecond });
    await before.done;
    await wait(run.random() * 300);
    await stage.client.flushall();
    await stage.redis.kill9();
    stage.redis.loseData();
    await stage.redis.restart();
    stage.alert24.changes.length = 0;
    stage.gitlab.deployments.length = 0;
    const startedMs = performance.now();
    const known = errorLines(stage.replicas[0]).length;
    const plan = run.plan({ from: 100_000 });
    const probe = startProbe(plan.events, { urls: stage.urls, perSecond: run.perSecond });
    const flowing = await until(() => stage.alert24.changes.length > 0, { withinMs: 20_000 });
    run.check(
      flowing !== undefined && flowing <= BACK_MS,
      `new events flow after ${flowing && ms(flowing)}, 5 s allowed`,
    );
    await probe.done;
    // What was sent is recorded and delivered first; a hot loop never comes to rest.
    let cpu = Number.POSITIVE_INFINITY;
    const isAtRest = async () => {
      cpu = await commandsPerSecond(stage);
      return cpu < 200;
    };
    await until(isAtRest, { withinMs: 60_000 });
    run.check(cpu < 200, `${cpu} commands a second at rest: a hot loop`);
    const lines = errorLines(stage.replicas[0]).slice(known);
    const seconds = (performance.now() - startedMs) / 1000;
    run.check(lines.length <= seconds, `${lines.length} error lines in ${Math.round(seconds)} s (${causes(lines)})`);
    run.note(`new events flow after ${flowing && ms(flowing)}; ${cpu} commands a second at rest`);
    // What was reported before the loss is what the row is about: it is gone, and new webhooks are not.
    const old = new Set(before.shots.map(({ life }) => life.externalId));
    const fresh = stage.alert24.changes.filter(({ external_id = '' }) => !old.has(external_id));
    stage.alert24.changes.splice(0, Number.POSITIVE_INFINITY, ...fresh);
    const done = await tally(stage, probe.shots);
    // A worker may have had a webhook of before the loss in its hands.
    return { ...done, wrong: done.wrong.filter((words) => !words.includes('never sent')) };
  });

async function commandsPerSecond({ client }: Stage): Promise<number> {
  const count = async () => Number(/total_commands_processed:(\d+)/.exec(await client.info('stats'))?.[1]);
  const before = await count();
  await wait(1_000);
  return (await count()) - before;
}

/** F10: full, and it drops nothing. */
export const redisFull: Scenario = (run) =>
  run.on({}, async (stage) => {
    const { events } = run.plan({ events: run.perSecond * 6 });
    const probe = startProbe(events, { urls: stage.urls, perSecond: run.perSecond });
    await wait(500 + run.random() * 500);
    await stage.client.config('SET', 'maxmemory', '1mb');
    await wait(2_500);
    const ready = await readyz(stage);
    run.check(ready?.status !== 'ready', '/readyz is "ready" while Redis is full');
    run.check(/OOM|memory|full/i.test(ready?.reasons.join() ?? ''), `/readyz does not say why: ${ready?.reasons}`);
    await stage.client.config('SET', 'maxmemory', '0');
    const done = await recovers(run, stage, probe);
    answersInTime(run, probe);
    return done;
  });

/** F11: may drop what it was given. */
export const redisEvicts: Scenario = (run) =>
  run.on({ redis: { 'maxmemory-policy': 'allkeys-lru' }, idle: true }, async (stage) => {
    const [bridge] = stage.replicas;
    const refused = await bridge.start().then(
      () => false,
      () => true,
    );
    const ready = await readyz(stage);
    run.note(refused ? 'it does not start' : `/readyz: ${ready?.status}; warnings: ${ready?.redis?.warnings.join()}`);
    run.check(
      refused || bridge.output().includes('maxmemory-policy'),
      'it starts and says nothing of maxmemory-policy on its standard output',
    );
    const probe = startProbe(refused ? [] : run.plan({ events: 50 }).events, { urls: stage.urls, perSecond: 100 });
    await probe.done;
    if (refused)
      return { sent: 0, acked: 0, recorded: 0, delivered: 0, lost: 0, duplicate: 0, wrong: [], settledMs: 0 };
    return tally(stage, probe.shots);
  });

/** F12: the primary dies, and the replica takes its place behind the same address. */
export const redisFailsOver: Scenario = async (run) => {
  const second = await startTestRedis();
  try {
    return await run.on({}, async (stage) => {
      const other = stage.client.duplicate({ host: '127.0.0.1', port: second.port });
      await other.replicaof('127.0.0.1', String(stage.redis.port));
      await until(async () => /master_link_status:up/.test(await other.info('replication')), { withinMs: 15_000 });
      const probe = startProbe(run.plan().events, { urls: stage.urls, perSecond: run.perSecond });
      await wait(1_000 + run.random() * 500);
      await stage.redis.kill9();
      await wait(700);
      await other.replicaof('NO', 'ONE');
      stage.wire.setTarget(second.port);
      const done = await recovers(run, stage, probe);
      other.disconnect();
      // Redis copies to a replica after it has answered: what lay between the two is lost without WAIT.
      return { ...done, allowed: { lost: Math.ceil(run.perSecond / 4) } };
    });
  } finally {
    await second.stop();
  }
};

/** A script that does not end, until the returned function kills it by a connection that was there before. */
async function beginBusy({ client }: Stage): Promise<() => Promise<unknown>> {
  const killer = client.duplicate();
  killer.on('error', () => {});
  await killer.ping();
  const script = client.eval('while true do end', 0).catch(() => undefined);
  return async () => {
    await killer.script('KILL');
    killer.disconnect();
    await script;
  };
}

/** F13: the answers of a Redis that is there and cannot. */
export const redisRefuses: Scenario = (run) =>
  run.on({ direct: true }, async (stage) => {
    const { client } = stage;
    await client.config('SET', 'busy-reply-threshold', '100');
    const { events } = run.plan({ events: run.perSecond * 9 });
    const probe = startProbe(events, { urls: stage.urls, perSecond: run.perSecond });
    const nowhere = '1'; // a port where nobody is
    await wait(400);
    await client.replicaof('127.0.0.1', nowhere); // READONLY
    await wait(1_000);
    await client.replicaof('NO', 'ONE');
    await wait(400);
    await client.script('FLUSH'); // NOSCRIPT
    await wait(400);
    const endBusy = await beginBusy(stage); // BUSY
    await wait(1_200);
    await endBusy();
    await wait(400);
    await stage.redis.kill9(); // LOADING
    await stage.redis.restart();
    const done = await recovers(run, stage, probe);
    answersInTime(run, probe);
    allAcked(run, probe);
    run.check(stage.replicas[0].isRunning(), 'the bridge ended');
    return done;
  });

/** F13 at rest: an error that comes at once is no reason to ask again at once. Each begins under load, which then ends. */
export const redisRefusesAtRest: Scenario = (run) =>
  run.on({ direct: true }, async (stage) => {
    const [bridge] = stage.replicas;
    const { client } = stage;
    await client.config('SET', 'busy-reply-threshold', '100');
    const shots: Shot[] = [];
    const measure = async (name: string) => {
      const lines = errorLines(bridge).length;
      const cpuMs = bridge.cpuMs();
      await wait(3_000);
      const share = (bridge.cpuMs() - cpuMs) / 3_000;
      const more = errorLines(bridge).slice(lines);
      run.check(share <= 0.25, `${name}: ${Math.round(share * 100)} % of a core at rest`);
      run.check(more.length <= 4, `${name}: ${more.length} error lines in 3 s (${causes(more)})`);
      run.note(`${name}: ${Math.round(share * 100)} % of a core, ${more.length} lines in 3 s`);
    };
    const underLoad = async (name: string, begin: () => Promise<unknown>, end: () => Promise<unknown>) => {
      const { events } = run.plan({ events: run.perSecond * 2, from: 1 + shots.length });
      const probe = startProbe(events, { urls: stage.urls, perSecond: run.perSecond });
      await wait(500 + run.random() * 500);
      await begin();
      await probe.done;
      await wait(500);
      await measure(name);
      await end();
      shots.push(...probe.shots);
    };
    await underLoad(
      'READONLY',
      () => client.replicaof('127.0.0.1', '1'),
      () => client.replicaof('NO', 'ONE'),
    );
    await underLoad(
      'OOM',
      () => client.config('SET', 'maxmemory', '1mb'),
      () => client.config('SET', 'maxmemory', '0'),
    );
    let endBusy: () => Promise<unknown> = async () => {};
    await underLoad(
      'BUSY',
      async () => (endBusy = await beginBusy(stage)),
      () => endBusy(),
    );
    const backMs = await until(() => isReady(stage), { withinMs: 30_000 });
    run.onTime(backMs !== undefined && backMs <= BACK_MS, `ready again after ${backMs && ms(backMs)}, 5 s allowed`);
    return tally(stage, shots);
  });

/** F14: each latency, then lost packets. */
export const redisSlow: Scenario = (run) =>
  run.on({}, async (stage) => {
    const plan = run.plan({ events: run.perSecond * (run.long ? 120 : 40) });
    const probe = startProbe(plan.events, { urls: stage.urls, perSecond: run.perSecond });
    const phaseMs = run.long ? 12_000 : 3_000;
    const measure = async (name: string, limitMs: number) => {
      const from = probe.shots.length;
      await wait(phaseMs);
      const times = probe.shots.slice(from, -1).flatMap((shot) => (shot.status === undefined ? [] : [shot.ms]));
      const p99 = percentile(times, 0.99);
      run.onTime(p99 <= limitMs, `${name}: p99 of the answers ${ms(p99)}, ${ms(limitMs)} allowed`);
      run.note(`${name}: p50 ${ms(percentile(times, 0.5))}, p99 ${ms(p99)}`);
    };
    for (const latencyMs of [100, 1_000, 5_000]) {
      stage.wire.setLatency(latencyMs);
      await measure(`${latencyMs} ms latency`, Math.min(latencyMs * 3 + 50, ANSWER_MS));
    }
    stage.wire.setLatency(1);
    await until(async () => ((await readyz(stage))?.spool?.entries ?? 1) === 0, { withinMs: 20_000 });
    stage.wire.setLoss(0.05);
    await measure('5 % of packets lost', ANSWER_MS);
    stage.wire.setLoss(0);
    probe.stop();
    const done = await recovers(run, stage, probe);
    allAcked(run, probe);
    return done;
  });

/** F15: the disk takes 64 KiB a file and no more. A shell's limit does what a full disk does: a part of the last write. */
export const diskFull: Scenario = (run) =>
  run.on(
    { direct: true, wrap: (command) => ['sh', '-c', 'ulimit -f 128; exec "$0" "$@"', ...command] },
    async (stage) => {
      const { events } = run.plan({ events: run.perSecond * 5 });
      const probe = startProbe(events, { urls: stage.urls, perSecond: run.perSecond });
      await wait(300 + run.random() * 300);
      await stage.redis.kill9();
      const full = await until(() => probe.shots.some(({ status }) => status === 503), { withinMs: 10_000 });
      run.check(full !== undefined, 'no 503 was seen when the disk was full');
      await wait(500);
      const ready = await readyz(stage);
      run.check(ready?.status !== 'ready', '/readyz is "ready" while the disk is full');
      await stage.redis.restart();
      return recovers(run, stage, probe);
    },
  );

/** F16: killed while it wrote, and a line that the disk damaged. */
export const spoolTorn: Scenario = (run) =>
  run.on({ direct: true }, async (stage) => {
    const [bridge] = stage.replicas;
    await stage.redis.kill9();
    const { events } = run.plan({ events: run.perSecond * 2, duplicates: 0 });
    const probe = startProbe(events, { urls: stage.urls, perSecond: run.perSecond });
    await wait(800 + run.random() * 1_000);
    await bridge.kill('SIGKILL');
    await probe.done;
    const file = spoolFiles(bridge).at(-1);
    if (file === undefined) throw new Error('there is no spool');
    const text = readFileSync(file, 'utf8');
    const [first = ''] = text.split('\n');
    // One acknowledged line is damaged; and a write that was under way, of what nobody acknowledged, is half there.
    writeFileSync(file, text.replace(first, `${first.slice(0, 40)}~${first.slice(41)}`));
    appendFileSync(file, first.slice(0, first.length / 2));
    await stage.redis.restart();
    await bridge.start();
    const done = await recovers(run, stage, probe, { withinMs: 12_000 });
    // The damaged one may be the end of a deployment, for which nobody has to wait long.
    const torn = () => bridge.output().match(/a line of the spool is damaged/g)?.length ?? 0;
    await until(() => torn() === 2, { withinMs: 10_000 }); // a log is written when there is time for it
    run.check(torn() === 2, `${torn()} damaged lines are reported, not 2`);
    run.note(`${done.acked} acknowledged from the spool, one line damaged and reported`);
    // The damaged webhook: never recorded, and with it perhaps the end of one deployment at two destinations.
    return { ...done, allowed: { lost: 3 } };
  });

/** F28: the rate of a busy day's worst second, for as long as the size says. */
export const burst: Scenario = (run) =>
  run.on({}, async (stage) => {
    const [bridge] = stage.replicas;
    const perSecond = run.long ? 1_000 : 500;
    const events = run.plan({ events: perSecond * (run.long ? 30 : 5), kinds: ['gitlab'] }).events;
    const probe = startProbe(events, { urls: stage.urls, perSecond });
    const rss: number[] = [];
    const watching = setInterval(() => rss.push(bridge.rssMib()), 200);
    await probe.done;
    const done = await tally(stage, probe.shots, { withinMs: run.long ? 600_000 : 120_000 });
    clearInterval(watching);
    allAcked(run, probe);
    ackTimes(
      run,
      probe.shots.map((shot) => shot.ms),
      250,
    );
    run.check(Math.max(...rss) <= 300, `RSS ${Math.round(Math.max(...rss))} MiB, 300 allowed`);
    run.note(
      `${perSecond} a second; RSS at most ${Math.round(Math.max(...rss))} MiB; drained ${ms(done.settledMs)} later`,
    );
    return done;
  });
