// The bench's own processes. None outlives it, however it ends.
import { fork, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { createCaller } from './calls.mjs';

const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

/** One of the bench's own scripts, which answers calls. Its output goes to a file, as under a process manager. */
export function startScript(url, { log, env = {}, node = process.execPath }) {
  const child = withLog(log, (fd) =>
    fork(url, {
      stdio: ['ignore', fd, fd, 'ipc'],
      env: { ...environment(), ...env },
      execPath: node,
      serialization: 'advanced',
    }),
  );
  return { ...handle(child), call: createCaller(child) };
}

/** Another program. */
export function startProgram(command, args, { log, env = {}, cwd }) {
  const child = withLog(log, (fd) =>
    spawn(command, args, { stdio: ['ignore', fd, fd], env: { ...environment(), ...env }, ...(cwd && { cwd }) }),
  );
  return handle(child);
}

const environment = () => ({ PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: 'production' });

function withLog(file, start) {
  const fd = openSync(file, 'a');
  try {
    return start(fd);
  } finally {
    closeSync(fd);
  }
}

function handle(child) {
  children.add(child);
  const ended = new Promise((resolve) => {
    child.once('exit', () => {
      children.delete(child);
      resolve();
    });
  });
  return {
    ended,
    isRunning: () => children.has(child),
    signal: (signal) => child.kill(signal),
    async stop(signal = 'SIGKILL') {
      if (!children.has(child)) return;
      child.kill(signal);
      await ended;
    },
    rssMib: () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024,
    /** Of its main thread alone. */
    mainMs: () => threadMs(child.pid, child.pid),
    /** Of all its threads: those that have ended are not counted, and there are hardly any. */
    cpuMs: () => readdirSync(`/proc/${child.pid}/task`).reduce((sum, thread) => sum + threadMs(child.pid, thread), 0),
  };
}

/** Exact, unlike the processor time in /proc/…/stat, which is counted in hundredths of a second. */
function threadMs(pid, thread) {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1_000_000;
  } catch {
    return 0; // it has ended a moment ago
  }
}

/** A port that was free a moment ago. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Until somebody listens there. */
export async function listening(port, { withinMs = 30_000, running = () => true } = {}) {
  const endMs = performance.now() + withinMs;
  while (performance.now() < endMs && running()) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (open) return;
    await wait(20);
  }
  throw new Error(`nobody listens at port ${port}`);
}

/** Until a POST there is answered with that status: a flow begins to run some time after its server listens. */
export async function answers(url, { status, withinMs = 30_000, running }) {
  const endMs = performance.now() + withinMs;
  while (performance.now() < endMs && running()) {
    const answer = await fetch(url, { method: 'POST' }).catch(() => undefined);
    if (answer?.status === status) return;
    await wait(5);
  }
  throw new Error(`${url} does not answer ${status}`);
}
