import { z } from 'zod';
import { DeliveryFailed, ResolveFailed } from '../../domain/errors.ts';
import { gitlabAddress } from '../../forges/gitlab.ts';
import { AnswerTooLarge } from '../../outbound/exchange.ts';
import { BaseUrl, bothOrNeither, Credential } from '../../values/settings.ts';
import { type ApiClient, createApiClient } from '../api-client.ts';
import { pathSegment } from '../path-segment.ts';

/** A numeric id or a full path. */
const Names = z.array(z.union([z.string().min(1), z.number().int().positive()]).transform(String)).default([]);

/** GitLab's own API. With neither url nor token it is not asked. */
export const Api = z
  .strictObject({
    url: BaseUrl.transform(gitlabAddress).optional(),
    token: Credential('token').optional(),
    projects: Names,
    groups: Names,
    /** Requests an hour. GitLab.com allows 2,000 a minute; a self-managed GitLab often 7,200 an hour. */
    per_hour: z.coerce.number().int().positive().default(3_600),
  })
  .transform(({ url, token, ...config }, context): GitlabApi | undefined => {
    const destination = bothOrNeither({ url, token }, context, "to leave GitLab's API alone");
    return destination && createGitlabApi({ ...config, ...destination });
  });

export interface GitlabApi {
  /** As configured, without a trailing slash. */
  readonly url: string;
  /** Host and port, lower case: as in the URLs of the hooks of this GitLab. */
  readonly host: string;
  /**
   * Ids or paths of the projects and groups that are asked for missed deployments; with neither, all of which the
   * token's user is a member.
   */
  readonly projects: readonly string[];
  readonly groups: readonly string[];
  readonly token: string;
  readonly ask: ApiClient;
}

function createGitlabApi(config: {
  url: string;
  token: string;
  projects: readonly string[];
  groups: readonly string[];
  per_hour: number;
}): GitlabApi {
  const { url, token, projects, groups, per_hour } = config;
  const { host } = new URL(url);
  const ask = createApiClient({
    baseUrl: `${url}/api/v4`,
    name: `GitLab at ${host}`,
    headers: { 'private-token': token },
    secret: token,
    perHour: per_hour,
  });
  return { url, host, projects, groups, token, ask };
}

export const projectPath = (project: string): string => `/projects/${pathSegment(project)}`;
export const groupPath = (group: string): string => `/groups/${pathSegment(group)}`;

/** Limit for lists without an end. */
const MAX_PAGES = 100;

/**
 * A list, page by page, as far as GitLab has pages. Where a page is too large it begins again with smaller ones, so
 * that a row may come twice.
 * @throws ResolveFailed also for 404
 */
export async function* pagesOf(ask: ApiClient, path: string, signal: AbortSignal): AsyncGenerator<readonly unknown[]> {
  try {
    yield* walk(ask, path, signal);
  } catch (error) {
    const smaller = isTooLarge(error) ? withSmallerPages(path) : undefined;
    if (smaller === undefined) throw error;
    yield* pagesOf(ask, smaller, signal);
  }
}

async function* walk(ask: ApiClient, path: string, signal: AbortSignal): AsyncGenerator<readonly unknown[]> {
  let next: string | undefined = path;
  for (let page = 1; next !== undefined && page <= MAX_PAGES; page += 1) {
    const { json, headers } = await ask.page(next, signal);
    if (!Array.isArray(json)) throw new ResolveFailed(`GitLab shows no ${path.split('?')[0]}: ${NO_LIST}`, FINAL);
    yield json;
    next = nextPath(path, headers);
  }
  if (next !== undefined) throw new ResolveFailed(`${path.split('?')[0]} has more than ${MAX_PAGES} pages`, FINAL);
}

function withSmallerPages(path: string): string | undefined {
  if (path.includes('per_page=100')) return path.replace('per_page=100', 'per_page=20');
  return path.includes('per_page=20') ? path.replace('per_page=20', 'per_page=4') : undefined;
}

const NO_LIST = "it is not there, or the token's user may not see it";
const FINAL = { retry: 'never' } as const;

/** `X-Next-Page` names the page; lists that are paged by key say it in `Link` alone. */
function nextPath(path: string, headers: Readonly<Record<string, string | string[] | undefined>>): string | undefined {
  const [base = '', query] = path.split('?');
  const number = String(headers['x-next-page'] ?? '').trim();
  if (/^\d+$/.test(number)) {
    const search = new URLSearchParams(query);
    search.set('page', number);
    return `${base}?${search}`;
  }
  const link = /<([^<>]+)>;\s*rel="?next"?/.exec(String(headers['link'] ?? ''))?.[1];
  // Only the query: behind a proxy the link may name another host, and the token goes to the configured one alone.
  return link && URL.canParse(link) ? `${base}${new URL(link).search}` : undefined;
}

/** HTTP status of the answer that a question failed with. */
export function statusOf(error: ResolveFailed): number | undefined {
  return error.cause instanceof DeliveryFailed ? error.cause.status : undefined;
}

/** True when there was an answer that exceeds the size limit. */
export const isTooLarge = (error: unknown): boolean =>
  error instanceof ResolveFailed &&
  error.cause instanceof DeliveryFailed &&
  error.cause.cause instanceof AnswerTooLarge;

/** True when asking again brings the same answer, and that concerns this question alone. */
export const isRefused = (error: unknown): error is ResolveFailed =>
  error instanceof ResolveFailed && error.retry === 'never';

/** True when the next question may be asked: GitLab answers, and it accepts the token. */
export const concernsOne = (error: unknown): error is ResolveFailed =>
  isRefused(error) || (error instanceof ResolveFailed && (statusOf(error) ?? 0) >= 500);
