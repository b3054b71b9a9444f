import type { ForgeAddress, Repository } from './forge.ts';
import { between, linesOf, numberOf } from './message.ts';

/** Bitbucket Cloud: `bitbucket.org/<workspace>/<repository>`. */
export function bitbucketRepository({ origin, segments }: ForgeAddress): Repository | undefined {
  const [workspace, name] = segments;
  if (!workspace || !name) return undefined;
  const path = `${workspace}/${name}`;
  const url = `${origin}/${path}`;
  return {
    forge: 'Bitbucket',
    path,
    // Its comparisons have the newer commit first.
    compareUrl: (from, to) => `${url}/branches/compare/${encodeURIComponent(to)}..${encodeURIComponent(from)}`,
    ...pagesAt(url),
  };
}

/** The page of a pipeline, by the address of its repository and its number. Undefined where it is no number. */
export const bitbucketPipelineUrl = (repositoryUrl: string | undefined, number: string | undefined) =>
  repositoryUrl && number && /^\d+$/.test(number) ? `${repositoryUrl}/pipelines/results/${number}` : undefined;

/**
 * Bitbucket Data Center, by the shape of its addresses: its pages `[/<root>]/projects/<KEY>/repos/<slug>`,
 * `users/<name>/repos/<slug>`, its clone URL `[/<root>]/scm/<key>/<slug>`, and SSH at port 7999, which has no root.
 */
export function dataCenterRepository({ origin, segments, port }: ForgeAddress): Repository | undefined {
  const found = pageIn(segments) ?? cloneIn(segments, port);
  if (!found) return undefined;
  const { root, owner, slug } = found;
  const isUser = owner.startsWith('~');
  const site = [origin, ...root].join('/');
  const url = `${site}/${isUser ? `users/${owner.slice(1)}` : `projects/${owner}`}/repos/${slug}`;
  const query = (from: string, to: string) =>
    `targetBranch=${encodeURIComponent(from)}&sourceBranch=${encodeURIComponent(to)}`;
  return {
    forge: 'Bitbucket Data Center',
    path: `${owner}/${slug}`,
    compareUrl: (from, to) => `${url}/compare/commits?${query(from, to)}`,
    ...pagesAt(url),
  };
}

interface RepositoryParts {
  readonly root: readonly string[];
  /** The key of a project, or `~` and the name of a user. */
  readonly owner: string;
  readonly slug: string;
}

/** Whether it is a page of Bitbucket Data Center: other products have clone URLs of the same shape. */
export const isDataCenterPage = ({ segments }: ForgeAddress): boolean => pageIn(segments) !== undefined;

function pageIn(segments: readonly string[]): RepositoryParts | undefined {
  const at = segments.findIndex(
    (part, index) => ['projects', 'users'].includes(part) && segments[index + 2] === 'repos',
  );
  const [kind, owner, , slug] = at === -1 ? [] : segments.slice(at);
  if (!owner || !slug) return undefined;
  return { root: segments.slice(0, at), owner: kind === 'users' ? `~${owner}` : owner.toUpperCase(), slug };
}

function cloneIn(segments: readonly string[], port: string | undefined): RepositoryParts | undefined {
  const at = segments.lastIndexOf('scm');
  const isSsh = port === '7999' && segments.length === 2;
  if (!isSsh && (at === -1 || segments.length !== at + 3)) return undefined;
  const [owner = '', slug = ''] = segments.slice(-2);
  return { root: isSsh ? [] : segments.slice(0, at), owner: owner.startsWith('~') ? owner : owner.toUpperCase(), slug };
}

function pagesAt(url: string) {
  const mergeRequestUrl = (number: string) => `${url}/pull-requests/${encodeURIComponent(number)}`;
  return {
    mergeRequestSign: '#',
    url,
    commitUrl: (sha) => `${url}/commits/${encodeURIComponent(sha)}`,
    mergeRequestUrl,
    mergeRequestOf(message) {
      const number = pullRequestIn(message);
      return number === undefined ? undefined : { number, url: mergeRequestUrl(number) };
    },
  } satisfies Partial<Repository>;
}

const IN_PARENTHESES = '(pull request #';

/**
 * The number of the pull request of which this is the merge commit's message. Cloud: "Merged in lamp (pull request
 * #13)", and squashed "Turn the lamp (pull request #13)". Data Center: "Pull request #13: Turn the lamp", before 6.0
 * "Merge pull request #13 in HAR/api from lamp to main".
 */
export function pullRequestIn(message: string | undefined): string | undefined {
  const title = linesOf(message ?? '').first;
  const at = title.lastIndexOf(IN_PARENTHESES);
  const inside = at === -1 ? undefined : between(title.slice(at), IN_PARENTHESES, ')');
  return (
    numberOf(inside) ??
    numberOf(between(title, 'Pull request #', ': ')) ??
    numberOf(between(title, 'Merge pull request #', ' in '))
  );
}
