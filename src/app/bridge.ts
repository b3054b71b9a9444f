import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { loadTraceSettings } from '../config/load.ts';
import { basePathOf } from '../http/base-path.ts';
import { closeServer, openServer } from '../http/server.ts';
import { addressOf, type RedisAddress } from '../queue/address.ts';
import { isAway } from '../queue/connection.ts';
import { createReplicaMemory } from '../queue/replication.ts';
import { openSpool, type Spool, type SpoolSettings } from '../spool/spool.ts';
import { nameKeys } from '../store/key-family.ts';
import { createErrorLog, logUnreadable } from '../telemetry/lines.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createMetrics, type Measured } from '../telemetry/metrics.ts';
import { openTraces } from '../telemetry/traces.ts';
import { MEBIBYTE } from '../values/settings.ts';
import { within } from '../values/within.ts';
import { type Assembly, assemble } from './assembly.ts';
import { startChores } from './chores.ts';
import { answers, examineRedis, openConnections } from './connections.ts';
import { migrateFormat } from './migrate-format.ts';
import type { Resources } from './shared.ts';

export interface Bridge {
  readonly url: string;
  /**
   * Continues with another configuration. Settings that a running bridge cannot change are named in the log and keep
   * their values.
   */
  reload(config: Config): Promise<void>;
  /** Stops accepting webhooks, lets requests and jobs finish, and leaves the rest in Redis. */
  stop(): Promise<void>;
}

/**
 * Time for running jobs to finish when the bridge stops. A request to a slow destination may take longer: it is left to
 * the next start.
 */
const FINISH_WITHIN_MS = 7_000;
/** The settings with which the server, the connections and the files were opened. */
const NEEDS_RESTART = [
  'host',
  'port',
  'data_dir',
  'redis_url',
  'redis',
  'durability',
  'log_level',
  'spool_max_mib',
] as const;

/**
 * Opens what outlives a configuration, and starts the parts of the configuration.
 * @param ownRedis the private Redis, instead of the one that the configuration names
 * @throws when the port is taken; then nothing is left running
 */
export async function startBridge(config: Config, ownRedis: RedisAddress | undefined, log: Logger): Promise<Bridge> {
  nameKeys(config.redis.key_prefix);
  const { server, url, serve } = await openServer({ ...config, onUnreadable: logUnreadable(log) });
  const onError = createErrorLog(log, isAway);
  const redis = ownRedis ?? addressOf(config.redis_url, config.redis);
  const connections = openConnections(redis, { isOwn: ownRedis !== undefined, onError });
  const { quick, steady } = connections;
  const spool = await openSpool(spoolSettings(config, log));
  const metrics = createMetrics(readings(() => current, spool, log));
  const traces = await openTraces(loadTraceSettings(), log);
  const replicas = createReplicaMemory(quick);
  let isStopping = false;
  const resources = { quick, steady, spool, replicas, metrics, traces, log, onError, isStopping: () => isStopping };
  let current: Assembly = assemble(config, resources);
  const show = ({ public_url }: Config) => serve(current.app, basePathOf(public_url));
  show(config);
  const chores = startChores(() => current, resources);
  const stop = async () => {
    chores.stop();
    current.hangUp();
    await closeServer(server);
    await spool.close();
    await finish(current, resources);
    await traces.close();
    connections.close();
  };
  await examineRedis(connections, resources).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  migrateFormat(steady, { ...resources, stop });
  return {
    url,
    async reload(next) {
      warnOfRestart(config, next, log);
      const old = current;
      current = assemble({ ...next, ...fixed(config) }, resources);
      show(next);
      await old.close({ atOnce: false });
    },
    async stop() {
      isStopping = true;
      if (config.shutdown_delay_seconds > 0) await sleep(config.shutdown_delay_seconds * 1000);
      await stop();
    },
  };
}

const spoolSettings = ({ data_dir, spool_max_mib }: Config, log: Logger): SpoolSettings => ({
  dir: join(data_dir, 'spool'),
  maxBytes: spool_max_mib * MEBIBYTE,
  onTorn: (file, line) => log.error({ file, line }, 'a line of the spool is damaged and was skipped'),
  clock: () => new Date(),
});

/** What the metrics read at each scrape. */
const readings = (current: () => Assembly, spool: Spool, log: Logger): Measured => ({
  backlog: () => current().backlog(),
  spool: () => spool.state(),
  holds: () => current().holds(),
  lastWebhooks: () => current().lastWebhooks(),
  expiries: () => current().expiries(),
  lostLines: log.lostLines,
  degraded: () => current().degraded(),
  stale: () => current().stale(),
});

/** Without Redis nothing can be finished. */
async function finish(assembly: Assembly, { quick, onError }: Pick<Resources, 'quick' | 'onError'>): Promise<void> {
  const isThere = await answers(quick);
  const closed = assembly.close({ atOnce: !isThere }).catch((error: unknown) => onError('stop', error));
  await within(isThere ? FINISH_WITHIN_MS : 0, closed, () => {});
}

function warnOfRestart(config: Config, next: Config, log: Logger): void {
  const keys = NEEDS_RESTART.filter((name) => JSON.stringify(next[name]) !== JSON.stringify(config[name]));
  if (keys.length > 0) log.warn({ keys }, 'these keys of the configuration need a restart; they keep their old values');
}

const fixed = (config: Config) => Object.fromEntries(NEEDS_RESTART.map((name) => [name, config[name]]));
