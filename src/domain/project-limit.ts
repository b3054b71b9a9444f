import { projectPathOf } from '../forges/project-path.ts';
import type { Deployment } from './deployment.ts';
import { matchAny } from './rules/pattern.ts';
import type { Pattern } from './rules/regex.ts';

/** Which projects deployments of a source may be written to, by the name of the source. Absent: all. */
export type ProjectLimits = ReadonlyMap<string, readonly Pattern[]>;

/** Whether a project, named by its path, id or address, matches one of these patterns. */
export function isAllowedProject(named: string, allowed: readonly Pattern[]): boolean {
  const path = projectPathOf(named);
  return path !== undefined && matchAny(allowed, [path]) !== undefined;
}

/** The note of a deployment whose project the source may not write to. */
export const projectDeniedNote = (project: string, source: string): string =>
  `gitlab_project ${project.slice(0, 100)} is left out: it is not among the projects of the source ${source}.`;

/**
 * Whoever named the project (possibly a rule), the source that decided the state must be allowed to write to it. Where
 * it is not, the deployment is written to no project, not even to that of its repository's address.
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
  // A source without this limit, or a rule, named another project.
  if (projectDenied && gitlabProject !== undefined) return { ...deployment, repository: { ...others, gitlabProject } };
  return deployment;
}
