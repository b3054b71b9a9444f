import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { findRedisServer } from '../../src/redis/find.ts';
import { freePorts } from './ports.ts';

/** Several Redis servers that stand in for one another, on the loopback. */
export interface Topology {
  /** What stands under `redis` in the configuration. */
  readonly settings: Readonly<Record<string, string>>;
  /** kill -9 of the server that holds our keys. @returns its port */
  killPrimary(): Promise<number>;
  primaryPort(): Promise<number>;
  /** Starts it again as it was: as a primary, until the others demote it. */
  restart(port: number): Promise<void>;
  stop(): Promise<void>;
}

const SERVER = ['appendonly yes', 'appendfsync everysec', 'save ""', 'bind 127.0.0.1', 'maxmemory-policy noeviction'];
const TRIES = 600;

interface Servers {
  readonly dir: string;
  start(port: number, lines: readonly string[], how?: readonly string[]): Promise<void>;
  again(port: number): Promise<void>;
  kill(port: number): Promise<void>;
  stop(): Promise<void>;
}

async function openServers(): Promise<Servers> {
  const found = await findRedisServer();
  if (!found) throw new Error('the tests need a redis-server; `npm test` installs one');
  const dir = mkdtempSync(join(tmpdir(), 'shiplog-topology-'));
  const running = new Map<number, ChildProcess>();
  const started = new Map<number, readonly string[]>();
  const launch = async (port: number) => {
    const child = spawn(found.path, [...(started.get(port) ?? [])], { stdio: 'ignore' });
    const reap = () => child.kill('SIGKILL');
    process.once('exit', reap);
    child.once('exit', () => process.off('exit', reap));
    running.set(port, child);
    await until(async () => (await ask(port, (client) => client.ping())) === 'PONG', `the server at ${port}`);
  };
  const kill = async (port: number) => {
    const child = running.get(port);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  };
  return {
    dir,
    async start(port, lines, how = []) {
      const own = join(dir, String(port));
      mkdirSync(own);
      const file = join(own, 'redis.conf');
      writeFileSync(file, [`port ${port}`, `dir ${own}`, ...lines, ''].join('\n'));
      started.set(port, [file, ...how]);
      await launch(port);
    },
    again: launch,
    kill,
    async stop() {
      await Promise.all([...running.keys()].map(kill));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Undefined when nobody answers. */
async function ask<T>(port: number, question: (client: Redis) => Promise<T>): Promise<T | undefined> {
  const client = new Redis({
    port,
    host: '127.0.0.1',
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return await question(client);
  } catch {
    return undefined;
  } finally {
    client.disconnect();
  }
}

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    if (await holds()) return;
    await wait(100);
  }
  throw new Error(`${what} did not come to be`);
}

/** One primary, `replicas`, and sentinels that agree on a failover. */
export async function startSentinels({ replicas = 2, sentinels = 3 } = {}): Promise<Topology> {
  const servers = await openServers();
  const [primary = 0, ...others] = await freePorts(1 + replicas);
  const watchers = await freePorts(sentinels);
  await servers.start(primary, SERVER);
  for (const port of others) await servers.start(port, [...SERVER, `replicaof 127.0.0.1 ${primary}`]);
  const watched = [
    'bind 127.0.0.1',
    `sentinel monitor mymaster 127.0.0.1 ${primary} ${Math.floor(sentinels / 2) + 1}`,
    'sentinel down-after-milliseconds mymaster 1000',
    'sentinel failover-timeout mymaster 5000',
  ];
  for (const port of watchers) await servers.start(port, watched, ['--sentinel']);
  const fact = async (name: string) => {
    const info = (await ask(watchers[0] ?? 0, (client) => client.info('sentinel'))) ?? '';
    return new RegExp(`master0:.*${name}=([^,\\r]+)`).exec(info)?.[1];
  };
  await until(async () => (await fact('slaves')) === String(replicas), 'the list of replicas');
  await until(async () => (await fact('sentinels')) === String(sentinels), 'the list of sentinels');
  const primaryPort = async () => Number((await fact('address'))?.split(':')[1]);
  return topologyOf(servers, { sentinels: addressesOf(watchers) }, primaryPort);
}

const addressesOf = (ports: readonly number[]): string => ports.map((port) => `127.0.0.1:${port}`).join(',');

function topologyOf(servers: Servers, settings: Topology['settings'], primaryPort: Topology['primaryPort']): Topology {
  return {
    settings,
    primaryPort,
    async killPrimary() {
      const port = await primaryPort();
      await servers.kill(port);
      return port;
    },
    restart: servers.again,
    stop: servers.stop,
  };
}

/** Three primaries with one replica each. */
export async function startCluster(): Promise<Topology> {
  const servers = await openServers();
  const nodes = await freePorts(6);
  const lines = [...SERVER, 'cluster-enabled yes', 'cluster-node-timeout 2000', 'cluster-config-file nodes.conf'];
  for (const port of nodes) await servers.start(port, lines);
  const primaries = nodes.slice(0, 3);
  for (const [at, port] of primaries.entries()) {
    const first = Math.ceil((16_384 / 3) * at);
    const last = Math.ceil((16_384 / 3) * (at + 1)) - 1;
    await ask(port, (client) => client.call('CLUSTER', 'ADDSLOTSRANGE', first, last));
    await ask(port, (client) => client.call('CLUSTER', 'SET-CONFIG-EPOCH', at + 1));
  }
  for (const port of nodes.slice(1))
    await ask(nodes[0] ?? 0, (client) => client.call('CLUSTER', 'MEET', '127.0.0.1', port));
  const known = async (port: number) =>
    ((await ask(port, (client) => client.cluster('NODES'))) as string | undefined) ?? '';
  for (const port of nodes)
    await until(
      async () => (await known(port)).split('\n').filter((line) => line.includes('connected')).length === 6,
      'the cluster',
    );
  for (const [at, port] of nodes.slice(3).entries()) {
    const id = await ask(primaries[at] ?? 0, (client) => client.call('CLUSTER', 'MYID'));
    await ask(port, (client) => client.call('CLUSTER', 'REPLICATE', String(id)));
    await until(
      async () => /master_link_status:up/.test((await ask(port, (c) => c.info('replication'))) ?? ''),
      'a replica',
    );
  }
  for (const port of nodes)
    await until(
      async () => /cluster_state:ok/.test(String(await ask(port, (client) => client.cluster('INFO')))),
      'the slots',
    );
  const slot = Number(await ask(nodes[0] ?? 0, (client) => client.cluster('KEYSLOT', '{shiplog}')));
  const primaryPort = async () => {
    for (const port of nodes) {
      const ranges = (await ask(port, (client) => client.cluster('SLOTS'))) as
        | [number, number, [string, number]][]
        | undefined;
      const range = ranges?.find(([first, last]) => first <= slot && slot <= last);
      if (range) return range[2][1];
    }
    throw new Error('no node of the cluster answers');
  };
  return topologyOf(servers, { cluster: addressesOf(nodes.slice(0, 3)) }, primaryPort);
}
