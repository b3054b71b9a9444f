import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { loadTraceSettings } from '../config/load.ts';
import { basePathOf } from '../http/base-path.ts';
import { closeServer, openServer } from '../http/server.ts';
import { addressOf, type RedisAddress } from '../queue/address.ts';
import {
  connect,
  failFast,
  isAway,
  isWrongDatabase,
  lastErrorOf,
  type Redis,
  readyWithin,
  waitForRedis,
} from '../queue/connection.ts';
import { inspectRedis } from '../queue/inspect.ts';
import { createReplicaMemory } from '../queue/replication.ts';
import { openSpool, type Spool } from '../spool/spool.ts';
import { FormatRefused, openFormat } from '../store/format.ts';
import { nameKeys } from '../store/keys.ts';
import { createErrorLog, type OnError } from '../telemetry/lines.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { openTraces } from '../telemetry/traces.ts';
import { MEBIBYTE } from '../values/settings.ts';
import { within } from '../values/within.ts';
import { type Assembly, assemble } from './assembly.ts';
import { keepFormat } from './keep-format.ts';

export interface Bridge {
  readonly url: string;
  /** Goes on with another configuration. What a running bridge cannot change is named in the log and stays. */
  reload(config: Config): Promise<void>;
  /** Stops taking webhooks, lets what is under way finish, and leaves the rest in Redis. */
  stop(): Promise<void>;
}

const DRAIN_EVERY_MS = 1_000;
/** The inbound log grows by the second: what is beyond its count must not fill Redis. */
const PRUNE_EVERY_MS = 15_000;
/** A Redis that starts together with the bridge gets this long before webhooks are taken. */
const REDIS_START_MS = 5_000;
/**
 * Of what is under way when it stops. A request to a slow destination may take longer: it is left to the next start.
 */
const FINISH_WITHIN_MS = 7_000;
/** What the server, the connections and the files were opened with. */
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
 * Opens what outlives a configuration, and puts the configuration's parts to work. @throws when the port is taken;
 * nothing is left running then. @param ownRedis the private one, instead of what the configuration names
 */
export async function startBridge(config: Config, ownRedis: RedisAddress | undefined, log: Logger): Promise<Bridge> {
  const redis = ownRedis ?? addressOf(config.redis_url, config.redis);
  nameKeys(config.redis.key_prefix);
  const { server, url, serve } = await openServer(config);
  const onError = createErrorLog(log, isAway);
  let hasStarted = !ownRedis; // one of our own begins beside us, and is not there at once
  const onRedisError: OnError = (where, error) => (hasStarted ? onError(where, error) : undefined);
  const quick = openRedis(redis, failFast, onRedisError);
  const steady = openRedis(redis, waitForRedis, onRedisError);
  const spool = await openSpool({
    dir: join(config.data_dir, 'spool'),
    maxBytes: config.spool_max_mib * MEBIBYTE,
    onTorn: (file, line) => log.error({ file, line }, 'a line of the spool is torn and passed over'),
    clock: () => new Date(),
  });
  const metrics = createMetrics({
    backlog: () => current.backlog(),
    spool: () => spool.state(),
    holds: () => current.holds(),
    lastWebhooks: () => current.lastWebhooks(),
    expiries: () => current.expiries(),
    lostLines: log.lostLines,
    degraded: () => current.degraded(),
    stale: () => current.stale(),
  });
  const traces = await openTraces(loadTraceSettings(), log);
  let isStopping = false;
  const replicas = createReplicaMemory(quick);
  const resources = { quick, steady, spool, replicas, metrics, traces, log, onError, isStopping: () => isStopping };
  let current: Assembly = assemble(config, resources);
  serve(current.app, basePathOf(config.public_url));
  const drain = createDrain(spool, () => current.drainSpool(), log);
  const draining = setInterval(() => {
    void current
      .checkServer()
      .catch(() => {}) // Redis is away: the connection's own errors report that
      .then(drain);
  }, DRAIN_EVERY_MS);
  const prune = () => {
    replicas.check().catch(() => {}); // so that it is known when a failover comes
    return current.prune().catch((error: unknown) => onError('prune', error));
  };
  const pruning = setInterval(() => void prune(), PRUNE_EVERY_MS);
  const stop = async () => {
    clearInterval(pruning);
    clearInterval(draining);
    current.hangUp();
    await closeServer(server);
    await spool.close();
    const isThere = await answers(quick);
    const closed = current.close({ atOnce: !isThere }).catch((error: unknown) => onError('stop', error));
    await within(isThere ? FINISH_WITHIN_MS : 0, closed, () => {});
    await traces.close();
    quick.disconnect();
    steady.disconnect();
  };
  const isThere = await readyWithin(quick, REDIS_START_MS);
  hasStarted = true;
  const complaint = lastErrorOf(quick);
  if (complaint !== undefined && isWrongDatabase(complaint)) {
    await stop();
    throw new Error(
      `Redis does not have the database that the configuration names (${complaint}): choose a lower number`,
    );
  }
  if (isThere) {
    await warnOfRedis(quick, log);
    await openFormat(quick).catch(async (error: unknown) => {
      if (!(error instanceof FormatRefused)) return onError('format', error);
      await stop();
      throw error;
    });
  } else log.error({ why: complaint }, 'Redis does not answer yet; webhooks go into the spool until it does');
  keepFormat(steady, { log, onError, stop });
  return {
    url,
    async reload(next) {
      const fixed = NEEDS_RESTART.filter((name) => JSON.stringify(next[name]) !== JSON.stringify(config[name]));
      if (fixed.length > 0)
        log.warn({ keys: fixed }, 'these keys of the configuration need a restart; they stay as they were');
      const old = current;
      current = assemble({ ...next, ...kept(config) }, resources);
      serve(current.app, basePathOf(next.public_url));
      await old.close({ atOnce: false });
    },
    async stop() {
      isStopping = true;
      if (config.shutdown_delay_seconds > 0) await sleep(config.shutdown_delay_seconds * 1000);
      await stop();
    },
  };
}

/** Without Redis nothing can be finished or handed back: the next start finds it as it was. */
const answers = (redis: Redis): Promise<boolean> =>
  redis.ping().then(
    () => true,
    () => false,
  );

/** Settings under which it may lose what was acknowledged: loudly, and on /readyz for as long as they stay. */
async function warnOfRedis(redis: Redis, log: Logger): Promise<void> {
  const { warnings } = await inspectRedis(redis).catch(() => ({ warnings: [] }));
  for (const warning of warnings) log.error({ warning }, 'this Redis may lose webhooks');
}

const kept = (config: Config) => Object.fromEntries(NEEDS_RESTART.map((name) => [name, config[name]]));

function openRedis(address: RedisAddress, patience: typeof failFast, onError: OnError): Redis {
  const redis = connect(address, patience);
  redis.on('error', (error) => onError('redis', error));
  return redis;
}

/** Silent while Redis is away: the connection's own errors report that. */
function createDrain(spool: Spool, drainSpool: () => Promise<void>, log: Logger): () => void {
  let busy = false;
  return () => {
    const { entries, since } = spool.state();
    if (busy || entries === 0) return;
    busy = true;
    drainSpool()
      .then(
        () => log.info({ entries, since }, 'the spool is drained'),
        () => undefined,
      )
      .finally(() => {
        busy = false;
      });
  };
}
