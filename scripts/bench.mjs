// `npm run bench`: measures Shiplog against the floor of this machine and against what people use instead.
//   --only acked,burst   these figures   --rounds 7   runs of each contender   --quick   100 k instead of 1 M waiting or kept
//   --with-n8n   n8n too, which is a large install, once   --node <path>   the runtime of all servers
//   --compare <commit>   this tree against that commit alone, in turns
//   --profile <folder>   Shiplog's processor profiles go there, for the flame chart of a browser's developer tools
// The table goes to standard output; that of a whole run goes into docs/bench.md, between its two marks.
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
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

const PAGE = join(root, 'docs', 'bench.md');
const COLUMNS = [
  { name: 'what' },
  { name: 'against' },
  { name: 'goal', isNumber: true },
  { name: 'figure', isNumber: true },
  { name: 'verdict' },
  { name: 'measured' },
];
const PACKAGES = ['express', 'bullmq', 'ioredis', 'undici', 'zod', 'pino', 'autocannon'];

await orStop(async () => {
  const wishes = readArguments();
  checkNode();
  await prepareNodePackages();
  await prepareRedis();
  await prepareBuild();
  const bench = await import('../test/bench/bench.mjs');
  const startedMs = performance.now();
  const rows = wishes.compare ? await compare(bench, wishes) : await measureFigures(bench, wishes);
  const facts = await readFacts(wishes, performance.now() - startedMs);
  const table = toTable(rows);
  process.stdout.write(`\n${facts}\n\n${toText(COLUMNS, table)}\n`);
  if (!wishes.only && !wishes.quick && !wishes.compare)
    await writePage({ path: PAGE, name: 'bench', facts, columns: COLUMNS, rows: table });
  const withGoal = rows.filter((row) => verdictOf(row) !== '');
  const short = withGoal.filter((row) => verdictOf(row) === 'SHORT');
  say(`\n${withGoal.length - short.length} of ${withGoal.length} goals are met`);
});

async function measureFigures({ FIGURES, installN8n, installNodeRed, openStage }, wishes) {
  const all = FIGURES.flatMap(({ names }) => names);
  const names = wishes.only ? wishes.only.split(',') : all;
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Stop(`there is no figure ${unknown}; there are: ${all.join(', ')}`);
  const peers = { 'node-red': await installNodeRed(npm), n8n: wishes['with-n8n'] && (await installN8n(npm)) };
  if (!peers['node-red']) say('Node-RED could not be installed: its rows are left out');
  if (wishes['with-n8n'] && !peers.n8n) say('n8n could not be installed: its row is left out');
  const rows = [];
  for (const figure of FIGURES.filter((one) => one.names.some((name) => names.includes(name))))
    rows.push(...(await measure(figure, { ...wishes, peers, openStage, wants: (name) => names.includes(name) })));
  return rows;
}

/** The other commit is checked out, installed and built beside this tree, and forgotten afterwards. */
async function compare({ compareTrees }, { compare: commit, node, rounds }) {
  const folder = await mkdtemp(join(tmpdir(), 'shiplog-compare-'));
  const git = (...args) => execFileSync('git', ['-C', root, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    git('worktree', 'add', '--detach', '--force', folder, commit);
    const isInstalled = await npm(['--prefix', folder, 'ci', '--include=dev']);
    const { code } = await run(process.execPath, [join(folder, 'scripts', 'prepare.mjs')]);
    if (!isInstalled || code !== 0) throw new Stop(`${commit} could not be built`);
    const runtime = node ? { node } : {};
    return await compareTrees({ ours: { root, ...runtime }, theirs: { root: folder, ...runtime }, rounds });
  } finally {
    await rm(folder, { recursive: true, force: true });
    git('worktree', 'prune');
  }
}

function readArguments() {
  const options = {
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false },
    profile: { type: 'string', default: '' },
    'with-n8n': { type: 'boolean', default: false },
    node: { type: 'string', default: '' },
    compare: { type: 'string', default: '' },
  };
  try {
    const { values } = parseArgs({ options });
    return { ...values, rounds: Number(values.rounds) };
  } catch (error) {
    throw new Stop(
      `${error.message}\nThere are: --only acked,burst  --rounds 7  --quick  --profile <folder>  --with-n8n  --node <path>  --compare <commit>`,
    );
  }
}

async function npm(args) {
  say(`npm ${args.join(' ')} …`);
  const { code } = await run('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error']);
  return code === 0;
}

/** Each on a stage of its own: nothing of one is left for the next. */
async function measure(figure, { openStage, profile, node, ...wishes }) {
  const fromMs = performance.now();
  const stage = await openStage({ ...(profile && { profileDir: profile }), ...(node && { node }) });
  try {
    return await figure.measure(stage, wishes);
  } finally {
    await stage.close();
    say(`${figure.names.filter(wishes.wants).join(', ')}: ${Math.round((performance.now() - fromMs) / 1_000)} s`);
  }
}

async function readFacts({ node, rounds }, tookMs) {
  const [cpu] = cpus();
  const versions = await Promise.all(
    PACKAGES.map(async (name) => {
      const { version } = JSON.parse(await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8'));
      return `${name} ${version}`;
    }),
  );
  const [day, cores, ...programs] = await machineFacts();
  const runtime = node
    ? [
        `Shiplog and those that it is compared with on Node ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}`,
      ]
    : [];
  const span = [`${rounds} ${rounds === 1 ? 'round' : 'rounds'}`, `${Math.round(tookMs / 1_000)} s`];
  return [day, `${cores} (${cpu.model.trim()})`, ...programs, ...runtime, ...versions, ...span].join(' · ');
}

/** A goal is `least` or `most`; without one, or without a figure, there is nothing to say. */
function verdictOf({ least, most, value, bad = 0 }) {
  if (value === undefined || (least === undefined && most === undefined)) return '';
  const met = bad === 0 && (least === undefined || value >= least) && (most === undefined || value <= most);
  return met ? 'met' : 'SHORT';
}

function toTable(rows) {
  return rows.map((row) => {
    const { about, against = '', least, most, value, unit = '×', said = '', bad = 0 } = row;
    const goal = least === undefined ? (most === undefined ? '' : `≤ ${most} ${unit}`) : `≥ ${least} ${unit}`;
    const figure = value === undefined ? '' : `${shown(value)} ${unit}`;
    return [
      about,
      against,
      goal,
      figure,
      verdictOf(row),
      `${said}${bad > 0 ? `; ${bad} not answered as they should` : ''}`,
    ];
  });
}

function shown(value) {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : value.toFixed(2);
}
