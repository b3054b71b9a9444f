import type { State } from '../../domain/change-record.ts';
import type { Deployment } from '../../domain/deployment.ts';
import { gitlabProjectPath } from '../../forges/gitlab.ts';
import { memoized } from '../../values/memoized.ts';
import { fullSha } from '../../values/sha.ts';
import { trimChars, withoutEnd } from '../../values/text.ts';
import type { Sink } from '../sink.ts';
import type { MovedProjects } from './moved.ts';
import type { GitlabStatus } from './schema.ts';

const NAME_LIMIT = 255; // GitLab: app/models/environment.rb

/** GitLab accepts no `created` or `blocked` by its API, so that waiting is not delivered. */
const STATUS: Readonly<Record<State, GitlabStatus | undefined>> = {
  pending: undefined,
  running: 'running',
  succeeded: 'success',
  failed: 'failed',
  canceled: 'canceled',
};
export const statusOf = (state: State): GitlabStatus | undefined => STATUS[state];

/** The settings that decide where a deployment goes. */
export interface Destination {
  readonly url: string;
  /** Lower case. */
  readonly hosts: readonly string[];
  readonly environments: Readonly<Record<string, string>>;
  /** Projects that were renamed or moved, as far as it was noticed. */
  readonly moved: MovedProjects;
}

/** The project as GitLab's API takes it: a numeric id, or a full path not yet encoded; the id of one that has moved. */
export function projectOf(deployment: Deployment, map: Destination): string | undefined {
  const named = namedProject(deployment, map);
  return named && (map.moved.get(named.toLowerCase())?.id ?? named);
}

/** The project by the name that we have for it. */
export function namedProject({ repository }: Deployment, map: Destination): string | undefined {
  if (repository?.projectDenied) return undefined;
  const named = repository?.gitlabProject?.trim();
  if (named && /^https?:\/\//i.test(named)) return pathOn(named, map);
  const path = repository?.url ? parse(repository.url)?.pathname : undefined;
  // For a GitLab under a path: the address of its repository begins with that path, which is no group.
  if (named && path !== undefined && trimPath(decode(path)) === trimPath(named))
    return pathOn(repository?.url ?? '', map) ?? trimPath(named);
  if (named) return trimPath(named);
  return repository?.url ? pathOn(repository.url, map) : undefined;
}

/** True when the URL belongs to this GitLab, under any of its names. */
export function isHere(url: string | undefined, map: Destination): boolean {
  const host = url === undefined ? undefined : parse(url)?.host;
  return host !== undefined && (host === parse(map.url)?.host || map.hosts.includes(host));
}

function pathOn(url: string, map: Destination): string | undefined {
  if (!isHere(url, map)) return undefined;
  // a GitLab may live under a path: https://example.com/gitlab
  const root = trimPath(parse(map.url)?.pathname ?? '') ?? '';
  const path = trimPath(gitlabProjectPath(decode(parse(url)?.pathname ?? ''))) ?? '';
  const project = root && path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
  return project.includes('/') ? project : undefined; // every project is in a group or under a user's name
}

const trimPath = (path: string): string | undefined => withoutEnd(trimChars(path, '/'), '.git') || undefined;

/** A record's URL is foreign text. The host is in lower case. */
const parse = (url: string): UrlParts | undefined => partsOf(url).parts;

interface UrlParts {
  readonly host: string;
  readonly pathname: string;
}

const partsOf = memoized((url): { readonly parts?: UrlParts } => {
  if (!URL.canParse(url)) return {};
  const { host, pathname } = new URL(url);
  return { parts: { host: host.toLowerCase(), pathname } }; // of another protocol it is as written
});

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // "100%" is no encoding
  }
}

/**
 * The environment's name there. GitLab creates an unknown environment, and refuses other characters than these
 * (lib/gitlab/regex.rb: environment_name_regex).
 */
export function environmentOf({ environment }: Deployment, map: Destination): string {
  const name = Object.hasOwn(map.environments, environment.name)
    ? map.environments[environment.name]
    : environment.name;
  const valid = trimName((name ?? '').replace(/[^A-Za-z0-9\-_/${}. ]/gu, '-'));
  return trimName(valid.slice(0, NAME_LIMIT)) || 'unknown';
}

const trimName = (name: string): string => trimChars(name, '/ ');

/** Our own lost writes are found by these three: no two of them may be under way at once. */
export function laneOf(deployment: Deployment, map: Destination): string {
  const project = projectOf(deployment, map) ?? deployment.key;
  return `${project}|${environmentOf(deployment, map)}|${fullSha(deployment.commit?.sha) ?? ''}`.toLowerCase();
}

/** GitLab sends a Deployment Hook for rows of the API, too: it names these three. */
export function echoOf(deployment: Deployment, map: Destination): ReturnType<NonNullable<Sink['echo']>> {
  const project = projectOf(deployment, map);
  const sha = fullSha(deployment.commit?.sha);
  return project !== undefined && sha !== undefined
    ? { project, environment: environmentOf(deployment, map), sha }
    : undefined;
}
