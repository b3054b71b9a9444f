import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { request } from 'undici';
import { SECRET } from '../support/bridge.ts';
import { ALERT24_KEY, type FakeAlert24, startFakeAlert24 } from '../support/fake-alert24.ts';
import { type FakeGitlab, GITLAB_TOKEN, startFakeGitlab } from '../support/fake-gitlab.ts';
import { freePort } from '../support/ports.ts';
import { type BridgeProcess, startBridgeProcess } from '../support/process.ts';
import { startTestRedis } from '../support/redis.ts';
import { PROJECT } from './plan.ts';
import { startWire, type Wire } from './proxy.ts';

/** Linux counts processor time in hundredths of a second (sysconf _SC_CLK_TCK). */
const TICK_MS = 10;
const ADMIN_TOKEN = 'an-admin-token-for-faults';

type TestRedis = Awaited<ReturnType<typeof startTestRedis>>;
type Wrap = NonNullable<Parameters<typeof startBridgeProcess>[1]>;

export interface StageWishes {
  readonly random: () => number;
  /** Bridges on one Redis, each with a data directory of its own. Default 1. */
  readonly replicas?: number;
  /** Settings of Redis other than a test's usual ones. */
  readonly redis?: Readonly<Record<string, string>>;
  /** Keys of the configuration file other than the usual ones. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly alert24?: Readonly<Record<string, unknown>>;
  readonly gitlab?: Readonly<Record<string, unknown>>;
  /** How the bridge's command line is wrapped. */
  readonly wrap?: Wrap;
  /** The bridges reach Redis without the wire: a Redis that is not there refuses connections. */
  readonly direct?: boolean;
  /** Of each replica the types of sinks that it does not have. */
  readonly lacks?: readonly (readonly string[])[];
  /** Keys of the configuration file that are asked for whenever a bridge is started. */
  readonly configNow?: () => Readonly<Record<string, unknown>>;
  /** The bridges are started by the scenario. */
  readonly idle?: boolean;
}

/** One bridge, as a process that can be killed and started again. Its address and its directory stay. */
export interface Replica {
  readonly url: string;
  readonly dataDir: string;
  start(): Promise<void>;
  /** One that is to end by itself: how it ended, and what it said. It is killed after 20 s. */
  startInVain(): Promise<{ readonly code: number | null; readonly output: string }>;
  kill(signal: NodeJS.Signals): Promise<void>;
  /** SIGSTOP and SIGCONT: it stands still. */
  signal(signal: NodeJS.Signals): void;
  isRunning(): boolean;
  exitCode(): number | null;
  /** All that it ever wrote. */
  output(): string;
  rssMib(): number;
  /** Time on a processor since it was started. */
  cpuMs(): number;
}

/** Everything that Shiplog meets, with real processes: Redis behind a wire, the two destinations, and the bridges. */
export interface Stage {
  readonly redis: TestRedis;
  /** Straight to Redis, past the wire. */
  readonly client: Redis;
  /** Between the bridges and Redis. */
  readonly wire: Wire;
  readonly alert24: FakeAlert24;
  readonly gitlab: FakeGitlab;
  readonly replicas: readonly [Replica, ...Replica[]];
  readonly urls: readonly string[];
  get(path: string, limitMs?: number): Promise<{ status: number; body: unknown }>;
  /** Undefined while nobody answers. */
  metrics(): Promise<string | undefined>;
  stop(): Promise<void>;
}

export async function startStage(wishes: StageWishes): Promise<Stage> {
  const redis = await startTestRedis(wishes.redis);
  const wire = await startWire(redis.port, wishes.random);
  const client = openClient(redis.port);
  const alert24 = await startFakeAlert24({ random: wishes.random });
  const gitlab = await startFakeGitlab({ projects: [PROJECT], random: wishes.random });
  const root = mkdtempSync(join(tmpdir(), 'shiplog-faults-'));
  const make = async (index: number) => {
    const dataDir = join(root, `bridge-${index}`);
    const port = await freePort();
    const file = join(root, `bridge-${index}.yaml`);
    const redisPort = wishes.direct ? redis.port : wire.port;
    const config = toConfig(wishes, { index, port, dataDir, redisPort, alert24: alert24.url, gitlab: gitlab.url });
    const write = () => writeFileSync(file, JSON.stringify({ ...config, ...wishes.configNow?.() })); // JSON is YAML
    return createReplica({ port, dataDir, file, write, ...(wishes.wrap && { wrap: wishes.wrap }) });
  };
  const first = await make(0);
  const others = await Promise.all(Array.from({ length: (wishes.replicas ?? 1) - 1 }, (_, index) => make(index + 1)));
  const replicas = [first, ...others] as const;
  const stop = async () => {
    await Promise.all(replicas.map((replica) => replica.kill('SIGKILL')));
    client.disconnect();
    await Promise.all([wire.close(), alert24.close(), gitlab.close(), redis.stop()]);
    rmSync(root, { recursive: true, force: true });
  };
  if (!wishes.idle) await Promise.all(replicas.map((replica) => replica.start())).catch(stopThenThrow(stop));
  const urls = replicas.map((replica) => replica.url);
  return { redis, client, wire, alert24, gitlab, replicas, urls, ...createReader(replicas), stop };
}

const stopThenThrow = (stop: () => Promise<void>) => async (error: unknown) => {
  await stop();
  throw error;
};

function openClient(port: number): Redis {
  const client = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 100, maxRetriesPerRequest: null });
  client.on('error', () => {}); // the scenarios kill it
  return client;
}

interface Addresses {
  readonly index: number;
  readonly port: number;
  readonly dataDir: string;
  readonly redisPort: number;
  readonly alert24: string;
  readonly gitlab: string;
}

const toConfig = (wishes: StageWishes, at: Addresses) => ({
  port: at.port,
  data_dir: at.dataDir,
  redis_url: `redis://127.0.0.1:${at.redisPort}/0`,
  log_level: 'warn',
  admin_token: ADMIN_TOKEN,
  sources: ['gitlab', 'argocd', 'changes-api'].map((type) => ({ type, secrets: [SECRET] })),
  sinks: [
    { type: 'alert24', url: at.alert24, api_key: ALERT24_KEY, ...wishes.alert24 },
    { type: 'gitlab-deployments', url: at.gitlab, token: GITLAB_TOKEN, ...wishes.gitlab },
  ].filter(({ type }) => !wishes.lacks?.[at.index]?.includes(type)),
  ...wishes.config,
});

interface ReplicaParts {
  readonly port: number;
  readonly dataDir: string;
  readonly file: string;
  readonly write: () => void;
  readonly wrap?: Wrap;
}

function createReplica(made: ReplicaParts): Replica {
  let running: BridgeProcess | undefined;
  let earlier = '';
  return {
    url: `http://127.0.0.1:${made.port}`,
    dataDir: made.dataDir,
    async start() {
      earlier += running?.output() ?? '';
      made.write();
      running = await startBridgeProcess({ PORT: String(made.port), SHIPLOG_CONFIG: made.file }, made.wrap);
    },
    async startInVain() {
      made.write();
      const { PATH = '', HOME = '' } = process.env;
      const env = { PATH, HOME, PORT: String(made.port), SHIPLOG_CONFIG: made.file };
      const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/main.js', 'start'], {
        env,
        timeout: 20_000,
      });
      return { code: status, output: `${stdout}${stderr}` };
    },
    kill: async (signal) => {
      if (signal === 'SIGKILL') running?.child.kill('SIGCONT'); // one that stands still ends too
      await running?.exited(signal);
    },
    signal: (signal) => void running?.child.kill(signal),
    isRunning: () => running !== undefined && running.child.exitCode === null && running.child.signalCode === null,
    exitCode: () => running?.child.exitCode ?? null,
    output: () => earlier + (running?.output() ?? ''),
    rssMib() {
      const status = readFileSync(`/proc/${running?.child.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
    },
    cpuMs() {
      const stat = readFileSync(`/proc/${running?.child.pid}/stat`, 'utf8');
      const [utime = 0, stime = 0] = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .slice(11, 13)
        .map(Number);
      return (utime + stime) * TICK_MS;
    },
  };
}

/** Asks whichever bridge answers. */
function createReader(replicas: readonly Replica[]) {
  const askOnce = async (path: string, limitMs: number) => {
    for (const { url } of replicas.filter((replica) => replica.isRunning())) {
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
      const signal = AbortSignal.timeout(limitMs);
      const answer = await request(`${url}${path}`, { headers, signal, reset: true }).catch(() => undefined);
      if (answer) return { status: answer.statusCode, text: await answer.body.text() };
    }
    return undefined;
  };
  const ask = async (path: string, limitMs: number) => (await askOnce(path, limitMs)) ?? (await askOnce(path, limitMs));
  return {
    async get(path: string, limitMs = 10_000) {
      const answer = await ask(path, limitMs);
      if (!answer) return { status: 0, body: undefined };
      return { status: answer.status, body: JSON.parse(answer.text) as unknown };
    },
    async metrics() {
      const answer = await ask('/metrics', 5_000);
      return answer?.status === 200 ? answer.text : undefined;
    },
  };
}

/** The files of a bridge's spool, oldest first. */
export function spoolFiles({ dataDir }: Replica): string[] {
  const dir = join(dataDir, 'spool');
  return readdirSync(dir)
    .sort()
    .map((name) => join(dir, name));
}
