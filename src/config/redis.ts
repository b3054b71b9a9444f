import { z } from 'zod';

const DEFAULT_PORT = { redis: 6379, sentinel: 26_379 } as const;
const MOST_NODES = 32; // one that answers names all others

/** "host:port, host:port"; IPv6 in brackets. Also as a list. */
const Nodes = (kind: keyof typeof DEFAULT_PORT) =>
  z
    .union([z.string(), z.array(z.string())])
    .transform((value) => (Array.isArray(value) ? value : value.split(',')).map((node) => node.trim()).filter(Boolean))
    .pipe(
      z
        .array(z.string().regex(/^(?:\[[0-9a-fA-F:.]+\]|[^\s:/@[\]]+)(?::\d{1,5})?$/, 'write host:port,host:port'))
        .min(1, 'write host:port,host:port')
        .max(MOST_NODES),
    )
    .transform((nodes) => nodes.map((node) => toNode(node, DEFAULT_PORT[kind])));

function toNode(text: string, otherwise: number): { readonly host: string; readonly port: number } {
  const { groups } = /^(?:\[(?<six>[^\]]+)\]|(?<host>[^:]+))(?::(?<port>\d+))?$/.exec(text) ?? {};
  return { host: groups?.['six'] ?? groups?.['host'] ?? text, port: Number(groups?.['port'] ?? otherwise) };
}

/** redis://host:port/0, rediss://…, redis+unix:///path.sock or redis:///path.sock (with ?db=1). */
export const RedisUrl = z
  .string()
  .refine((url) => whyNoRedisUrl(url) === undefined, { error: ({ input }) => whyNoRedisUrl(String(input)) ?? '' });

function whyNoRedisUrl(text: string): string | undefined {
  const hasPassword = /^[a-z+]+:\/\/([^@]*)@/.exec(text)?.[1]?.includes(':');
  if (URL.canParse(text) && /^(?:rediss?|redis\+unix|unix):$/.test(new URL(text).protocol) && isDecodable(text))
    return undefined;
  return hasPassword
    ? 'in the password write %23 for "#", %2F for "/", %3F for "?", %40 for "@" and %25 for "%", or write it as ' +
        'redis.password (REDIS_PASSWORD) and leave it out here'
    : 'write redis://host:port/0, rediss://… or redis+unix:///path.sock, or leave it out for a private Redis';
}

function isDecodable(text: string): boolean {
  try {
    const { username, password } = new URL(text);
    return typeof decodeURIComponent(username + password) === 'string';
  } catch {
    return false;
  }
}

const Pem = z.string().regex(/-----BEGIN [A-Z ]+-----/, 'write PEM text, such as ${file:/path/ca.pem}');

/** Settings that REDIS_URL cannot express. */
export const RedisSettings = z
  .strictObject({
    /** Of Redis Sentinel: "host:port, host:port". */
    sentinels: Nodes('sentinel').optional(),
    sentinel_name: z.string().min(1).default('mymaster'),
    sentinel_username: z.string().min(1).optional(),
    sentinel_password: z.string().min(1).optional(),
    /** Some nodes of a Redis Cluster, by which the others are found. */
    cluster: Nodes('redis').optional(),
    username: z.string().min(1).optional(),
    password: z.string().min(1).optional(),
    database: z.coerce.number().int().min(0).max(1_000_000).optional(),
    /** TLS; with `ca`, `cert`, `key` where the system's authorities are not enough. */
    tls: z.stringbool().or(z.boolean()).optional(),
    ca: Pem.optional(),
    cert: Pem.optional(),
    key: Pem.optional(),
    /** With `durability: replicated`: this many replicas must have a webhook before it is acknowledged. */
    replicas: z.coerce.number().int().min(1).max(16).default(1),
    /** The prefix of all keys, in braces: several installations can share one Redis. */
    key_prefix: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,39}$/, 'use lower-case letters, digits and "-", at most 40, beginning with a letter')
      .default('shiplog'),
  })
  .superRefine(({ sentinels, cluster, database, cert, key }, context) => {
    const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (sentinels && cluster) complain('cluster', 'sentinels and cluster are two ways to run Redis; write one of them');
    if (cluster && database) complain('database', 'a Redis Cluster has database 0 alone; take it out');
    if ((cert === undefined) !== (key === undefined))
      complain(cert === undefined ? 'cert' : 'key', 'a client certificate needs both, cert and key');
  });
export type RedisSettings = z.infer<typeof RedisSettings>;

/** Whether Redis runs outside the data directory. */
export const isExternal = (config: {
  readonly redis_url?: string | undefined;
  readonly redis: RedisSettings;
}): boolean =>
  config.redis_url !== undefined || config.redis.sentinels !== undefined || config.redis.cluster !== undefined;
