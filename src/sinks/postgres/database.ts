import type { ClientBase, Pool, PoolConfig } from 'pg';
import { guardedSocket } from '../../outbound/socket.ts';
import type { DatabaseAddress, SslMode } from './address.ts';

export interface Tls {
  /** PEM texts. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface DatabaseOptions {
  readonly address: DatabaseAddress;
  readonly tls: Tls | undefined;
  readonly connections: number;
  readonly timeoutMs: number;
}

/** Runs queries on a connection of its own. */
export type UseDatabase = <T>(signal: AbortSignal, work: (client: ClientBase) => Promise<T>) => Promise<T>;

/** The deployments of one roll-out share a connection, and an idle one is given back: a server has few. */
const IDLE_MS = 30_000;
/** A name that belongs to another server after a failover is resolved again. */
const LIFETIME_SECONDS = 600;

/**
 * The client is loaded when the first row is written, so that a bridge without this sink starts without it.
 * @throws whatever the client or the server says (failure.ts reads it)
 */
export function createDatabase(options: DatabaseOptions): UseDatabase {
  let pool: Promise<Pool> | undefined;
  const open = async () => {
    const { Pool } = await import('pg');
    const opened = new Pool(configOf(options));
    opened.on('error', () => {}); // an idle connection that the server closed: the next delivery gets another one
    opened.on('connect', (client) => client.on('error', () => {})); // the query that is under way fails as well
    return opened;
  };
  return async (signal, work) => {
    signal.throwIfAborted();
    pool ??= open();
    const connecting = (await pool).connect();
    connecting.then(
      (late) => signal.aborted && late.release(true),
      () => {}, // reported to the caller below
    );
    const client = await untilAborted(connecting, signal);
    try {
      const result = await untilAborted(work(client), signal);
      client.release();
      return result;
    } catch (error) {
      client.release(true); // the connection's state is unknown: a query may still be under way
      throw error;
    }
  };
}

/** All settings that the client would otherwise take from the environment or from files in the home directory. */
function configOf({ address, tls, connections, timeoutMs }: DatabaseOptions): PoolConfig {
  const { host, port, database, user, password = '' } = address;
  return {
    host,
    port,
    database,
    user,
    password: () => password,
    ssl: tlsOf(address.sslMode ?? (tls?.ca === undefined ? 'disable' : 'verify-full'), tls),
    stream: () => guardedSocket('private'),
    application_name: 'shiplog',
    options: '',
    keepAlive: true,
    max: connections,
    connectionTimeoutMillis: timeoutMs,
    idleTimeoutMillis: IDLE_MS,
    maxLifetimeSeconds: LIFETIME_SECONDS,
    allowExitOnIdle: true,
  };
}

function tlsOf(mode: SslMode, tls: Tls | undefined): PoolConfig['ssl'] {
  if (mode === 'disable') return false;
  const { ca, cert, key } = tls ?? {};
  return {
    rejectUnauthorized: mode !== 'require',
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(mode === 'verify-ca' && { checkServerIdentity: () => undefined }),
  };
}

/**
 * Within a transaction, which the server aborts when it takes too long: a query that the client no longer waits for
 * must not hold a lock. The limits apply to the transaction alone, since a pooler in front of the server shares its
 * connections.
 */
export async function inTransaction<T>(client: ClientBase, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const limit = Math.max(1, Math.ceil(timeoutMs));
  const limits = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'];
  await client.query(['BEGIN', ...limits.map((name) => `SET LOCAL ${name} = ${limit}`)].join('; '));
  const result = await work();
  await client.query('COMMIT');
  return result;
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => {}); // of a query that nobody waits for any more
  signal.throwIfAborted();
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
