// `npm run faults`: breaks Shiplog on purpose, in every way of test/faults/matrix.ts, and writes down what came of it.
//   --only F6,F7   these rows   --rounds 10   each so often   --seed 7   the first seed   --long   the matrix's own durations
//   --earlier ../shiplog-0.1.0   a checkout of the release before, built: upgrades and back are tried with it
// Without --only it also judges the limits of time in the tests of `npm test`, which itself judges none: that machine may be busy.
// Exit code 1 when a row fails. The table goes to standard output and into docs/reliability.md, between its two marks.
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { machineFacts, toText, writePage } from './page.mjs';
import {
  checkNode,
  orStop,
  prepareBuild,
  prepareNodePackages,
  prepareRedis,
  root,
  run,
  Stop,
  say,
} from './prepare.mjs';

const PAGE = join(root, 'docs', 'reliability.md');
const COUNTS = ['sent', 'acked', 'recorded', 'delivered', 'lost', 'duplicate'];
const COLUMNS = [
  { name: '#' },
  { name: 'fault' },
  ...['runs', ...COUNTS].map((name) => ({ name, isNumber: true })),
  { name: 'verdict' },
];

await orStop(async () => {
  const wishes = readArguments();
  checkNode();
  await prepareNodePackages();
  await prepareRedis();
  await prepareBuild();
  const results = await play(wishes);
  const rows = summarize(results);
  if (rows.length === 0) throw new Stop(`there is no row ${wishes.only}; test/faults/matrix.ts has them`);
  const facts = [
    ...(await machineFacts()),
    `${wishes.long ? 'long' : 'short'} form`,
    `seed ${wishes.seed}, ${wishes.rounds} ${wishes.rounds === '1' ? 'round' : 'rounds'}`,
  ].join(' · ');
  const table = rows.map(({ cells, verdict }) => [...cells, verdict]);
  process.stdout.write(`\n${facts}\n\n${toText(COLUMNS, table)}\n`);
  const failed = rows.filter(({ verdict }) => verdict.startsWith('FAILED'));
  for (const { name, failures } of failed) say(`\n${name}\n  ${failures.join('\n  ')}`);
  if (!wishes.only) await writePage({ path: PAGE, name: 'faults', facts, columns: COLUMNS, rows: table });
  const late = wishes.only ? 0 : await judgeTimes();
  if (failed.length > 0) throw new Stop(`\n${failed.length} of ${rows.length} rows failed`);
  if (late !== 0) throw new Stop('\na limit of time does not hold; it stands above');
});

function readArguments() {
  const options = {
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(1 + Math.floor(Math.random() * 1_000_000)) },
    long: { type: 'boolean', default: false },
    earlier: { type: 'string', default: '' },
  };
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new Stop(`${error.message}\nThere are: --only F6,F7  --rounds 10  --seed 7  --long  --earlier <path>`);
  }
}

/** Vitest runs the rows one after the other; each leaves a line of JSON. */
async function play({ only, rounds, seed, long, earlier }) {
  const dir = await mkdtemp(join(tmpdir(), 'shiplog-faults-results-'));
  const file = join(dir, 'results.jsonl');
  say(`seed ${seed}; the same disorder again: npm run faults -- --seed ${seed}${only && ` --only ${only}`}`);
  Object.assign(process.env, {
    FAULTS_ONLY: only,
    FAULTS_ROUNDS: rounds,
    FAULTS_SEED: seed,
    FAULTS_LONG: long ? '1' : '',
    FAULTS_RESULTS: file,
    FAULTS_EARLIER: earlier && resolve(earlier),
  });
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  try {
    await run(process.execPath, [vitest, 'run', '--config', 'test/faults/vitest.config.ts']);
    const text = existsSync(file) ? await readFile(file, 'utf8') : '';
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Every test that knows a limit of time (test/support/time.ts), one file after the other. @returns the exit code */
async function judgeTimes() {
  const files = (await readdir(join(root, 'test'), { recursive: true })).filter((name) => name.endsWith('.test.ts'));
  const timed = [];
  for (const name of files) {
    const text = await readFile(join(root, 'test', name), 'utf8');
    if (text.includes('expectWithin(')) timed.push(join('test', name));
  }
  say(`\nlimits of time in ${timed.length} test files`);
  Object.assign(process.env, { SHIPLOG_JUDGE_TIME: '1' });
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const { code } = await run(process.execPath, [vitest, 'run', '--no-file-parallelism', ...timed], { stdout: 1 });
  return code;
}

/** One row of the table for all rounds of a row of the matrix. */
function summarize(results) {
  const byId = new Map();
  for (const result of results) byId.set(result.id, [...(byId.get(result.id) ?? []), result]);
  const place = ({ id }) => Number(/\d+/.exec(id) ?? 99) + (id.charCodeAt(id.length - 1) % 64) / 100; // the soak, S, comes last
  const inOrder = [...byId.values()].sort(([a], [b]) => place(a) - place(b));
  return inOrder.map((rounds) => {
    const [{ id, fault, whyNot }] = rounds;
    const name = `${id} ${fault}`;
    if (whyNot)
      return { name, failures: [], cells: [id, fault, '0', ...COUNTS.map(() => '')], verdict: `not run: ${whyNot}` };
    const sum = (field) => String(rounds.reduce((total, { tally }) => total + (tally?.[field] ?? 0), 0));
    const failures = rounds.flatMap((round) => round.failures.map((words) => `seed ${round.seed}: ${words}`));
    const bad = rounds.filter((round) => round.failures.length > 0).length;
    const notes = rounds
      .at(-1)
      .notes.filter((words) => !words.startsWith('last words'))
      .join('; ');
    const verdict =
      bad > 0
        ? `FAILED ${bad} of ${rounds.length}: ${rounds.find((r) => r.failures[0]).failures[0]}`
        : `passed${notes && `: ${notes}`}`;
    return { name, failures, cells: [id, fault, String(rounds.length), ...COUNTS.map(sum)], verdict: oneLine(verdict) };
  });
}

function oneLine(text) {
  return text.replace(/\s+/g, ' ').slice(0, 240);
}
