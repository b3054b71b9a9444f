import { z } from 'zod';

/** As in libpq, but for `prefer` and `allow`, which guarantee nothing. */
const SslMode = z.enum(['disable', 'require', 'verify-ca', 'verify-full']);
export type SslMode = z.infer<typeof SslMode>;

/** Where the database is, and with which user. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | undefined;
  /** Absent: the address does not say. */
  readonly sslMode?: SslMode;
}

const ADVICE = 'write postgres://user:password@host:5432/database, with ?sslmode=verify-full for TLS';
const PORT = 5432;

/** An address of a database. Errors never repeat it: it holds the password. */
export const DatabaseUrl = z.string().transform((text, context): DatabaseAddress => {
  const fail = (message: string): never => {
    context.issues.push({ code: 'custom', message, input: undefined });
    return z.NEVER;
  };
  const url = parsed(text);
  if (!url) return fail(ADVICE);
  const { hostname, port, username, password, pathname, searchParams, hash } = url;
  const [user, database] = [decoded(username), decoded(pathname.slice(1))];
  if (!hostname || !user || !database || database.includes('/') || hash) return fail(ADVICE);
  const unknown = [...searchParams.keys()].find((name) => name !== 'sslmode');
  if (unknown !== undefined) return fail(`${unknown.slice(0, 40)} cannot be set in the address; sslmode can`);
  const mode = SslMode.optional().safeParse(searchParams.get('sslmode') ?? undefined);
  if (!mode.success) return fail(`sslmode is one of ${SslMode.options.join(', ')}`);
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? PORT : Number(port),
    database,
    user,
    password: decoded(password) || undefined,
    ...(mode.data && { sslMode: mode.data }),
  };
});

/** Without the password: for people. */
export const shownAddress = ({ host, port, database }: DatabaseAddress): string =>
  `postgres://${host.includes(':') ? `[${host}]` : host}:${port}/${encodeURIComponent(database)}`;

function parsed(text: string): URL | undefined {
  if (!/^postgres(?:ql)?:\/\//.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a stray % is no encoding
  }
}
