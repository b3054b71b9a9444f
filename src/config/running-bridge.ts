import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const FILE = 'bridge.json';
const RunningBridge = z.object({ url: z.url(), config: z.string(), version: z.string(), pid: z.int() });

/** Where a bridge can be reached from its own machine, what it was configured by, and what it is. No secrets. */
export type RunningBridge = z.infer<typeof RunningBridge>;

/** Leaves it beside the lock, for the command line. @returns takes it away again */
export function announceBridge(dataDir: string, bridge: RunningBridge): () => void {
  const file = join(dataDir, FILE);
  writeFileSync(`${file}.new`, `${JSON.stringify(bridge, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return () => rmSync(file, { force: true });
}

/** Undefined: no bridge runs on this directory, as far as can be told. */
export function findRunningBridge(dataDir: string): RunningBridge | undefined {
  try {
    return RunningBridge.parse(JSON.parse(readFileSync(join(dataDir, FILE), 'utf8')));
  } catch {
    return undefined; // there is none, or a crash left half of it
  }
}
