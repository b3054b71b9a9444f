import type { ConnectionOptions } from 'node:tls';

export interface Node {
  readonly host: string;
  readonly port: number;
}

/** Credentials, and the TLS settings for verifying the server. */
export interface Access {
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly tls?: ConnectionOptions;
}

/** The address of Redis: one server, Sentinels or a Cluster. */
export type RedisAddress = Access &
  (
    | { readonly path: string }
    | Node
    | { readonly url: string }
    | {
        readonly sentinels: readonly Node[];
        readonly name: string;
        readonly sentinelUsername?: string;
        readonly sentinelPassword?: string;
      }
    | { readonly cluster: readonly Node[] }
  );

/** The settings for an external Redis. An undefined entry counts as missing. */
export interface RedisConfig {
  readonly sentinels?: readonly Node[] | undefined;
  readonly sentinel_name: string;
  readonly sentinel_username?: string | undefined;
  readonly sentinel_password?: string | undefined;
  readonly cluster?: readonly Node[] | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly database?: number | undefined;
  readonly tls?: boolean | undefined;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** Sentinels and a Cluster take precedence over the URL, as they are never set by default. */
export function addressOf(url: string | undefined, config: RedisConfig): RedisAddress {
  const access = accessOf(config);
  if (config.cluster) return { ...access, cluster: config.cluster };
  if (config.sentinels)
    return {
      ...access,
      sentinels: config.sentinels,
      name: config.sentinel_name,
      ...(config.sentinel_username && { sentinelUsername: config.sentinel_username }),
      ...(config.sentinel_password && { sentinelPassword: config.sentinel_password }),
    };
  return { ...ofUrl(url ?? ''), ...access };
}

function accessOf({ username, password, database, tls, ca, cert, key }: RedisConfig): Access {
  const isTls = tls ?? (ca !== undefined || cert !== undefined);
  return {
    ...(username && { username }),
    ...(password && { password }),
    ...(database !== undefined && { db: database }),
    ...(isTls && { tls: { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) } }),
  };
}

/**
 * Handled here because ioredis treats `redis:///path.sock` as 127.0.0.1, and prefers the empty password of
 * `redis://user@host` to that of the settings.
 */
function ofUrl(text: string): RedisAddress {
  const url = new URL(text);
  const credentials = {
    ...(url.username && { username: decodeURIComponent(url.username) }),
    ...(url.password && { password: decodeURIComponent(url.password) }),
  };
  const isSocket =
    /^(?:redis\+)?unix:$/.test(url.protocol) || (url.hostname === '' && /^\/.*[^/\d]/.test(url.pathname));
  if (!isSocket) return { url: withoutCredentials(url), ...credentials };
  const db = Number(url.searchParams.get('db') ?? url.searchParams.get('database') ?? 0);
  return { path: decodeURIComponent(url.pathname), ...(db > 0 && { db }), ...credentials };
}

function withoutCredentials(url: URL): string {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare.href;
}
