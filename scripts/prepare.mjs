// What must be there before Shiplog can run: node packages, a Redis server, a fresh build. Shared by `npm start`,
// `npm test` and `npx shiplog`. Node's own modules only: this runs before any package is installed.
// Every message goes to stderr, so that `npx shiplog trace … | jq` sees nothing but the answer.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile, cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import nodeModule from 'node:module';
import { connect } from 'node:net';
import { constants } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const dist = join(root, 'dist');
const stampFile = join(dist, '.build-stamp');
/** Names the parts in dist/ that are the build's before. */
const KEPT = '.kept';

/** Ends the program with a sentence instead of a stack trace. */
export class Stop extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Never in the way: standard error may be closed, or its disk full. */
export function say(message) {
  process.stderr.write(`${message}\n`);
}
process.stderr.on('error', () => {});

/** Runs the body; a Stop becomes its sentence and its exit code. */
export async function orStop(body) {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    if (error.message) say(error.message);
    process.exit(error.exitCode);
  }
}

/** The floor of package.json's `engines`. Older versions fail later, with unclear messages. */
export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new Stop(`Shiplog needs Node.js 20.19 or newer; this is ${process.version} (${process.execPath}).`);
}

/** Proved by row F34 of the fault matrix. With fewer, packages "cannot be found" while they are read. */
const LEAST_DESCRIPTORS = 256;

/** Node has raised the soft limit to the hard one by now. Without /proc it is not checked. */
export function checkDescriptors(limits = '/proc/self/limits') {
  if (!existsSync(limits)) return;
  const allowed = /^Max open files\s+(\d+)/m.exec(readFileSync(limits, 'utf8'))?.[1];
  if (allowed === undefined || Number(allowed) >= LEAST_DESCRIPTORS) return;
  throw new Stop(
    `Shiplog needs ${LEAST_DESCRIPTORS} file descriptors or more; this process may have ${allowed}. ` +
      'Raise the limit: ulimit -n 4096 (a service of systemd: LimitNOFILE=4096).',
  );
}

// ---- one at a time

const LOCK_POLL_MS = 250;
/** Longer than an installation takes: its holder has ended, perhaps on another machine. */
const LOCK_STALE_MS = 15 * 60_000;

/** Two starts in one fresh checkout would install and build into one another: the second waits for the first. */
export async function alone(work, file = join(root, '.preparing')) {
  const release = await takeLock(file);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function takeLock(file) {
  for (let isAnnounced = false; ; isAnnounced = true) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' });
      return () => rm(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') return async () => {}; // read-only: then nothing is installed either
    }
    if (await isStale(file)) await rm(file, { force: true });
    else if (!isAnnounced) say(`Another start is preparing this checkout; waiting for it (${basename(file)}) …`);
    await wait(LOCK_POLL_MS);
  }
}

async function isStale(file) {
  const [text, facts] = await Promise.all([readFile(file, 'utf8'), stat(file)]).catch(() => []);
  if (!facts) return false; // given back meanwhile
  if (Date.now() - facts.mtimeMs > LOCK_STALE_MS) return true;
  if (!/^\d+$/.test(text)) return false; // it is being written
  try {
    process.kill(Number(text), 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

// ---- node packages

/**
 * Runs `npm ci` unless what is installed is what package-lock.json says. The record of what is installed is npm's own
 * (node_modules/.package-lock.json, written last), so a half-finished install, `npm prune` or a git pull is noticed,
 * and an `npm ci` done by hand counts.
 */
export async function prepareNodePackages({ dev = true } = {}) {
  if (await packagesAreInstalled({ dev })) return;
  say('Installing the node packages of package-lock.json (npm ci) …');
  // --include=dev: with NODE_ENV=production npm would leave out the compiler.
  const npm = npmCommand();
  const flags = ['ci', '--no-audit', '--no-fund', '--include=dev', '--loglevel=error'];
  const away = await registryIsAway(npm);
  // npm by itself would try for minutes. Its cache may have everything.
  const { code } = await run(npm[0], [...npm.slice(1), ...flags, ...(away ? ['--offline'] : [])]);
  if (code === 0) return;
  const why = away && `The package registry ${away} cannot be reached, and npm's cache has not every package. `;
  const advice = 'Connect this machine, set HTTPS_PROXY, or name a mirror: npm config set registry https://…';
  throw new Stop(why ? `${why}${advice}` : 'npm ci failed; its own message is above.', code);
}

const REGISTRY_ANSWERS_WITHIN_MS = 5_000;

/** The host of the registry when nothing answers there. Not checked behind a proxy. */
async function registryIsAway(npm) {
  const { HTTPS_PROXY, https_proxy, HTTP_PROXY, http_proxy } = process.env;
  if (HTTPS_PROXY || https_proxy || HTTP_PROXY || http_proxy) return undefined;
  const asked = await run(npm[0], [...npm.slice(1), 'config', 'get', 'registry', 'https-proxy'], { quiet: true });
  const settings = Object.fromEntries(asked.output.split('\n').map((line) => line.trim().split('=', 2)));
  if (settings['https-proxy'] !== 'null' || !URL.canParse(settings.registry)) return undefined;
  const { hostname, port, protocol, host } = new URL(settings.registry);
  const to = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (protocol === 'http:' ? 80 : 443) };
  const answers = await new Promise((resolve) => {
    const socket = connect(to);
    const timer = setTimeout(() => end(false), REGISTRY_ANSWERS_WITHIN_MS);
    function end(answered) {
      clearTimeout(timer);
      socket.destroy();
      resolve(answered);
    }
    socket.on('connect', () => end(true)).on('error', () => end(false));
  });
  return answers ? undefined : host;
}

async function packagesAreInstalled({ dev }) {
  const [wanted, installed] = await Promise.all([
    lockedPackages(join(root, 'package-lock.json')),
    lockedPackages(join(modules, '.package-lock.json')).catch(() => undefined),
  ]);
  if (!installed) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || (entry.dev && !dev)) return true;
    const there = installed[path];
    if (!there) return entry.optional === true && !isForThisMachine(entry);
    return there.version === entry.version && there.integrity === entry.integrity;
  });
}

async function lockedPackages(path) {
  return JSON.parse(await readFile(path, 'utf8')).packages;
}

/** Optional packages hold binaries for one platform each. Which libc is npm's to decide. */
function isForThisMachine({ os, cpu, libc }) {
  if (!os || !cpu || libc) return false;
  return os.includes(process.platform) && cpu.includes(process.arch);
}

/** The npm that started us, else the one on PATH. */
function npmCommand() {
  const npmCli = process.env.npm_execpath;
  return npmCli && basename(npmCli) === 'npm-cli.js' ? [process.execPath, npmCli] : ['npm'];
}

// ---- Redis

const serverNames = ['redis-server', 'valkey-server'];

/** Makes sure that a redis-server or valkey-server can be started; installs Debian's where that needs no question. */
export async function prepareRedis() {
  if (findOnPath(serverNames)) return;
  if (!findOnPath(['apt-get'])) throw new Stop(howToInstallRedis());
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  if (asRoot.length > 0 && !(await canSudo())) throw new Stop(howToInstallRedis());

  say('Installing redis-server with apt-get (once; its system service stays off) …');
  const install = [...asRoot, 'sh', '-c', installWithApt('redis-server', 'valkey-server') + serviceStaysOff];
  const { code, output } = await run(install[0], install.slice(1), { quiet: true });
  if (code === 0 && findOnPath(serverNames)) return;
  say(output.trimEnd().split('\n').slice(-15).join('\n'));
  throw new Stop(`apt-get could not install a Redis server. ${howToInstallRedis()}`);
}

function howToInstallRedis() {
  const how =
    process.platform === 'darwin'
      ? 'brew install redis'
      : findOnPath(['apt-get'])
        ? 'sudo apt-get install redis-server'
        : 'the redis or valkey package of your system';
  return `Shiplog keeps its records in Redis, and there is no redis-server or valkey-server here: install it (${how}) and start again, or set REDIS_URL to one that runs elsewhere.`;
}

async function canSudo() {
  if (!findOnPath(['sudo'])) return false;
  const { code } = await run('sudo', ['-n', 'true'], { quiet: true });
  return code === 0;
}

/**
 * Installs the first of these packages that the release has. policy-rc.d with exit code 101 is Debian's way to say
 * "start no service" (invoke-rc.d(8)); an existing one is left alone. The package lists are refreshed only when the
 * install fails without: on a new machine there are none. redis-server comes first, valkey-server serves where a release
 * has no redis-server any more.
 */
const installWithApt = (...names) => `
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  trap 'exit 130' INT TERM HUP
  printf '#!/bin/sh\\nexit 101\\n' > $policy && chmod 755 $policy
fi
try() { apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$1"; }
try ${names[0]} || { apt-get update && { ${names.map((name) => `try ${name}`).join(' || ')}; }; } || exit 1
`;

const serviceStaysOff = `
if [ -d /run/systemd/system ]; then systemctl disable --now redis-server valkey-server >/dev/null 2>&1 || true; fi
`;

// ---- a browser, for the tests alone

const browserNames = ['chromium', 'google-chrome', 'google-chrome-stable'];
const browserOfMacOs = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/** The browser that looks at the pages in the tests: CHROME_BIN, else one that is installed. */
export function findChromium() {
  const named = process.env.CHROME_BIN || findOnPath(browserNames);
  return named ?? (existsSync(browserOfMacOs) ? browserOfMacOs : undefined);
}

export const noChromium =
  'NOT TESTED: the pages in a browser, because there is no Chromium here. Install it (Debian: sudo apt-get install chromium), or set CHROME_BIN to a Chromium or Chrome, and run the tests again.';

/** Debian's chromium where it may be installed without a question. A machine without any browser tests everything else. */
export async function prepareChromium() {
  if (findChromium()) return;
  if (process.getuid?.() === 0 && findOnPath(['apt-get'])) {
    say('Installing chromium with apt-get (once; only the tests of the pages use it) …');
    await run('sh', ['-c', installWithApt('chromium')], { quiet: true });
  }
  if (!findChromium()) say(noChromium);
}

// ---- programs

function findOnPath(names) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  folders.push('/usr/bin', '/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin');
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((path) => existsSync(path));
}

// ---- build

/** Whether dist/ was built from exactly these sources. A tree that ships without sources is what it is. */
export function buildIsCurrent() {
  if (!existsSync(join(root, 'src'))) return existsSync(join(dist, 'main.js'));
  const stamp = existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : '';
  return stamp !== '' && stamp === fingerprint() && existsSync(join(dist, 'main.js'));
}

/**
 * Checks src/ and bundles it into dist/ unless that is current. The new tree is made aside and moved into place whole:
 * an interrupted build leaves the old one. A bridge that runs from dist/ meanwhile loses no file: what it has not loaded
 * yet stays until the build after the next.
 */
export async function prepareBuild() {
  if (buildIsCurrent()) return;
  say('Compiling …');
  const stamp = fingerprint(); // before the compiler reads: a file saved meanwhile means one more build, never a missed one
  const next = join(modules, '.cache', `shiplog-build-${process.pid}`);
  await rm(next, { recursive: true, force: true });
  await mkdir(next, { recursive: true });
  try {
    const check = [join(modules, 'typescript/bin/tsc'), '-p', 'tsconfig.build.json'];
    const { code } = await run(process.execPath, check);
    if (code !== 0) throw new Stop('The sources do not compile; nothing was changed in dist/.', code);
    await bundleInto(next, { main: 'src/main.ts' });
    await keepLoadable(next);
    await writeFile(join(next, '.build-stamp'), stamp);
    await replaceDist(next);
  } finally {
    await rm(next, { recursive: true, force: true });
  }
}

/** Parts of the build that is replaced, which a bridge may load yet. Those that it had kept itself are left out. */
async function keepLoadable(next) {
  const kept = await readFile(join(dist, KEPT), 'utf8').catch(() => '');
  const parts = (await readdir(dist).catch(() => [])).filter((name) => /-[\w-]{8}\.js$/.test(name));
  const before = parts.filter((name) => !kept.split('\n').includes(name) && !existsSync(join(next, name)));
  for (const name of before) await copyFile(join(dist, name), join(next, name));
  await writeFile(join(next, KEPT), before.join('\n'));
}

async function replaceDist(next) {
  const old = `${next}-old`;
  try {
    if (existsSync(dist)) await rename(dist, old);
    await rename(next, dist);
  } catch (error) {
    if (buildIsCurrent()) return; // another process built the same and was quicker
    // EXDEV: node_modules is a mount of its own. EBUSY: dist is one. Neither can be moved as a whole.
    if (error.code !== 'EXDEV' && error.code !== 'EBUSY') throw error;
    await rm(stampFile, { force: true });
    await cp(next, dist, { recursive: true });
  } finally {
    await rm(old, { recursive: true, force: true });
  }
}

/** Programs made of src/, in a folder where they find what they read. Tests make others than main.js. */
export async function bundleInto(to, entries) {
  const { bundle } = await import('./bundle.mjs'); // needs a package, and this file runs before there are any
  await bundle({ root, entries, to });
  await copyAssets(to);
}

/** Style sheets, pictures, scripts of Redis: files that are read, not imported, have the same path in dist/ as in src/. */
async function copyAssets(to) {
  for (const file of filesUnder('src')) {
    if (/\.(tsx?|md|json)$/.test(file)) continue; // JSON is imported
    const target = join(to, file.slice('src/'.length));
    await mkdir(dirname(target), { recursive: true });
    await copyFile(join(root, file), target);
  }
}

/** Not by promises: every start does this, and 700 of them take five times as long. */
function fingerprint() {
  const files = [
    'tsconfig.json',
    'tsconfig.build.json',
    'package-lock.json',
    'scripts/prepare.mjs',
    'scripts/bundle.mjs',
  ];
  const hash = createHash('sha256');
  for (const file of [...files, ...filesUnder('src')]) {
    const content = readFileSync(join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

function filesUnder(folder) {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)).sort();
}

// ---- processes

/**
 * Runs a command in the repository to its end. Its words go to stderr, or with `quiet` into `output`.
 * SIGTERM is passed on; a Ctrl-C reaches the child by itself.
 */
export async function run(command, args, { quiet = false, stdout = 2 } = {}) {
  const stdio = quiet ? ['ignore', 'pipe', 'pipe'] : ['inherit', stdout, 2];
  const child = spawn(command, args, { cwd: root, stdio });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  let stoppedBy;
  const pass = (signal) => {
    stoppedBy = signal;
    if (signal !== 'SIGINT') child.kill(signal);
  };
  process.on('SIGTERM', pass).on('SIGINT', pass);
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new Stop(`${command} could not be started: ${cause.message}`)));
    child.once('close', (...end) => resolve(end));
  }).finally(() => process.off('SIGTERM', pass).off('SIGINT', pass));

  const ended = stoppedBy ?? signal;
  if (stoppedBy) throw new Stop('', 128 + constants.signals[stoppedBy]);
  return { code: code ?? 128 + constants.signals[ended], output };
}

/**
 * Becomes `node dist/main.js <args>` without another process, so that there is nothing between npm and the bridge
 * that would have to pass signals on.
 */
export async function runShiplog(args) {
  ignoreEchoedSignals();
  const main = join(dist, 'main.js');
  // Node 22 and newer keep what they have compiled, for this version and these flags: a tenth of a start. Where the
  // folder cannot be written to, nothing is kept.
  nodeModule.enableCompileCache?.(join(modules, '.cache', 'shiplog-compiled'));
  process.argv = [process.execPath, main, ...args];
  await import(pathToFileURL(main).href);
}

/** Closer together than a person can press Ctrl-C twice on purpose. */
const ECHO_MS = 300;

/**
 * A Ctrl-C under npm arrives twice within a millisecond: from the terminal, and again from npm, which passes on what it
 * gets (@npmcli/run-script, signal-manager.js). The second must not count as "now, at once".
 */
function ignoreEchoedSignals() {
  const emit = process.emit;
  const last = new Map();
  process.emit = function emitOnce(event, ...details) {
    if (event === 'SIGINT' || event === 'SIGTERM') {
      const now = performance.now();
      const echo = now - (last.get(event) ?? Number.NEGATIVE_INFINITY) < ECHO_MS;
      if (echo) return true;
      last.set(event, now);
    }
    return emit.call(this, event, ...details);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) {
    // Without a listener a signal ends the process: a repeat could arrive between removing one and adding another.
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
}

// `npm run build`
if (process.argv[1] === fileURLToPath(import.meta.url)) await orStop(prepareBuild);
