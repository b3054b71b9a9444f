import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import type { Config } from './config.ts';
import { ConfigError } from './config-error.ts';
import type { Environment } from './environment.ts';
import { keptSecret } from './generated-secrets.ts';
import { loadConfig } from './load.ts';
import { findRunningBridge, type RunningBridge } from './running-bridge.ts';

/** What a command needs to know of a bridge that it only asks. */
export interface BridgeSettings extends Pick<Config, 'host' | 'port' | 'admin_token'> {
  /** Given, or announced by the bridge; absent: by host and port. */
  readonly url?: string;
}

export interface BridgeAccess {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
}

const Login = z.object({ url: z.url(), token: z.string().min(1) });

/**
 * How the running bridge is reached: by `--url` and `--token` or SHIPLOG_URL and SHIPLOG_TOKEN; else the bridge of this
 * configuration; else the one that `shiplog login` saved.
 * @throws ConfigError that says what to give
 */
export function reachBridge(given: BridgeAccess, environment: Environment = process.env): BridgeSettings {
  const url = given.url ?? (environment['SHIPLOG_URL'] || undefined);
  const token = given.token ?? (environment['SHIPLOG_TOKEN'] || undefined);
  if (url !== undefined && !isWebAddress(url))
    throw new ConfigError([`"${url}" is no address of a bridge: write one such as https://shiplog.example.com`]);
  if (url && token) return toReachable(url, token);
  const login = readLogin(environment);
  if (url) {
    const sessionToken = login && sameAddress(login.url, url) ? login.token : undefined;
    return toReachable(url, sessionToken ?? localToken(environment));
  }
  const local = localBridge(environment);
  if (login && !local?.url) return toReachable(login.url, token ?? login.token);
  if (local) return { ...local, ...(token && { admin_token: token }) };
  return { ...loadConfig(environment), ...(token && { admin_token: token }) }; // its error says what is missing
}

const isWebAddress = (url: string): boolean => /^https?:\/\//i.test(url) && URL.canParse(url);
const sameAddress = (a: string, b: string): boolean => a.replace(/\/$/, '') === b.replace(/\/$/, '');

const toReachable = (url: string, token: string): BridgeSettings => ({
  url: url.endsWith('/') ? url.slice(0, -1) : url,
  host: '',
  port: 0,
  admin_token: token,
});

/**
 * The bridge of this configuration, or the one that runs on the usual data directory where the configuration needs more
 * of its environment.
 */
function localBridge(environment: Environment): BridgeSettings | undefined {
  try {
    const config = loadConfig(environment);
    const running = findRunningBridge(config.data_dir);
    return { ...config, ...(running && { url: running.url }) };
  } catch (error) {
    const dataDir = resolve(environment['SHIPLOG_DATA_DIR'] || 'data');
    const running = findRunningBridge(dataDir);
    const token = running && (keptSecret(dataDir, 'admin') ?? tokenIn(running, environment));
    if (running && token) return toReachable(running.url, token);
    if (readLogin(environment)) return undefined;
    if (running)
      throw new ConfigError([
        `a bridge runs at ${running.url}, and its admin token does not lie in ${dataDir}: give --token or ` +
          'SHIPLOG_TOKEN, or run this command with the environment of the bridge',
      ]);
    throw error instanceof ConfigError ? new ConfigError([...error.problems, ELSEWHERE]) : error;
  }
}

const ELSEWHERE =
  'a bridge on another machine: give --url and --token, or SHIPLOG_URL and SHIPLOG_TOKEN, or keep them with: shiplog ' +
  'login';

/** As the bridge was configured; this shell may have another environment. */
function tokenIn({ config }: RunningBridge, environment: Environment): string | undefined {
  try {
    return loadConfig({ ...environment, SHIPLOG_CONFIG: config }).admin_token;
  } catch {
    return undefined; // it needs more of the bridge's environment
  }
}

function localToken(environment: Environment): string {
  try {
    return loadConfig(environment).admin_token;
  } catch {
    throw new ConfigError([
      'no token for this address: give --token or SHIPLOG_TOKEN (npx shiplog secrets shows it on the machine of ' +
        'the bridge), or keep it with: shiplog login',
    ]);
  }
}

const loginFile = (environment: Environment): string =>
  join(environment['XDG_CONFIG_HOME'] || join(environment['HOME'] || homedir(), '.config'), 'shiplog', 'login.json');

function readLogin(environment: Environment): z.infer<typeof Login> | undefined {
  try {
    return Login.parse(JSON.parse(readFileSync(loginFile(environment), 'utf8')));
  } catch {
    return undefined; // nobody has logged in
  }
}

/**
 * Stored for this user alone.
 * @returns the file
 */
export function keepLogin(login: { url: string; token: string }, environment: Environment = process.env): string {
  const file = loginFile(environment);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, `${JSON.stringify(Login.parse(login), null, 2)}\n`, { mode: 0o600 });
  return file;
}
