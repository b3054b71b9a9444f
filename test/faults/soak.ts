import { setTimeout as wait } from 'node:timers/promises';
import { type Tally, tally } from './checker.ts';
import { startProbe } from './prober.ts';
import type { Run, Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

/** Few enough that what came of each can be compared at the end. */
const PER_SECOND = 20;
/** After this everything has been used once, and memory should grow no more. */
const WARM_SHARE = 0.25;
const GROWTH_ALLOWED_MIB = 40;

type Fault = (stage: Stage, run: Run) => Promise<void>;

/** The first bridge lives through all of them, so that its memory can be watched; the second one is killed as well. */
const FAULTS: Readonly<Record<string, Fault>> = {
  async 'bridge killed'({ replicas: [, second] }) {
    await second?.kill('SIGKILL');
    await second?.start();
  },
  async 'bridge restarted'({ replicas: [, second] }) {
    await second?.kill('SIGTERM');
    await second?.start();
  },
  async 'bridge stands still'({ replicas: [first] }) {
    first.signal('SIGSTOP');
    await wait(2_000);
    first.signal('SIGCONT');
  },
  async 'Redis killed'({ redis }) {
    await redis.kill9();
    await wait(1_500);
    await redis.restart();
  },
  async 'wire cut'({ wire }) {
    wire.cut();
  },
  async 'wire swallows everything'({ wire }) {
    wire.setBlackHole(true);
    await wait(3_000);
    await wire.heal();
  },
  async 'Alert24 fails'({ alert24 }) {
    alert24.inject({ kind: 'status', status: 500, method: 'POST', ratio: 0.5, times: 100 });
  },
  async 'answers get lost'({ alert24, gitlab }) {
    for (const fake of [alert24, gitlab]) fake.inject({ kind: 'lost-reply', method: 'POST', ratio: 0.3, times: 30 });
  },
};

/** Faults one after the other, at random, for as long as it is told; then what is left over. */
export const soak: Scenario = (run) =>
  run.on({ replicas: 2 }, async (stage) => {
    const seconds = run.long ? 1_800 : 60;
    const { events } = run.plan({ events: PER_SECOND * seconds });
    const probe = startProbe(events, { urls: stage.urls, perSecond: PER_SECOND, retry: 'on-failure' });
    const rss: number[] = [];
    const measuring = setInterval(() => rss.push(stage.replicas[0].rssMib()), 1_000);
    const made = await disturb(stage, run, seconds);
    await probe.done;
    clearInterval(measuring);
    for (const fake of [stage.alert24, stage.gitlab]) fake.heal();
    const done: Tally = await tally(stage, probe.shots, { withinMs: 240_000 });
    const [warm, last] = [WARM_SHARE, 1].map((share) => middle(rss, share));
    run.check((last ?? 0) - (warm ?? 0) <= GROWTH_ALLOWED_MIB, `RSS grew from ${warm} to ${last} MiB`);
    const left = await leftovers(stage);
    run.check(left.length === 0, `left in Redis: ${left.slice(0, 5)}`);
    run.note(
      `${Math.round(seconds / 60)} min, ${made} faults; RSS ${warm} MiB after a quarter, ${last} MiB at the end`,
    );
    return done;
  });

async function disturb(stage: Stage, run: Run, seconds: number): Promise<number> {
  const all = Object.values(FAULTS);
  const endMs = performance.now() + seconds * 1_000;
  let made = 0;
  while (performance.now() < endMs - 10_000) {
    await wait(2_000 + run.random() * 8_000);
    await all[Math.floor(run.random() * all.length)]?.(stage, run);
    made += 1;
  }
  return made;
}

/** MiB, around this share of the time: memory goes up and down between two collections of garbage. */
function middle(samples: readonly number[], share: number): number {
  const end = Math.max(1, Math.round(samples.length * share));
  const around = samples.slice(Math.max(0, end - Math.ceil(samples.length / 8)), end).sort((a, b) => a - b);
  return Math.round(around[Math.floor(around.length / 2)] ?? 0);
}

/** Leases that nobody holds any more, and keys of a deployment that would stay for ever. */
async function leftovers({ client }: Stage): Promise<string[]> {
  const left: string[] = [];
  for await (const names of client.scanStream({ match: '{shiplog}:*', count: 1_000 })) {
    for (const name of names as string[]) {
      if (/:(?:lock|lease:.*)$/.test(name)) left.push(name);
      if (/:(?:change|ledger|attempts|remote|alias|echo):/.test(name) && (await client.ttl(name)) < 0) left.push(name);
    }
  }
  return left;
}
