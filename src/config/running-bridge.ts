import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const FILE = 'bridge.json';
const RunningBridge = z.object({ url: z.url(), config: z.string(), version: z.string(), pid: z.int() });

/** How a bridge can be reached from its own machine, how it was configured, and its version. No secrets. */
export type RunningBridge = z.infer<typeof RunningBridge>;

/**
 * Written beside the lock, for the command line.
 * @returns a function that removes it
 */
export function announceBridge(dataDir: string, bridge: RunningBridge): () => void {
  const file = join(dataDir, FILE);
  writeFileSync(`${file}.new`, `${JSON.stringify(bridge, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return () => rmSync(file, { force: true });
}

/** Undefined: no bridge seems to run on this directory. */
export function findRunningBridge(dataDir: string): RunningBridge | undefined {
  try {
    return RunningBridge.parse(JSON.parse(readFileSync(join(dataDir, FILE), 'utf8')));
  } catch {
    return undefined; // the file is missing, or half written in a crash
  }
}
