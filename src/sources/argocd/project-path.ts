import { trimCharsEnd } from '../../values/text.ts';

/** The parts of a path of GitLab's API: `…/projects/<project>/<collection>` or `…/<collection>/<id>`, still encoded. */
export interface ProjectPath {
  readonly project: string;
  readonly id?: string;
}

/** The project's path may be written with its slashes, unencoded. */
export function projectPath(path: string, collection: string): ProjectPath | undefined {
  const [, ...rest] = `${trimCharsEnd(path, '/')}/`.split('/projects/');
  const parts = rest.join('/projects/').split('/').slice(0, -1);
  const at = parts.at(-1) === collection ? parts.length - 1 : parts.length - 2;
  if (at < 1 || parts[at] !== collection) return undefined;
  const id = parts[at + 1];
  return { project: parts.slice(0, at).join('/'), ...(id !== undefined && { id }) };
}
