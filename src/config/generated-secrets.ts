import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { explainFault, prepareDataDir } from './data-dir.ts';

const SECRET_BYTES = 32; // as many as the digest of HMAC-SHA256, which some of them key
const Kept = z.record(z.string(), z.string());

const FILE = 'secrets.json';

/** A generated secret, if it exists. */
export const keptSecret = (dataDir: string, name: string): string | undefined => read(join(dataDir, FILE))[name];

/**
 * Opens the generated secrets of a data directory. Asking for one that does not exist yet generates and stores it: only
 * the bridge may.
 */
export function openSecrets(dataDir: string): (name: string) => string {
  prepareDataDir(dataDir);
  const file = join(dataDir, FILE);
  const kept = read(file);
  return (name) => {
    const existing = kept[name];
    if (existing) return existing;
    const made = randomBytes(SECRET_BYTES).toString('hex');
    kept[name] = made;
    write(file, kept);
    return made;
  };
}

/** Those that were generated so far. */
export const readSecrets = (dataDir: string): Readonly<Record<string, string>> => read(join(dataDir, 'secrets.json'));

export function replaceSecrets(dataDir: string, secrets: Readonly<Record<string, string>>): void {
  write(join(dataDir, 'secrets.json'), { ...secrets });
}

function read(file: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    // The first start. Secrets that exist and cannot be read must never be generated again.
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return {};
    throw explainFault(cause, file);
  }
  return Kept.parse(JSON.parse(text));
}

/** A crash leaves the old file or the new one, never half of one. */
function write(file: string, secrets: Record<string, string>): void {
  const fresh = `${file}.new`;
  writeFileSync(fresh, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(fresh, file);
}
