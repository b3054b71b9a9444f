import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { vi } from 'vitest';

export interface BridgeProcess {
  readonly child: ChildProcess;
  /** Standard output and error so far. */
  output(): string;
  exited(signal: NodeJS.Signals): Promise<void>;
}

/**
 * The built bridge as a process of its own, as `npm start` runs it. Resolves when it answers.
 * `wrap` turns its command line into another one that ends in it: with Node's options, or under a shell's limits.
 */
export async function startBridgeProcess(
  environment: Readonly<Record<string, string>>,
  wrap: (command: readonly [string, ...string[]]) => readonly [string, ...string[]] = (command) => command,
): Promise<BridgeProcess> {
  const { PATH = '', HOME = '' } = process.env;
  const [program, ...args] = wrap([process.execPath, 'dist/main.js', 'start']);
  const child = spawn(program, args, { env: { PATH, HOME, ...environment }, stdio: 'pipe' });
  // A test run that is cut short leaves no bridge behind.
  const reap = () => child.kill('SIGKILL');
  process.once('exit', reap);
  child.once('exit', () => process.off('exit', reap));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const running: BridgeProcess = {
    child,
    output: () => output,
    exited(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
      return new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill(signal);
      });
    },
  };
  await vi.waitFor(
    async () => {
      const answer = await fetch(`http://127.0.0.1:${environment['PORT']}/livez`).catch(() => undefined);
      if (!answer?.ok)
        throw new Error(`no bridge answers yet (exit ${child.exitCode}, ${child.signalCode}): ${output}`);
    },
    { timeout: 90_000, interval: 50 },
  );
  await redisIsThere(`http://127.0.0.1:${environment['PORT']}`);
  return running;
}

/** Its port opens before Redis can be used. Where there is none, nobody waits for it. */
async function redisIsThere(url: string): Promise<void> {
  for (let tries = 0; tries < 40; tries++) {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    if (!answer || ((await answer.json()) as { redis: unknown }).redis !== null) return; // our own
    await wait(50);
  }
}
