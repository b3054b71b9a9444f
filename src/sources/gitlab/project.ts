import { trimChars, trimCharsEnd, withoutEnd } from '../../values/text.ts';
import type { Webhook } from '../received-webhook.ts';
import type { Origin } from './schema.ts';

/** The project of a hook, named in the same way for all kinds of hook. */
export interface Project {
  /** Host and port, lower case. */
  readonly host: string;
  /** Numeric id, else the path in lower case: what the deployment key holds. */
  readonly id: string;
  readonly path?: string;
  readonly url?: string;
  /** The path, else the best alternative. */
  readonly name: string;
  readonly service: string;
}

export const UNKNOWN_HOST = 'unknown-host';

/**
 * @returns undefined when the hook has neither an id nor a path: deployments of two projects could not be
 * distinguished.
 */
export function projectOf(hook: Origin, webhook: Pick<Webhook, 'headers'>): Project | undefined {
  const { project, repository } = hook;
  const url = project?.web_url ?? project?.homepage ?? repository?.homepage;
  const cloneUrl = project?.git_http_url ?? repository?.git_http_url;
  const path = project?.path_with_namespace ?? pathOf(url) ?? pathOf(cloneUrl);
  const id = project?.id ?? hook.project_id ?? path?.toLowerCase();
  if (id === undefined) return undefined;
  const displayName = project?.name ?? repository?.name ?? hook.project_name?.split(' / ').at(-1);
  const service = path?.split('/').at(-1) || displayName || `project ${id}`;
  const urls = [url, hook.deployable_url, hook.commit_url, webhook.headers['x-gitlab-instance'], cloneUrl];
  return {
    host: urls.map(hostOf).find((host) => host !== undefined) ?? UNKNOWN_HOST,
    id,
    ...(path && { path }),
    ...(url && { url: trimCharsEnd(url, '/') }),
    name: path ?? hook.project_name ?? service,
    service,
  };
}

/** All hooks about one job share this key. A retried job is a new job, and a new deployment. */
export const jobKey = (project: Project, jobId: string): string => `gitlab:${project.host}:${project.id}:job:${jobId}`;

/** For deployments without a job, and as an alias of those with one. */
export const deploymentKey = (project: Project, deploymentId: string): string =>
  `gitlab:${project.host}:${project.id}:deployment:${deploymentId}`;

/** The header is the only URL that the schema has not checked. */
const parse = (url: string | undefined): URL | undefined => (url && URL.canParse(url) ? new URL(url) : undefined);

const hostOf = (url: string | undefined): string | undefined => parse(url)?.host || undefined;

const pathOf = (url: string | undefined): string | undefined =>
  withoutEnd(trimChars(parse(url)?.pathname ?? '', '/'), '.git') || undefined;
