// `npm run bench -- --compare <commit>`: this tree against another commit, so that a regression is seen before it lands.

import { sendAndDeliver } from './figures/delivering.mjs';
import { openPages } from './figures/pages.mjs';
import { createRuns, openShiplog } from './figures/receiving.mjs';
import { interleave, median, ratio } from './rounds.mjs';
import { openStage } from './stage.mjs';

/** Slower than this is a regression: the rest is within what the runs of one tree differ by. */
const LEAST = 0.97;
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
  const speeds = Object.entries(measured).map(([name, [mine, other]]) => ({
    about: ROWS[name],
    against: 'the other commit',
    least: LEAST,
    value: ratio(mine, other, perSecond),
    said: `${middle(mine)} to ${middle(other)}/s`,
    bad: [...mine, ...other].reduce((sum, { bad, errors = 0 }) => sum + bad + errors, 0),
  }));
  return [...speeds, ...Object.entries(pages).flatMap(([name, runs]) => pageRows(name, runs))];
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
async function interleaveTrees({ ours, theirs, rounds, openRuns }) {
  const stages = [await openStage(ours), await openStage(theirs)];
  try {
    const [mine, other] = [await openRuns(stages[0]), await openRuns(stages[1])];
    const contenders = Object.keys(mine).flatMap((name) => [
      { name: `ours ${name}`, run: mine[name] },
      { name: `theirs ${name}`, run: other[name] },
    ]);
    const runs = await interleave(contenders, rounds);
    return Object.fromEntries(Object.keys(mine).map((name) => [name, [runs[`ours ${name}`], runs[`theirs ${name}`]]]));
  } finally {
    await Promise.all(stages.map((stage) => stage.close()));
  }
}

async function openReceiving(stage) {
  const { started, receiving, 'receiving pipeline': pipeline } = createRuns(stage, await openShiplog(stage));
  return { started, receiving, 'receiving pipeline': pipeline };
}

async function openTelling(stage) {
  const { port } = await stage.shiplog({ sinks: [stage.sinks.alert24, stage.sinks.gitlab] });
  const runs = {
    alert24: (amount) => sendAndDeliver(stage, { kind: 'deployment', port, amount, names: ['alert24'] }),
    both: (amount) => sendAndDeliver(stage, { kind: 'argocd', port, amount, names: ['alert24', 'gitlab'] }),
  };
  for (const run of Object.values(runs)) await run(WARM_AMOUNT);
  return { alert24: () => runs.alert24(AMOUNT), both: () => runs.both(AMOUNT) };
}
