import { LRUCache } from 'lru-cache';
import type { JsonAnswer } from '../../outbound/http.ts';
import { excerptOf } from '../../outbound/http.ts';

/** The location of a project that was renamed or moved. Its id stays. */
export interface ProjectLocation {
  readonly id: string;
  /** Absent: GitLab does not say. */
  readonly path?: string;
}

/** By the old path, in lower case. Kept in memory: after a restart GitLab is asked once more. */
export type MovedProjects = LRUCache<string, ProjectLocation>;

const MAX_MOVED = 500; // about 100 bytes each

export const createMovedProjects = (): MovedProjects => new LRUCache({ max: MAX_MOVED });

/**
 * True for GitLab's answer to a write by the old path of a project; a proxy may have turned it into a redirect. GitLab:
 * lib/api/helpers.rb, project_moved?
 */
export const isMoved = (answer: JsonAnswer): boolean =>
  (answer.status === 405 && /moved projects/i.test(excerptOf(answer))) || idInRedirect(answer) !== undefined;

/**
 * GitLab answers a read by the old path with the address by id. Only the id is used: the token is sent to the
 * configured host alone.
 */
export function idInRedirect({ status, headers }: Pick<JsonAnswer, 'status' | 'headers'>): string | undefined {
  if (status !== 301 && status !== 302 && status !== 307 && status !== 308) return undefined;
  return /\/api\/v4\/projects\/([1-9]\d{0,18})(?:[/?]|$)/.exec(String(headers['location'] ?? ''))?.[1];
}
