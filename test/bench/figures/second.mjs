import { setTimeout as wait } from 'node:timers/promises';
import { emptyQueue, pauseQueue, resumeQueue } from '../queues.mjs';
import { interleave, median, ratio } from '../rounds.mjs';
import { untilDelivered } from './delivering.mjs';

const AMOUNT_EACH = 300;
/** A process that has just started takes several times as long for its first thousand changes. */
const WARM_UPS = 4;
const SECONDS = 1.2;
/** Each way. So far away, a bridge mostly waits for Redis, and two of them have room on two cores beside everything else. */
const WIRE_MS = 2;
const CONNECTIONS_EACH = 4;
const LEAST = 1.7;
/** Webhooks whose senders have gone come in for a while yet. */
const STRAGGLERS_MS = 300;

/** A second bridge beside the first, on the same Redis. */
export const second = {
  names: ['second'],
  async measure(stage, { rounds }) {
    stage.addLoad();
    const wire = await stage.add(stage.script('./wire.mjs'));
    const { port } = await wire.call('listen', { redisPort: stage.redis.port, delayMs: WIRE_MS });
    const redisUrl = `redis://127.0.0.1:${port}/0`;
    const first = await stage.shiplog({ redisUrl });
    await warmUp(stage, first);
    const runs = await interleave(
      [
        { name: 'one', run: () => runBoth(stage, [first]) },
        { name: 'two', run: () => withSecond(stage, { first, redisUrl }) },
      ],
      rounds,
    );
    await first.stop();
    const row = (about, name) => ({
      about: `two processes, Redis ${2 * WIRE_MS} ms away: ${about}`,
      against: 'one process',
      least: LEAST,
      value: ratio(runs.two, runs.one, (run) => run[name].perSecond),
      said: `${whole(runs.two, name)} to ${whole(runs.one, name)}/s`,
      bad: runs.two.reduce((sum, run) => sum + run[name].bad, 0),
    });
    return [row('webhooks answered/s', 'received'), row('changes/s all the way', 'all')];
  },
};

const whole = (runs, name) => Math.round(median(runs.map((run) => run[name].perSecond)));

/** It ends with the round: one that is idle beside the first would work for it. */
async function withSecond(stage, { first, redisUrl }) {
  const other = await stage.shiplog({ redisUrl });
  await warmUp(stage, other);
  const runs = await runBoth(stage, [first, other]);
  await other.stop();
  return runs;
}

async function warmUp(stage, bridge) {
  for (let run = 0; run < WARM_UPS; run++) await runDelivered(stage, [bridge]);
}

async function runBoth(stage, bridges) {
  return { received: await runReceived(stage, bridges), all: await runDelivered(stage, bridges) };
}

async function runReceived(stage, bridges) {
  await pauseQueue(stage.redis, 'record');
  const runs = await everywhere(stage, bridges, { seconds: SECONDS, warmMs: 300 });
  await wait(STRAGGLERS_MS);
  await emptyQueue(stage.redis, 'record');
  await resumeQueue(stage.redis, 'record');
  return { perSecond: runs.reduce((all, { perSecond }) => all + perSecond, 0), bad: badOf(runs) };
}

async function runDelivered(stage, bridges) {
  await stage.forget();
  const runs = await everywhere(stage, bridges, { amount: AMOUNT_EACH });
  const bad = badOf(runs);
  const done = AMOUNT_EACH * bridges.length - bad;
  const { lastUs } = await untilDelivered(stage, ['alert24'], done);
  return { perSecond: (done * 1_000_000) / (lastUs - Math.min(...runs.map(({ startUs }) => startUs))), bad };
}

const everywhere = (stage, bridges, wish) =>
  Promise.all(
    bridges.map(({ port }, load) =>
      stage.saturate({ kind: 'deployment', port, connections: CONNECTIONS_EACH, load, ...wish }),
    ),
  );

const badOf = (runs) => runs.reduce((all, { bad, errors }) => all + bad + errors, 0);
