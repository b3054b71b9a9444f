import type { JsonAnswer } from '../../outbound/http.ts';
import { excerptOf } from '../../outbound/http.ts';

/** Where a project is that was renamed or moved. Its id stays. */
export interface ProjectLocation {
  readonly id: string;
  /** Absent: GitLab did not tell. */
  readonly path?: string;
}

/** Old paths, in lower case. Kept in memory: whoever does not know asks once. */
export type MovedProjects = Map<string, ProjectLocation>;

const KEPT = 500;

export function remember(moved: MovedProjects, oldPath: string, location: ProjectLocation): void {
  moved.set(oldPath.toLowerCase(), location);
  for (const oldest of [...moved.keys()].slice(0, Math.max(0, moved.size - KEPT))) moved.delete(oldest);
}

/**
 * True for GitLab's answer to a write by the old path of a project; a proxy may have made a redirect of it.
 * GitLab: lib/api/helpers.rb, project_moved?
 */
export const isMoved = (answer: JsonAnswer): boolean =>
  (answer.status === 405 && /moved projects/i.test(excerptOf(answer))) || idInRedirect(answer) !== undefined;

/**
 * GitLab answers a read by the old path with the address by id. Only the id is taken: the token goes to the configured
 * host alone.
 */
export function idInRedirect({ status, headers }: Pick<JsonAnswer, 'status' | 'headers'>): string | undefined {
  if (status !== 301 && status !== 302 && status !== 307 && status !== 308) return undefined;
  return /\/api\/v4\/projects\/([1-9]\d{0,18})(?:[/?]|$)/.exec(String(headers['location'] ?? ''))?.[1];
}
