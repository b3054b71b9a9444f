import { nearestName } from '../values/typos.ts';
import { ConfigError } from './config-error.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = 'SHIPLOG_';
/** Those that are read besides the ones that the file names. */
const READ = ['SHIPLOG_CONFIG', 'SHIPLOG_DATA_DIR', 'SHIPLOG_URL', 'SHIPLOG_TOKEN'];
/** Kubernetes sets these for a service that is called shiplog, and Docker for a linked container. */
const SET_BY_PLATFORM = /_(?:SERVICE_HOST|SERVICE_PORT|PORT)(?:_|$)|^SHIPLOG_(?:PORT|NAME|ENV)(?:_|$)/;

/**
 * A misspelt variable would be ignored, and a default used in its place. Others of our prefix may be somebody's own.
 * @param text the configuration file
 * @throws ConfigError
 */
export function checkSpelling(environment: Environment, text: string): void {
  const known = new Set([...READ, ...[...variablesIn(text)].filter((name) => name.startsWith(PREFIX))]);
  const isSet = (name: string) => Boolean(environment[name]);
  const problems = Object.keys(environment)
    .filter((name) => name.startsWith(PREFIX) && isSet(name) && !known.has(name) && !SET_BY_PLATFORM.test(name))
    .flatMap((name) => {
      const meant = nearestKnown(name, known);
      if (meant === undefined || isSet(meant)) return [];
      return `the environment variable ${name} is not known; did you mean ${meant}? Rename or remove it`;
    });
  if (problems.length > 0) throw new ConfigError(problems);
}

/** The variables that a configuration file refers to: `${NAME}`, `${NAME:-default}`. */
export const variablesIn = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)/g)].flatMap(([, name]) => name ?? []));

/** Compares what follows the prefix, which all have: SHIPLOG_ORG is no misspelt SHIPLOG_URL. */
function nearestKnown(name: string, known: ReadonlySet<string>): string | undefined {
  const rests = [...known].map((one) => one.slice(PREFIX.length));
  const meant = nearestName(name.slice(PREFIX.length), rests);
  return meant === undefined ? undefined : `${PREFIX}${meant}`;
}
