import { fullSha } from './sha.ts';

/** What a Git ref is, in the terms of people: a branch, a tag, or a merge request. */
export interface NamedRef {
  /** Branch or tag, without `refs/heads/` and `refs/tags/`. Absent for a ref that only a merge request has. */
  readonly ref?: string;
  /** Whether `ref` is a tag. Absent where the ref does not show it. */
  readonly tag?: boolean;
  /** The number of the merge or pull request whose ref it is. */
  readonly mergeRequest?: string;
}

/**
 * Reads `main`, `refs/heads/main`, `refs/tags/v1.2.0`, `refs/merge-requests/42/merge` (also `head` and `train`),
 * `refs/pull/42/merge` and `refs/pull-requests/42/from`. Any other name is returned unchanged.
 */
export function nameRef(text: string | null | undefined): NamedRef {
  const ref = text?.trim();
  if (!ref) return {};
  const [, kind = '', rest = ''] = /^refs\/([a-z-]+)\/(.+)$/s.exec(ref) ?? [];
  switch (kind) {
    case 'heads':
      return { ref: rest, tag: false };
    case 'tags':
      return { ref: rest.replace(/\^\{\}$/, ''), tag: true };
    case 'merge-requests':
    case 'pull':
    case 'pull-requests': {
      const number = /^([1-9]\d{0,18})(?:\/[a-z]+)?$/.exec(rest)?.[1];
      return number ? { mergeRequest: number } : { ref };
    }
    default:
      return { ref };
  }
}

/**
 * What a pipeline calls its checkout: `HEAD` where it has none of a branch (`git rev-parse --abbrev-ref HEAD`), the
 * commit, or the branch with its remote, as Jenkins' `GIT_BRANCH` and `git name-rev` have it.
 */
export function nameCheckout(text: string | null | undefined): NamedRef {
  const name = text?.trim() ?? '';
  if (name === 'HEAD' || fullSha(name)) return {};
  const tracked = /^(?:(?:refs\/)?remotes\/[^/]+|origin)\/(.+)$/s.exec(name)?.[1];
  if (tracked === 'HEAD') return {};
  return tracked === undefined ? nameRef(name) : { ref: tracked, tag: false };
}
