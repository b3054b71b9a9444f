// `npm run faults`: breaks Shiplog on purpose, in every way of test/faults/matrix.ts, and writes down what came of it.
//   --only F6,F7   these rows   --rounds 10   each so often   --seed 7   the first seed   --long   the matrix's own durations
// Exit code 1 when a row fails. The table goes to standard output and into docs/reliability.md, between its two marks.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
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
const BEGIN = '<!-- faults: begin -->';
const END = '<!-- faults: end -->';
const COLUMNS = ['#', 'fault', 'runs', 'sent', 'acked', 'recorded', 'delivered', 'lost', 'duplicate', 'verdict'];

const FIRST_PAGE = `# Reliability

What was broken on purpose, and what came of it. \`npm run faults\` makes this table anew: real processes, a real Redis, and
fakes of Alert24 and GitLab that enforce their rules. Sent and acked count webhooks, recorded counts deployments in the
change log, delivered counts what both destinations hold. Lost: acknowledged, and not in the change log or not at a
destination. Duplicate: more than one for a deployment at a destination.

${BEGIN}
${END}
`;

await orStop(async () => {
  const wishes = readArguments();
  checkNode();
  await prepareNodePackages();
  await prepareRedis();
  await prepareBuild();
  const results = await play(wishes);
  const rows = summarize(results);
  if (rows.length === 0) throw new Stop(`there is no row ${wishes.only}; test/faults/matrix.ts has them`);
  const { output: redis } = await run('redis-server', ['--version'], { quiet: true }).catch(() => ({ output: '' }));
  const facts = [
    `${new Date().toISOString().slice(0, 10)}`,
    `${cpus().length} cores`,
    `Node ${process.version}`,
    `Redis ${/v=(\S+)/.exec(redis)?.[1] ?? 'of another name'}`,
    `${wishes.long ? 'long' : 'short'} form`,
    `seed ${wishes.seed}, ${wishes.rounds} ${wishes.rounds === '1' ? 'round' : 'rounds'}`,
  ].join(' · ');
  process.stdout.write(`\n${facts}\n\n${toText(rows)}\n`);
  if (!wishes.only) await writePage(facts, rows);
  const failed = rows.filter(({ verdict }) => verdict.startsWith('FAILED'));
  for (const { name, failures } of failed) say(`\n${name}\n  ${failures.join('\n  ')}`);
  if (failed.length > 0) throw new Stop(`\n${failed.length} of ${rows.length} rows failed`);
});

function readArguments() {
  const options = {
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(1 + Math.floor(Math.random() * 1_000_000)) },
    long: { type: 'boolean', default: false },
  };
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new Stop(`${error.message}\nThere are: --only F6,F7  --rounds 10  --seed 7  --long`);
  }
}

/** Vitest runs the rows one after the other; each leaves a line of JSON. */
async function play({ only, rounds, seed, long }) {
  const dir = await mkdtemp(join(tmpdir(), 'shiplog-faults-results-'));
  const file = join(dir, 'results.jsonl');
  say(`seed ${seed}; the same disorder again: npm run faults -- --seed ${seed}${only && ` --only ${only}`}`);
  Object.assign(process.env, {
    FAULTS_ONLY: only,
    FAULTS_ROUNDS: rounds,
    FAULTS_SEED: seed,
    FAULTS_LONG: long ? '1' : '',
    FAULTS_RESULTS: file,
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
      return { name, failures: [], cells: [id, fault, '0', '', '', '', '', '', ''], verdict: `not run: ${whyNot}` };
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
    const counts = ['sent', 'acked', 'recorded', 'delivered', 'lost', 'duplicate'].map(sum);
    return { name, failures, cells: [id, fault, String(rounds.length), ...counts], verdict: oneLine(verdict) };
  });
}

function oneLine(text) {
  return text.replace(/\s+/g, ' ').slice(0, 240);
}

function toText(rows) {
  const table = [COLUMNS, ...rows.map(({ cells, verdict }) => [...cells, verdict])];
  const widths = COLUMNS.map((_, column) =>
    column === COLUMNS.length - 1 ? 0 : Math.max(...table.map((row) => row[column].length)),
  );
  return table
    .map((row) =>
      row
        .map((cell, column) => (column > 1 && column < 9 ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
        .join('  '),
    )
    .join('\n');
}

function toMarkdown(rows) {
  const cellOf = (cell) => cell.replaceAll('|', '\\|');
  const line = (cells) => `| ${cells.map(cellOf).join(' | ')} |`;
  const rule = `|${COLUMNS.map((_, column) => (column > 1 && column < 9 ? '---:' : '---')).join('|')}|`;
  return [line(COLUMNS), rule, ...rows.map(({ cells, verdict }) => line([...cells, verdict]))].join('\n');
}

/** The words around the table are for people to write; without the page there is a beginning of one. */
async function writePage(facts, rows) {
  const made = `${BEGIN}\n${facts}\n\n${toMarkdown(rows)}\n${END}`;
  const page = existsSync(PAGE) ? await readFile(PAGE, 'utf8') : FIRST_PAGE;
  const [before, rest = ''] = page.split(BEGIN);
  const after = rest.split(END)[1] ?? '\n';
  await mkdir(join(root, 'docs'), { recursive: true });
  await writeFile(PAGE, `${before}${made}${after}`);
  await run(process.execPath, [join(root, 'node_modules/@biomejs/biome/bin/biome'), 'format', '--write', PAGE], {
    quiet: true,
  });
  say(`\nwritten to ${PAGE}`);
}
