import type { ForgeAddress, Repository } from './forge.ts';
import { linesOf, numberOf } from './message.ts';

/** The address of a GitLab, also where that of its API was written, as a job finds it in CI_API_V4_URL. */
export const gitlabAddress = (url: string): string => url.replace(/\/api\/v4$/, '');

/** The pages of a project, by its own address. */
export const gitlabPipelineUrl = (projectUrl: string, id: number | string): string => `${projectUrl}/-/pipelines/${id}`;
export const gitlabJobUrl = (projectUrl: string, id: number | string): string => `${projectUrl}/-/jobs/${id}`;
export const gitlabEnvironmentsUrl = (projectUrl: string): string => `${projectUrl}/-/environments`;

/** Where the path of a project ends and that of its pages begins. */
const PAGES = '/-/';

/** The path of the project to which a page belongs: `/harbor/api` of `/harbor/api/-/pipelines/7`. */
export const gitlabProjectPath = (pathname: string): string => pathname.split(PAGES, 1)[0] ?? '';

const REFERENCE = 'See merge request ';

/**
 * @param root segments of the path under which this GitLab runs: https://example.com/gitlab has one. `unknown`: it may
 * have some.
 * @returns undefined for what cannot be a project: every project is in a group or under a user's name.
 */
export function gitlabRepository(
  { origin, segments }: ForgeAddress,
  root: readonly string[] | 'unknown',
): Repository | undefined {
  const base = root === 'unknown' ? [] : rootOf(segments, root);
  const dash = segments.indexOf('-'); // `/-/` begins what is below a project
  const project = segments.slice(base.length, dash === -1 ? undefined : dash);
  if (project.length < 2) return undefined;
  const site = [origin, ...(root === 'unknown' ? [] : root)].join('/');
  const url = `${site}/${project.join('/')}`;
  const path = decoded(project.join('/'));
  const mergeRequestUrl = (number: string) => `${url}/-/merge_requests/${encodeURIComponent(number)}`;
  return {
    forge: 'GitLab',
    mergeRequestSign: '!',
    path,
    url,
    commitUrl: (sha) => `${url}/-/commit/${encodeURIComponent(sha)}`,
    compareUrl: (from, to) => `${url}/-/compare/${encodeURIComponent(from)}...${encodeURIComponent(to)}`,
    mergeRequestUrl,
    mergeRequestOf(message) {
      const reported = referenceIn(message);
      if (!reported) return undefined;
      const { number, project: named } = reported;
      if (named === '' || isAtEnd(path, named)) return { number, url: mergeRequestUrl(number) };
      // A fork contains the merges of its upstream: their numbers are the upstream's.
      const isElsewhere = root !== 'unknown' && isProjectPath(named);
      return isElsewhere ? { number, url: `${site}/${named}/-/merge_requests/${number}` } : undefined;
    },
  };
}

/** SSH addresses leave the root out. */
function rootOf(segments: readonly string[], root: readonly string[]): readonly string[] {
  const isBelow = root.every((segment, at) => segments[at]?.toLowerCase() === segment.toLowerCase());
  return isBelow ? segments.slice(0, root.length) : [];
}

/**
 * "See merge request harbor/api!101", which GitLab appends to its message; before 9.3 without the project. The last one
 * counts.
 */
function referenceIn(message: string): { project: string; number: string } | undefined {
  const line = linesOf(message).last.findLast((text) => text.startsWith(REFERENCE));
  const reference = line?.slice(REFERENCE.length).trim() ?? '';
  const sign = reference.lastIndexOf('!');
  const number = sign === -1 ? undefined : numberOf(reference.slice(sign + 1));
  return number === undefined ? undefined : { project: reference.slice(0, sign), number };
}

function isAtEnd(path: string, project: string): boolean {
  const [whole, end] = [path.toLowerCase(), project.toLowerCase()];
  return whole === end || whole.endsWith(`/${end}`);
}

const isProjectPath = (text: string): boolean =>
  text.includes('/') && text.split('/').every((segment) => /^[\w-][\w.-]*$/.test(segment));

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // a lone "%" stands for itself
  }
}
