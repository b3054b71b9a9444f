// `npm run bench`: measures Shiplog against the floor of this machine and against what people use instead.
//   --only acked,burst   these figures   --rounds 7   runs of each contender   --quick   smaller backlogs   --with-n8n   n8n too
// The table goes to standard output and into docs/bench.md, between its two marks.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
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

const PAGE = join(root, 'docs', 'bench.md');
const BEGIN = '<!-- bench: begin -->';
const END = '<!-- bench: end -->';
const COLUMNS = ['what', 'against', 'goal', 'figure', 'measured', 'verdict'];
const PACKAGES = ['express', 'bullmq', 'ioredis', 'undici', 'zod', 'pino', 'autocannon'];

await orStop(async () => {
  const wishes = readArguments();
  checkNode();
  await prepareNodePackages();
  await prepareRedis();
  await prepareBuild();
  const { FIGURES, openStage } = await import('../test/bench/bench.mjs');
  const names = wishes.only ? wishes.only.split(',') : FIGURES.map(({ name }) => name);
  const unknown = names.filter((name) => !FIGURES.some((figure) => figure.name === name));
  if (unknown.length > 0)
    throw new Stop(`there is no figure ${unknown}; there are: ${FIGURES.map(({ name }) => name).join(', ')}`);
  const startedMs = performance.now();
  const rows = [];
  for (const figure of FIGURES.filter(({ name }) => names.includes(name))) {
    const fromMs = performance.now();
    const stage = await openStage();
    try {
      rows.push(...(await figure.measure(stage, { ...wishes, rounds: Number(wishes.rounds) })));
    } finally {
      await stage.close();
    }
    say(`${figure.name}: ${Math.round((performance.now() - fromMs) / 1_000)} s`);
  }
  const facts = [...(await readFacts()), `${wishes.rounds} rounds`].join(' · ');
  const table = toTable(rows);
  process.stdout.write(`\n${facts} · ${Math.round((performance.now() - startedMs) / 1_000)} s\n\n${toText(table)}\n`);
  if (!wishes.only) await writePage(facts, table);
  const short = rows.filter(({ goal, value }) => goal && !isMet(goal, value));
  if (short.length > 0)
    say(`\n${short.length} of ${rows.filter(({ goal }) => goal).length} figures are short of their goal`);
});

function readArguments() {
  const options = {
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false },
    'with-n8n': { type: 'boolean', default: false },
  };
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new Stop(`${error.message}\nThere are: --only acked,burst  --rounds 7  --quick  --with-n8n`);
  }
}

async function readFacts() {
  const { output: redis } = await run('redis-server', ['--version'], { quiet: true });
  const [cpu] = cpus();
  const versions = await Promise.all(
    PACKAGES.map(async (name) => {
      const { version } = JSON.parse(await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8'));
      return `${name} ${version}`;
    }),
  );
  return [
    new Date().toISOString().slice(0, 10),
    `${cpus().length} cores (${cpu.model.trim()})`,
    `Node ${process.version}`,
    `Redis ${/v=(\S+)/.exec(redis)?.[1] ?? 'of another name'}`,
    ...versions,
  ];
}

function isMet({ least, most }, value) {
  return least === undefined ? value <= most : value >= least;
}

function toTable(rows) {
  return rows.map(({ about, versus = '', goal, value, unit = '×', said = '', bad = 0 }) => [
    about,
    versus,
    goal ? `${goal.least === undefined ? '≤' : '≥'} ${goal.least ?? goal.most} ${unit}` : '',
    value === undefined ? '' : `${shown(value)} ${unit}`,
    `${said}${bad > 0 ? `; ${bad} not answered 2xx` : ''}`,
    goal && value !== undefined ? (isMet(goal, value) ? 'met' : 'SHORT') : '',
  ]);
}

function shown(value) {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : value.toFixed(2);
}

function toText(table) {
  const all = [COLUMNS, ...table];
  const widths = COLUMNS.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function toMarkdown(table) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(COLUMNS), '|---|---|---:|---:|---|---|', ...table.map(line)].join('\n');
}

/** The words around the table are for people to write. */
async function writePage(facts, table) {
  const made = `${BEGIN}\n${facts}\n\n${toMarkdown(table)}\n${END}`;
  const page = existsSync(PAGE) ? await readFile(PAGE, 'utf8') : `# Speed\n\n${BEGIN}\n${END}\n`;
  const [before, rest = ''] = page.split(BEGIN);
  const after = rest.split(END)[1] ?? '\n';
  await mkdir(join(root, 'docs'), { recursive: true });
  await writeFile(PAGE, `${before}${made}${after}`);
  say(`\nwritten to ${PAGE}`);
}
