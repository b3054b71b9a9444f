import { Redis } from 'ioredis';

export interface Answer {
  readonly pid: number;
  readonly version: string;
  readonly dir: string;
  /** They are those that were asked for. */
  readonly settingsAreRight: boolean;
  /** 0 to 100 while the append-only file is read, undefined when that is over. */
  readonly loadedPercent: number | undefined;
}

/** It is on this machine, and answers at once even while it loads its data. */
const ANSWER_WITHIN_MS = 2_000;

/** Asks the server at the socket for its settings. Undefined when none listens, or it does not answer in time. */
export function ask(socket: string, settings: Readonly<Record<string, string>>): Promise<Answer | undefined> {
  return withClient(socket, async (client) => {
    // One setting a question: several at once are understood since Redis 7 only.
    const names = ['dir', ...Object.keys(settings)];
    const [info, ...values] = await Promise.all([client.info(), ...names.map((name) => settingOf(client, name))]);
    const fact = (name: string) => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1];
    return {
      pid: Number(fact('process_id')),
      version: fact('valkey_version') ?? fact('redis_version') ?? 'unknown',
      dir: values[0] ?? '',
      settingsAreRight: Object.values(settings).every((wanted, index) => values[index + 1] === wanted),
      loadedPercent: fact('loading') === '1' ? Math.floor(Number(fact('loading_loaded_perc') ?? 0)) : undefined,
    };
  });
}

/** Asks the server to save everything and end. It answers by closing the connection. */
export async function askToEnd(socket: string): Promise<void> {
  await withClient(socket, (client) => client.call('SHUTDOWN'));
}

async function settingOf(client: Redis, name: string): Promise<string | undefined> {
  const reply: unknown = await client.config('GET', name);
  return Array.isArray(reply) ? String(reply[1]) : undefined;
}

async function withClient<T>(socket: string, question: (client: Redis) => Promise<T>): Promise<T | undefined> {
  const client = new Redis({
    path: socket,
    lazyConnect: true,
    enableReadyCheck: false, // it would wait for the end of loading
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: ANSWER_WITHIN_MS,
    commandTimeout: ANSWER_WITHIN_MS,
  });
  client.on('error', () => {}); // each of them also rejects what was asked
  try {
    await client.connect();
    return await question(client);
  } catch {
    return undefined;
  } finally {
    client.disconnect();
  }
}
