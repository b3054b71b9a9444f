import { memoized } from '../../values/memoized.ts';
import { parseRepoUrl } from '../../values/repo-url.ts';
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
  const written = hook.project_path ?? hook.path_with_namespace;
  const path = project?.path_with_namespace ?? written ?? sshPathOf(hook) ?? pathOf(url) ?? pathOf(cloneUrl);
  const id = project?.id ?? hook.project_id ?? path?.toLowerCase();
  if (id === undefined) return undefined;
  const displayName = project?.name ?? repository?.name ?? hook.project_name?.split(' / ').at(-1);
  const service = path?.split('/').at(-1) || displayName || `project ${id}`;
  const urls = [url, hook.deployable_url, hook.commit_url, webhook.headers['x-gitlab-instance'], cloneUrl];
  return {
    host: firstHost(urls) ?? UNKNOWN_HOST,
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

function firstHost(urls: readonly (string | undefined)[]): string | undefined {
  for (const url of urls) {
    const host = url && partsOf(url).host;
    if (host) return host;
  }
  return undefined;
}

const pathOf = (url: string | undefined): string | undefined =>
  (url && withoutEnd(trimChars(partsOf(url).pathname, '/'), '.git')) || undefined;

/**
 * Job hooks had no path until GitLab 15. Where GitLab runs below a path of its host, only this address is without it.
 */
const sshPathOf = ({ repository }: Origin): string | undefined => parseRepoUrl(repository?.git_ssh_url)?.path;

/** Remembered: the addresses of projects come again with each hook. A header is not checked by a schema. */
const partsOf = memoized((url: string): Pick<URL, 'host' | 'pathname'> => {
  if (!URL.canParse(url)) return { host: '', pathname: '' };
  const { host, pathname } = new URL(url);
  return { host, pathname };
});
