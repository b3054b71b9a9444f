import { readFileSync } from 'node:fs';
import { type Environment, variablesIn } from './environment.ts';
import { configFile } from './load.ts';

const SHIPPED_FILE = new URL('../../config/shiplog.yaml', import.meta.url);

/**
 * The variables that are set and have no effect, because the file in use does not refer to them and the file that we
 * ship does: whoever writes a file of their own expects PORT to work as before.
 */
export function ignoredVariables(environment: Environment = process.env): string[] {
  const used = variablesIn(textOf(configFile(environment)));
  const shipped = [...variablesIn(textOf(SHIPPED_FILE))].filter((name) => environment[name]);
  return [...shipped, ...portOf(environment)].filter((name) => !used.has(name));
}

/** PORT is meant. Kubernetes and Docker write an address into it, not a number. */
const portOf = ({ SHIPLOG_PORT: port = '' }: Environment) => (/^\d+$/.test(port) ? ['SHIPLOG_PORT'] : []);

/** A file that cannot be read refers to nothing: an image may contain another file instead of ours. */
function textOf(file: string | URL): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
