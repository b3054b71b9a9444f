// `npm run mutants`: do the tests catch mistakes where a mistake costs most? Each mutant is one small mistake
// (mutations.mjs) in a copy of the sources; the tests of that part must fail. Options: --only <part of a path>,
// --sample <n> of them, --list to see them without a run. Ends with 1 when one survives.
// Not Stryker: its version 10 needs Node 22, the floor here is 20.19, and it mutates whole files, where a list of
// functions with the tests that must notice keeps a run to minutes.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mutantsOf } from './mutations.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const COPIED = ['src', 'test', 'scripts', 'package.json', 'tsconfig.json', 'vitest.config.ts'];
/** Each runs one test process at a time. */
const JOBS = 2;
/** Other work on the same machine goes first. */
const NICENESS = 5;
const RUN_LIMIT_MS = 60_000;

/** What is mutated (a whole file, or the named functions and constants) and the tests that must notice. */
const TARGETS = [
  { file: 'src/sources/signature.ts', tests: ['test/sources/signature.test.ts'] },
  { file: 'src/sources/standard-webhooks.ts', tests: ['test/sources/gitlab/verify.test.ts'] },
  {
    file: 'src/sources/gitlab/index.ts',
    names: ['verify', 'verifyHeaders', 'refused'],
    tests: ['test/sources/gitlab/verify.test.ts'],
  },
  {
    file: 'src/sources/bitbucket/index.ts',
    names: ['verify', 'verifyHeaders', 'signatureAdvice'],
    tests: ['test/sources/bitbucket/bitbucket.test.ts'],
  },
  { file: 'src/sources/gitlab-api/api.ts', names: ['verifyToken'], tests: ['test/sources/argocd/source.test.ts'] },
  { file: 'src/domain/deployment.ts', tests: ['test/domain/deployment.test.ts'] },
  { file: 'src/domain/succession.ts', tests: ['test/domain/succession.test.ts'] },
  {
    file: 'src/outbound/http.ts',
    names: [
      'MAX_RETRY_AFTER_MS',
      'NEVER_CONNECTED',
      'neverSent',
      'certainlyRefused',
      'KEY_PROBE_MS',
      'retryFor',
      'retryAfterMs',
    ],
    tests: ['test/outbound/http.test.ts'],
  },
  {
    file: 'src/queue/retry.ts',
    names: [
      'MAX_AGE_MS',
      'FIRST_RETRY_MS',
      'MAX_RETRY_MS',
      'DOWN_AFTER_DEPLOYMENTS',
      'backoffMs',
      'recordFailure',
      'resetStreak',
      'decideRetry',
    ],
    tests: ['test/queue/retry.test.ts', 'test/queue/failure-streak.test.ts'],
  },
  ...['serial', 'serial-closing', 'serial-document', 'serial-assign'].map((name) => ({
    file: `src/domain/${name}.ts`,
    tests: ['test/store/changes/serial-history.test.ts', 'test/sources/argocd/life/cases.test.ts'],
  })),
  { file: 'src/store/changes/serial-history.ts', tests: ['test/store/changes/serial-history.test.ts'] },
  { file: 'src/store/scripts/replace-history.lua', tests: ['test/store/changes/serial-history.test.ts'] },
];

/** Mutants without an observable effect. `line` is the whole line, so a changed line is checked again. */
const EQUIVALENT = [
  {
    line: 'if (streak.deployments.size < DOWN_AFTER_DEPLOYMENTS) streak.deployments.add(subject);',
    becomes: ['if (streak.deployments.size <= DOWN_AFTER_DEPLOYMENTS) streak.deployments.add(subject);'],
    why: 'one name more is remembered, and three are enough',
  },
  {
    line: 'if (!/^\\d{1,12}$/.test(timestamp) || Math.abs(ageMs) > TOLERANCE_MS) {',
    becomes: [
      'if (!/^\\d{2,12}$/.test(timestamp) || Math.abs(ageMs) > TOLERANCE_MS) {',
      'if (!/^\\d{1,13}$/.test(timestamp) || Math.abs(ageMs) > TOLERANCE_MS) {',
    ],
    why: 'seconds of 1 digit are in 1970 and of 13 after the year 33000: too old and too early',
  },
  {
    line: "if (step !== 0) return step > 0 ? 'apply' : 'stale';",
    becomes: ["if (step !== 0) return step >= 0 ? 'apply' : 'stale';"],
    why: 'it is not 0 here',
  },
  {
    line: "const reset = Number(answer.headers['ratelimit-reset'] ?? Number.NaN);",
    becomes: ["const reset = Number(answer.headers['ratelimit-reset']);"],
    why: 'the number of undefined is NaN, too',
  },
  {
    line: 'const fullMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 10));',
    becomes: ['const fullMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 11));'],
    why: 'both are more than a minute; the limit keeps the power finite',
  },
];

const { values: options } = parseArgs({
  options: { only: { type: 'string', multiple: true }, sample: { type: 'string' }, list: { type: 'boolean' } },
});

const results = [];
const running = new Set();
const copies = [];
process.on('exit', cleanUp);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

const all = TARGETS.flatMap((target) => mutantsOfTarget(target));
failOnStaleExceptions(all);
const chosen = sampled(
  all.filter(({ target }) => !options.only || options.only.some((part) => target.file.includes(part))),
);
if (options.list) for (const mutant of chosen) print(mutant, mutant.reason ?? '');
else process.exitCode = await judgeAll(chosen);

function mutantsOfTarget(target) {
  const text = readFileSync(join(root, target.file), 'utf8');
  const lines = text.split('\n');
  return mutantsOf(text, target).map((mutant) => {
    const line = lines[mutant.line - 1].trim();
    const reason = EQUIVALENT.find((one) => one.line === line && one.becomes.includes(mutant.text.trim()))?.why;
    return { ...mutant, target, lines, reason };
  });
}

function failOnStaleExceptions(mutants) {
  const known = new Set(mutants.filter(({ reason }) => reason).map(({ text }) => text.trim()));
  const stale = EQUIVALENT.flatMap(({ becomes }) => becomes).filter((text) => !known.has(text));
  if (stale.length > 0) throw new Error(`EQUIVALENT lists what is no mutant any more:\n${stale.join('\n')}`);
}

/** Spread evenly, the same ones each time. */
function sampled(mutants) {
  const count = Number(options.sample ?? mutants.length);
  return mutants.filter(
    (_, index) => Math.floor((index * count) / mutants.length) < Math.floor(((index + 1) * count) / mutants.length),
  );
}

async function judgeAll(mutants) {
  setPriority(NICENESS);
  const startedAt = performance.now();
  const queue = mutants.filter(({ reason }) => !reason);
  for (let job = 0; job < JOBS; job++) copyTree();
  await mustPass(queue);
  await Promise.all(copies.map((copy) => work(copy, queue)));
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  return summarize(mutants.length - results.length, minutes);
}

/** Else every mutant would look caught. */
async function mustPass(mutants) {
  const [copy] = copies;
  const suites = new Set(mutants.map(({ target }) => target.tests));
  for (const run of [() => types(copy), ...[...suites].map((tests) => () => vitest(copy, tests))]) {
    const { code, output } = await run();
    if (code !== 0) throw new Error(`the checks must pass before anything is changed:\n${output}`);
  }
}

async function work(copy, queue) {
  for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
    const verdict = await judge(copy, mutant);
    results.push({ ...mutant, verdict });
    print(mutant, verdict);
  }
}

/** What the tests let pass, the compiler may still refuse: it is part of `npm test`, too. */
async function judge(copy, { target, lines, line, text }) {
  const path = join(copy, target.file);
  writeFileSync(path, lines.with(line - 1, text).join('\n'));
  try {
    const { code, output } = await vitest(copy, target.tests);
    if (/PARSE_ERROR|Transform failed|Error compiling script/.test(output)) return 'no program';
    if (code === undefined) return 'caught: time';
    if (code !== 0) return 'caught';
    return (await types(copy)).code === 0 ? 'SURVIVED' : 'caught: types';
  } finally {
    writeFileSync(path, lines.join('\n'));
  }
}

function vitest(copy, tests) {
  return run(copy, 'vitest/vitest.mjs', ['run', '--bail', '1', '--maxWorkers', '1', ...tests]);
}

function types(copy) {
  return run(copy, 'typescript/bin/tsc', ['--noEmit']);
}

/** `code` is undefined when the time was up. A group of its own, so that a server which a test started ends with it. */
function run(copy, program, args) {
  const child = spawn(process.execPath, [join(root, 'node_modules', program), ...args], { cwd: copy, detached: true });
  running.add(child);
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(chunk));
  const timer = setTimeout(() => endGroup(child), RUN_LIMIT_MS);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ code: code ?? undefined, output: Buffer.concat(chunks).toString('utf8') });
    });
  });
}

function endGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

function copyTree() {
  const copy = mkdtempSync(join(tmpdir(), 'shiplog-mutants-'));
  copies.push(copy);
  for (const name of COPIED) cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
}

function cleanUp() {
  for (const child of running) endGroup(child);
  for (const copy of copies) rmSync(copy, { recursive: true, force: true });
}

function print({ target, line, from, to }, verdict) {
  console.log(`${verdict.padEnd(14)} ${`${target.file}:${line}`.padEnd(38)} ${from}  →  ${to || 'nothing'}`);
}

function summarize(equivalent, minutes) {
  const count = (verdict) => results.filter((result) => result.verdict.startsWith(verdict)).length;
  const survivors = results.filter(({ verdict }) => verdict === 'SURVIVED');
  console.log(`\n${count('caught')} caught, ${survivors.length} survived, in ${minutes} min`);
  console.log(`${equivalent} change nothing, ${count('no program')} are no program: not counted`);
  for (const survivor of survivors) print(survivor, 'SURVIVED');
  return survivors.length > 0 ? 1 : 0;
}
