// `npm run bench -- --compare <commit>`: this tree against another commit, so that a regression is seen before it lands.

import { sendAndDeliver } from './figures/delivering.mjs';
import { openPages } from './figures/pages.mjs';
import { createRuns, openShiplog } from './figures/receiving.mjs';
import { median, ratio } from './rounds.mjs';
import { openStage } from './stage.mjs';

/** Slower than this is a regression: the rest is within what the runs of one tree differ by. */
const LEAST = 0.97;
const MOST = 1.03;
const WARM_AMOUNT = 1_000;
const AMOUNT = 2_000;

const ROWS = {
  started: 'deployment hooks answered/s',
  receiving: 'deployment hooks answered/s, work paused',
  'receiving pipeline': '12 kB pipeline hooks/s',
  alert24: 'changes/s all the way to Alert24',
  both: 'changes/s all the way to Alert24 and GitLab',
};

/** @param trees the stages' options (`root`, `node`) of this tree and of the other. */
export async function compareTrees({ ours, theirs, rounds }) {
  const measured = {
    ...(await interleaveTrees({ ours, theirs, rounds, openRuns: openReceiving })),
    ...(await interleaveTrees({ ours, theirs, rounds, openRuns: openTelling })),
  };
  const pages = await interleaveTrees({ ours, theirs, rounds, openRuns: openPages });
  const costs = Object.entries(measured).map(([name, [mine, other]]) => ({
    about: `${ROWS[name].replace('/s', '')}: processor of the bridge for each`,
    against: 'the other commit',
    most: MOST,
    value: ratio(mine, other, ({ cpuUs }) => cpuUs),
    said: [mine, other].map((runs) => `${median(runs.map(({ cpuUs }) => cpuUs)).toFixed(0)} µs`).join(' to '),
  }));
  const speeds = Object.entries(measured).map(([name, [mine, other]]) => ({
    about: ROWS[name],
    against: 'the other commit',
    least: LEAST,
    value: ratio(mine, other, perSecond),
    said: `${middle(mine)} to ${middle(other)}/s`,
    bad: [...mine, ...other].reduce((sum, { bad, errors = 0 }) => sum + bad + errors, 0),
  }));
  return [...speeds, ...costs, ...Object.entries(pages).flatMap(([name, runs]) => pageRows(name, runs))];
}

/** What a page costs the server, and how long it takes until it is there: less is better. */
const pageRows = (name, [mine, other]) =>
  Object.entries({ cpuMs: 'processor', ms: 'until it is there' }).map(([figure, what]) => ({
    about: `list of 100,000 changes, ${name}: ${what}`,
    against: 'the other commit',
    most: 1,
    value: ratio(mine, other, (run) => run[figure]),
    said: [mine, other]
      .map(
        (runs) => `${median(runs.map((run) => run[figure])).toFixed(0)} ms, ${(runs[0].bytes / 1_000).toFixed(0)} kB`,
      )
      .join(' to '),
    bad: [...mine, ...other].reduce((sum, { bad }) => sum + bad, 0),
  }));

const perSecond = (run) => run.perSecond;
const middle = (runs) => Math.round(median(runs.map(perSecond)));

/** Both trees run all the while, each with a Redis and destinations of its own; their runs take turns. */
async function interleaveTrees({ ours: oursWish, theirs: theirsWish, rounds, openRuns }) {
  const stages = [await openStage(oursWish), await openStage(theirsWish)];
  try {
    const [mine, other] = [await openRuns(stages[0]), await openRuns(stages[1])];
    const sides = { ours: mine, theirs: other };
    const runs = Object.fromEntries(Object.keys(mine).map((name) => [name, { ours: [], theirs: [] }]));
    // A B, then B A: what a run leaves behind disturbs both alike.
    for (let round = 0; round < rounds; round += 1)
      for (const name of Object.keys(mine))
        for (const side of round % 2 ? ['theirs', 'ours'] : ['ours', 'theirs'])
          runs[name][side].push(await sides[side][name]());
    return Object.fromEntries(Object.entries(runs).map(([name, { ours, theirs }]) => [name, [ours, theirs]]));
  } finally {
    await Promise.all(stages.map((stage) => stage.close()));
  }
}

/** What a run takes of the processor is hardly changed by other work on the machine. */
const counting = (shiplog, run) => async () => {
  const before = shiplog.cpuMs();
  const result = await run();
  const { statuses, amount } = result;
  const count = amount ?? Object.values(statuses).reduce((sum, one) => sum + one, 0);
  return { ...result, cpuUs: ((shiplog.cpuMs() - before) * 1_000) / count };
};

async function openReceiving(stage) {
  const shiplog = await openShiplog(stage);
  const runs = createRuns(stage, shiplog);
  const named = ['started', 'receiving', 'receiving pipeline'].map((name) => [name, counting(shiplog, runs[name])]);
  return Object.fromEntries(named);
}

async function openTelling(stage) {
  const shiplog = await stage.shiplog({ sinks: [stage.sinks.alert24, stage.sinks.gitlab] });
  const send = async (kind, names, amount) => ({
    ...(await sendAndDeliver(stage, { kind, port: shiplog.port, amount, names })),
    amount,
  });
  const kinds = { alert24: ['deployment', ['alert24']], both: ['argocd', ['alert24', 'gitlab']] };
  for (const wish of Object.values(kinds)) await send(...wish, WARM_AMOUNT);
  const named = Object.entries(kinds).map(([name, wish]) => [name, counting(shiplog, () => send(...wish, AMOUNT))]);
  return Object.fromEntries(named);
}
