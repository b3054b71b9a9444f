import { setTimeout as wait } from 'node:timers/promises';
import { interleave, median, ratio } from '../rounds.mjs';
import { untilDelivered, WARM_AMOUNT } from './delivering.mjs';

const ANSWER_SECONDS = 2;
const RELAY_SECONDS = 3;
const ANSWERS_PER_SECOND = 300;
const CHANGES_PER_SECOND = 50;

/** How soon a webhook is answered, at a pace that leaves everybody idle most of the time. */
export const answering = {
  names: ['answer'],
  async measure(stage, { rounds }) {
    const ours = await stage.shiplog();
    const floor = await stage.contender('floor');
    await warmUp(stage, ours, floor);
    const run = ({ port }) => paced(stage, { port, perSecond: ANSWERS_PER_SECOND, seconds: ANSWER_SECONDS });
    const runs = await play({ ours: () => run(ours), theirs: () => run(floor) }, rounds);
    await ours.stop();
    return compare(runs, { about: `answer at ${ANSWERS_PER_SECOND}/s`, against: 'floor', most: { p50: 2.5, p99: 3 } });
  },
};

/** How soon a change is at the destination, from the moment the webhook is sent, and how often Redis is asked for it. */
export const relaying = {
  names: ['relay'],
  async measure(stage, { rounds }) {
    const ours = await stage.shiplog();
    const usual = await stage.contender('usual-stack');
    await warmUp(stage, ours, usual);
    const against = 'usual-stack, one hop';
    const runs = await play({ ours: () => relay(stage, ours), theirs: () => relay(stage, usual) }, rounds);
    await ours.stop();
    const about = `webhook sent → Alert24 has it, at ${CHANGES_PER_SECOND}/s`;
    return [
      ...compare(runs, { about, against, most: { p50: 2.5, p99: 3 } }),
      {
        about: 'round trips to Redis a change',
        against,
        most: 8,
        value: median(runs.ours.map(({ reads }) => reads)),
        unit: '',
        said: `to ${median(runs.theirs.map(({ reads }) => reads)).toFixed(1)}`,
      },
    ];
  },
};

async function relay(stage, { port }) {
  await stage.forget();
  const before = await stage.redis.reads();
  const { sentUs, from, ok, bad } = await paced(stage, { port, perSecond: CHANGES_PER_SECOND, seconds: RELAY_SECONDS });
  await untilDelivered(stage, ['alert24'], ok);
  const reads = (await stage.redis.reads()) - before;
  const arrivals = await stage.destinations.call('arrivals', { at: 'alert24' });
  const ms = [...sentUs].map((us, index) => (arrivals.get(from + index) - us) / 1_000).sort((a, b) => a - b);
  const at = (share) => ms[Math.ceil(share * ms.length) - 1];
  return { p50: at(0.5), p99: at(0.99), longest: ms.at(-1), reads: reads / ok, bad };
}

async function paced(stage, wish) {
  const result = await stage.pace({ kind: 'deployment', ...wish });
  await wait(200); // what it left is done before the next begins
  return result;
}

/** A cold process may not keep up with the pace. */
async function warmUp(stage, ours, theirs) {
  for (const { port } of [theirs, ours]) {
    await stage.forget();
    const { ok } = await stage.saturate({ kind: 'deployment', port, amount: WARM_AMOUNT });
    if (port === ours.port) await untilDelivered(stage, ['alert24'], ok);
  }
  await ours.drained();
}

function play(runs, rounds) {
  return interleave(
    Object.entries(runs).map(([name, run]) => ({ name, run })),
    rounds,
  );
}

const compare = ({ ours, theirs }, { about, against, most }) =>
  ['p50', 'p99'].map((at) => ({
    about: `${about}, ${at}`,
    against,
    most: most[at],
    value: ratio(ours, theirs, (run) => run[at]),
    said: `${ms(ours, at)} to ${ms(theirs, at)}${at === 'p99' ? longest(ours) : ''}`,
    bad: [...ours, ...theirs].reduce((sum, { bad }) => sum + bad, 0),
  }));

const ms = (runs, at) => `${median(runs.map((run) => run[at])).toFixed(2)} ms`;

function longest(runs) {
  const worst = Math.max(...runs.map((run) => run.longest ?? 0));
  return worst > 0 ? `; the longest of all ${worst.toFixed(0)} ms` : '';
}
