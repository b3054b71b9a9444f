import { z } from 'zod';
import { DeliveryFailed, ResolveFailed } from '../../domain/errors.ts';
import { BaseUrl } from '../../values/settings.ts';
import { type ApiClient, createApiClient } from '../api-client.ts';
import { pathSegment } from '../path-segment.ts';
import { repositoryPathOf } from './repository-path.ts';

/** An environment variable that is not set leaves an empty text, which counts as not written. */
const Optional = z
  .string()
  .trim()
  .nullish()
  .transform((text) => text || undefined);

/** Sent in a header: a line break would be refused by the HTTP client, far from the cause. */
const Token = Optional.refine(
  (token) => token === undefined || /^[\x21-\x7e]+$/.test(token),
  'the token holds white space; copy it again',
);

const RepositoryName = z
  .string()
  .refine(
    (name) => repositoryPathOf(name) !== undefined,
    'write <workspace>/<repository>, such as harbor/lighthouse-api',
  );

const WorkspaceName = z
  .string()
  .refine((name) => repositoryPathOf(`${name}/x`) !== undefined, 'write the id of a workspace, such as harbor');

export const ApiSettings = z.strictObject({
  url: BaseUrl.default('https://api.bitbucket.org/2.0'),
  /** An access token of a repository, project or workspace; with `email`, an API token of that account. */
  token: Token,
  email: Optional,
  /** Where deployments that were never reported are searched for. */
  repositories: z.array(RepositoryName).default([]),
  /** The same, for all repositories of a workspace that changed lately. */
  workspaces: z.array(WorkspaceName).default([]),
  /** Requests an hour. Bitbucket allows 1,000 to a user or token. */
  per_hour: z.coerce.number().int().positive().default(900),
});
export type ApiSettings = z.output<typeof ApiSettings>;

export type Path = readonly string[];
export type Query = Readonly<Record<string, string>>;

export interface Page {
  readonly values: readonly unknown[];
  /** The query of the next page. */
  readonly next?: Query;
}

/** Bitbucket Cloud's REST API. */
export interface Api {
  /** @returns undefined for 404, which also means "no permission". @throws ResolveFailed */
  get(path: Path, options: { query?: Query; signal: AbortSignal; cacheMs?: number }): Promise<unknown>;
  /** One page of a list; undefined for 404. @throws ResolveFailed */
  page(path: Path, query: Query, signal: AbortSignal): Promise<Page | undefined>;
  send: (method: 'POST' | 'PUT', path: Path, order: { body: unknown; signal: AbortSignal }) => Promise<unknown>;
}

/** @returns undefined without a token */
export function createApi(settings: ApiSettings | undefined): Api | undefined {
  if (!settings?.token) return undefined;
  const { url, token, email } = settings;
  // The encoded credential is what an answer could repeat.
  const secret = email ? Buffer.from(`${email}:${token}`).toString('base64') : token;
  const ask = createApiClient({
    baseUrl: url,
    name: `Bitbucket at ${new URL(url).host}`,
    headers: { authorization: `${email ? 'Basic' : 'Bearer'} ${secret}` },
    secret,
    perHour: settings.per_hour,
  });
  return {
    get: (path, { query, ...options }) => ask.get(addressOf(path, query), options),
    page: (path, query, signal) => page(ask, { path, query, signal }),
    send: (method, path, order) => ask.send(method, addressOf(path), order),
  };
}

/**
 * Braces of a uuid and a plus sign must be percent-encoded: Bitbucket answers 400 to the one and reads the other as a
 * space.
 */
function addressOf(path: Path, query: Query = {}): string {
  const address = path.map((part) => `/${pathSegment(part)}`).join('');
  const search = new URLSearchParams(query).toString();
  return search ? `${address}?${search}` : address;
}

const PageBody = z.object({ values: z.array(z.unknown()).catch([]), next: z.string().nullish().catch(undefined) });

async function page(
  ask: ApiClient,
  order: { path: Path; query: Query; signal: AbortSignal },
): Promise<Page | undefined> {
  const { json } = await ask.page(addressOf(order.path, order.query), order.signal);
  if (json === undefined) return undefined;
  const { values, next } = PageBody.catch({ values: [], next: undefined }).parse(json);
  if (!next || !URL.canParse(next)) return { values };
  // Only its query is used: the host of an answer must not decide where the token goes.
  return { values, next: { ...Object.fromEntries(new URL(next).searchParams), ...kept(order.query) } };
}

/** A `next` that repeats `fields` with bare plus signs would ask for something else. */
const kept = ({ fields }: Query): Query => (fields === undefined ? {} : { fields });

const statusOf = (error: ResolveFailed): number | undefined =>
  error.cause instanceof DeliveryFailed ? error.cause.status : undefined;

/** True for an answer that concerns this question alone; 401, 429 and 5xx concern all. */
export function isRefusal(error: unknown): error is ResolveFailed {
  const status = error instanceof ResolveFailed ? statusOf(error) : undefined;
  return status !== undefined && status >= 400 && status < 500 && ![401, 408, 429].includes(status);
}

/** For optional facts: a token without the scope for them must not cost the deployment. */
export async function undefinedOnFailure<T>(question: Promise<T>): Promise<T | undefined> {
  try {
    return await question;
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}
