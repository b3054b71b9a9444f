import { setTimeout as wait } from 'node:timers/promises';
import { startCluster, startSentinels, type Topology } from '../support/topologies.ts';
import { tally } from './checker.ts';
import { startProbe } from './prober.ts';
import { isReady } from './redis.ts';
import { ms, type Scenario, until } from './scenario.ts';

const PER_SECOND = 50;
const BACK_MS = 15_000;

interface Plan {
  readonly start: () => Promise<Topology>;
  /** There is no replica left until the old primary is back: only then can anything be replicated. */
  readonly needsReturn: boolean;
}

/** The primary dies under load, another takes over, the old one comes back as it was; and all of that once more. */
const failsOver =
  ({ start, needsReturn }: Plan): Scenario =>
  async (run) => {
    const topology = await start();
    const config = { redis_url: null, redis: topology.settings, durability: 'replicated' };
    try {
      return await run.on({ direct: true, config, replicas: 2 }, async (stage) => {
        const rounds = run.long ? 5 : 2;
        await until(() => isReady(stage), { withinMs: 60_000 });
        const { events } = run.plan({ events: PER_SECOND * 25 * rounds });
        const probe = startProbe(events, { urls: stage.urls, perSecond: PER_SECOND });
        for (let round = 0; round < rounds; round += 1) {
          await wait(1_000 + run.random() * 1_000);
          const killed = await topology.killPrimary();
          let fromMs = performance.now();
          await until(async () => ![killed, Number.NaN].includes(await topology.primaryPort()), { withinMs: 60_000 });
          if (!needsReturn) await until(() => isReady(stage), { withinMs: 60_000 });
          else {
            await topology.restart(killed);
            fromMs = performance.now();
            await until(() => isReady(stage), { withinMs: 60_000 });
          }
          const backMs = performance.now() - fromMs;
          run.onTime(backMs <= BACK_MS, `ready again after ${ms(backMs)}, 15 s allowed`);
          run.note(`ready again after ${ms(backMs)}`);
          if (!needsReturn) await topology.restart(killed);
          await wait(2_000 + run.random() * 2_000);
        }
        probe.stop();
        await probe.done;
        const refused = probe.shots.filter(({ acked }) => !acked).length;
        run.check(refused === 0, `${refused} without a 2xx`);
        await until(() => isReady(stage), { withinMs: 60_000 });
        return tally(stage, probe.shots);
      });
    } finally {
      await topology.stop();
    }
  };

/** F43 */
export const sentinelFailsOver = failsOver({ start: startSentinels, needsReturn: false });
/** F44 */
export const clusterFailsOver = failsOver({ start: startCluster, needsReturn: true });
