import { decodeOrKeep } from '../values/repo-url.ts';
import { trimChars, withoutEnd } from '../values/text.ts';
import { gitlabProjectPath } from './gitlab.ts';

/**
 * GitLab allows 20 groups of 255 characters, which nobody uses. A path that was cut could match what the whole does
 * not.
 */
const MAX_PATH_CHARS = 1_000;

/**
 * The path of a project as people write it: its full path, its numeric id, or the address of one of its pages.
 * Undefined for what could mean another project than it seems to, and for what is too long to be compared.
 */
export function projectPathOf(named: string): string | undefined {
  const path = pathIn(named.trim());
  if (path === undefined || path.length > MAX_PATH_CHARS) return undefined;
  const isPlain = path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  return isPlain ? path : undefined;
}

function pathIn(named: string): string | undefined {
  if (!/^https?:\/\//i.test(named)) return bare(named);
  return URL.canParse(named) ? bare(gitlabProjectPath(decodeOrKeep(new URL(named).pathname))) : undefined;
}

const bare = (path: string): string => withoutEnd(trimChars(path, '/'), '.git');
