import { decodeOrKeep } from '../values/repo-url.ts';
import { trimChars, withoutEnd } from '../values/text.ts';
import type { Deployment } from './deployment.ts';
import { matchAny } from './rule-pattern.ts';
import type { Pattern } from './rule-regex.ts';

/** Which GitLab projects deployments of a source may be written to, by the name of the source. Absent: all. */
export type ProjectLimits = ReadonlyMap<string, readonly Pattern[]>;

/**
 * GitLab: 20 groups of 255 characters are possible, and nobody has them. A cut name could fit where the whole does not.
 */
const LONGEST_PATH = 1_000;

/**
 * Whether a project is one of these, by its full path, its numeric id or its address. What could mean another project
 * than it seems to is none of them.
 */
export function isAllowedProject(named: string, allowed: readonly Pattern[]): boolean {
  const path = pathOf(named.trim());
  if (path === undefined || path.length > LONGEST_PATH) return false;
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..')) return false;
  return matchAny(allowed, [path]) !== undefined;
}

/** As a sink reads it: the parts of a page's address that follow "/-/" are no part of the project. */
function pathOf(named: string): string | undefined {
  if (!/^https?:\/\//i.test(named)) return bare(named);
  return URL.canParse(named) ? bare(decodeOrKeep(new URL(named).pathname).split('/-/')[0] ?? '') : undefined;
}

const bare = (path: string): string => withoutEnd(trimChars(path, '/'), '.git');

/** What is said where a project was named that the source may not write to. */
export const projectDeniedNote = (project: string, source: string): string =>
  `gitlab_project ${project.slice(0, 100)} is left out: it is not among the projects of the source ${source}.`;

/**
 * Whoever named the project, a rule too, the source that decided the state must be allowed to write to it. Where it is
 * not, the deployment goes to no project: not to the one of its repository's address either.
 */
export function limitProject(deployment: Deployment, limits: ProjectLimits | undefined): Deployment {
  const { repository, instance } = deployment;
  if (!repository) return deployment;
  const { gitlabProject, projectDenied, ...others } = repository;
  const allowed = limits?.get(instance);
  const named = gitlabProject ?? repository.url;
  if (allowed && named !== undefined && !isAllowedProject(named, allowed)) {
    const notes = gitlabProject === undefined ? [] : [projectDeniedNote(gitlabProject, instance)];
    return {
      ...deployment,
      repository: { ...others, projectDenied: true },
      notes: [...deployment.notes, ...notes],
    };
  }
  // Somebody who may, or a rule, named another one.
  if (projectDenied && gitlabProject !== undefined) return { ...deployment, repository: { ...others, gitlabProject } };
  return deployment;
}
