import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import closeWithGrace from 'close-with-grace';
import { type Bridge, startBridge } from '../app/bridge.ts';
import { shareSecrets } from '../app/shared-secrets.ts';
import { type Config, parseRoles } from '../config/config.ts';
import { explainFault, prepareDataDir } from '../config/data-dir.ts';
import { ignoredVariables } from '../config/ignored-variables.ts';
import { configFile } from '../config/load.ts';
import { isExternal } from '../config/redis.ts';
import { announceBridge } from '../config/running-bridge.ts';
import { lockDataDir } from '../redis/data-dir-lock.ts';
import { startPrivateRedis } from '../redis/private-redis.ts';
import { createLogger, type Logger } from '../telemetry/logger.ts';
import { addressOf } from './address.ts';

const VERSION = String(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version);

/**
 * Milliseconds that running requests and jobs have to finish after SIGTERM. Docker and systemd kill later than that.
 */
const DRAIN_MS = 9_000;

export interface StartOptions {
  readonly roles?: string;
}

/**
 * Runs until a signal comes; SIGHUP reads the configuration again. Then: no more webhooks, finish running work, stop
 * the private Redis.
 */
export async function start(first: Config, read: () => Config, { roles }: StartOptions = {}): Promise<void> {
  const load = () => withRoles(read(), roles);
  let config = withRoles(first, roles);
  const log = createLogger(config.log_level);
  warnOfIgnored(log);
  prepareDataDir(config.data_dir);
  // Stopped in the reverse order of the start. A signal during the start stops what has been started.
  const stops: (() => Promise<void>)[] = [];
  const stopAll = async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  closeWithGrace(
    { delay: DRAIN_MS + config.shutdown_delay_seconds * 1000, logger: false, skip: ['SIGHUP'] },
    async ({ err, signal }) => {
      if (err) log.fatal({ error: err }, 'stopping after an error');
      else log.info({ signal }, 'stopping');
      await stopAll();
    },
  );
  try {
    const own = isExternal(config)
      ? undefined
      : await startPrivateRedis({
          dataDir: config.data_dir,
          durability: config.durability === 'fsync' ? 'fsync' : 'redis',
          log,
        });
    stops.push(own ? own.stop : lockAlone(config.data_dir));
    if (!own && (await shareSecrets(config, log))) config = load();
    const opening = startBridge(config, own?.connection, log);
    // The port is open while Redis reads its append-only file; if that fails, the bridge ends.
    const broken = own?.ready.then(() => opening);
    const bridge = await Promise.race([opening, ...(broken ? [broken] : [])]);
    stops.push(bridge.stop);
    const announced = { url: addressOf(config), config: resolve(configFile()), version: VERSION, pid: process.pid };
    const takeBack = announceBridge(config.data_dir, announced);
    stops.push(async () => takeBack());
    process.on('SIGHUP', () => void reload(bridge, load, log));
    log.print(startMessage(config, bridge.url, own ? 'private, in the data directory' : whereRedisIs(config)));
    await own?.ready;
  } catch (error) {
    await stopAll();
    throw withAdvice(error, config);
  }
}

function warnOfIgnored(log: Logger): void {
  for (const variable of ignoredVariables())
    log.warn(
      { variable, file: configFile() },
      'this environment variable has no effect: the file does not refer to it',
    );
}

function withRoles(config: Config, roles: string | undefined): Config {
  return roles === undefined ? config : { ...config, roles: parseRoles(roles) };
}

/** Two bridges on one directory would drain each other's spool. The private Redis takes the lock itself. */
function lockAlone(dataDir: string): () => Promise<void> {
  const lock = lockDataDir(dataDir);
  return async () => lock.release();
}

/** A configuration that is wrong changes nothing. */
async function reload(bridge: Bridge, load: () => Config, log: Logger): Promise<void> {
  try {
    await bridge.reload(load());
    log.info('the configuration was read again');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log.error({ why }, 'the new configuration is wrong; the bridge keeps the old one');
  }
}

function startMessage(config: Config, url: string, redis: string): string {
  const lines = [
    '',
    `Shiplog runs. Look at ${url}/`,
    '',
    'Webhooks go to:',
    ...config.sources.map((source) => `  ${source.name.padEnd(12)} ${url}/webhooks/${source.name}`),
    '',
    `Secrets:  npx shiplog secrets   (kept in ${config.data_dir})`,
    `Sinks:    built-in change log${config.sinks.map((sink) => `, ${sink.name}`).join('')}`,
    `Redis:    ${redis}`,
    '',
  ];
  return `${lines.join('\n')}\n`;
}

const whereRedisIs = ({ redis }: Config): string =>
  redis.cluster ? 'a Cluster' : redis.sentinels ? `${redis.sentinel_name}, found by Sentinel` : 'at REDIS_URL';

function withAdvice(error: unknown, config: Config): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE')
    return new Error(
      `port ${config.port} is taken; stop what uses it, or ${choosePort(config.port === 8081 ? 8082 : 8081)}`,
      { cause: error },
    );
  if (error instanceof Error && 'path' in error && String(error.path).startsWith(config.data_dir))
    return explainFault(error, String(error.path));
  // The error of a write does not name its file.
  if (code === 'ENOSPC') return explainFault(error, config.data_dir);
  if (code === 'EACCES')
    return new Error(`port ${config.port} may not be opened by this user; ${choosePort(8080)}`, { cause: error });
  return error;
}

const choosePort = (port: number): string =>
  ignoredVariables({ ...process.env, PORT: String(port) }).includes('PORT')
    ? `write another one in ${configFile()}, such as port: ${port}`
    : `choose another: PORT=${port} npm start`;
