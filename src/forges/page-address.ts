import { runOf } from './run.ts';

/** What a page of a forge or of a deployment tool is about, in terms that the change log can be searched by. */
export interface PageSubject {
  /** Full or abbreviated sha. */
  readonly commit?: string;
  /** Words that the search index has of such a deployment (store/changes/search/search-terms.ts). */
  readonly text?: string;
}

/** Longer ones are texts. */
const MAX_PASTED_CHARACTERS = 2_000;
/** `git@gitlab.example.com:harbor/pay.git` */
const CLONE_ADDRESS = /^(?:ssh:\/\/)?git@[^\s/:]+(?::\d+\/|[:/])([^\s:]+)$/;
/** Files at a commit, and the newer end of a comparison. */
const TREE = /\/(?:tree|blob|src|compare\/[^/]+?\.\.\.?)\/?([0-9a-f]{7,64})(?:[/?#]|$)/i;
const COMMIT = /\/commits?\/([0-9a-f]{7,64})(?:[/?#]|$)/i;
/** Merge and pull requests, in the layouts of GitLab, GitHub, Bitbucket and Bitbucket Data Center. */
const REQUEST = /^(?:\/(?:projects|users))?\/(.+?)(?:\/-)?\/(?:merge_requests|pulls?|pull-requests)\/(\d+)(?:\/|$)/i;
const RUN = /\/(pipelines\/results|pipelines|jobs|builds|runs)\/(\d+)(?:\/|$)/i;
const APPLICATION = /\/applications\/(?:([^/]+)\/)?([^/]+)\/?$/i;
/** The path under which Argo CD runs: its link to an application may have no namespace. */
const OWN_NAMESPACE = 'argocd';
/** In the search index an address is one of the lines of a deployment. */
const MAX_ADDRESS_CHARACTERS = 200;

/**
 * The commit, request, run, application or repository that a pasted address means. Undefined: it is no such address.
 * Chat and mail put addresses into brackets, and browsers hide `https://`.
 */
export function subjectOf(text: string | undefined): PageSubject | undefined {
  const pasted = unwrapped(text);
  const url = addressIn(pasted);
  if (url) return subjectIn(url) ?? repositoryIn(url) ?? plainSubject(url);
  if (!pasted.includes('/') || pasted.length > MAX_PASTED_CHARACTERS || /\s/.test(pasted)) return undefined;
  const clone = CLONE_ADDRESS.exec(pasted)?.[1];
  if (clone) return { text: withoutGit(clone) };
  const guessed = addressIn(`https://${pasted}`);
  // Without a scheme it may be the name of an image: only a page of a known kind counts.
  return guessed?.hostname.includes('.') ? subjectIn(guessed) : undefined;
}

function subjectIn(url: URL): PageSubject | undefined {
  const commit = COMMIT.exec(url.pathname)?.[1] ?? TREE.exec(url.pathname)?.[1];
  if (commit) return { commit };
  const request = requestTermOf(url.href);
  if (request) return { text: request };
  const isRun = RUN.test(url.pathname) || APPLICATION.test(url.pathname) || forgeRunTerm(url) !== undefined;
  return isRun ? plainSubject(url) : undefined;
}

function plainSubject(url: URL): PageSubject | undefined {
  const [run] = runTermsOf(url.href);
  return run === undefined ? undefined : { text: run };
}

/** Any other page of a GitLab project, and addresses to clone from. */
function repositoryIn({ pathname }: URL): PageSubject | undefined {
  const end = pathname.indexOf('/-/');
  const path = end > 0 ? pathname.slice(1, end) : pathname.endsWith('.git') ? withoutGit(pathname.slice(1)) : undefined;
  return path?.includes('/') ? { text: path.toLowerCase() } : undefined;
}

const withoutGit = (path: string): string => path.replace(/\.git$/, '').toLowerCase();

const BRACKETS: Readonly<Record<string, string>> = { '<': '>', '(': ')', '"': '"', "'": "'", '`': '`' };

function unwrapped(text: string | undefined): string {
  const trimmed = text?.trim() ?? '';
  const closing = BRACKETS[trimmed.charAt(0)];
  return closing !== undefined && trimmed.endsWith(closing) ? trimmed.slice(1, -1).trim() : trimmed;
}

function addressIn(text: string | undefined): URL | undefined {
  const address = text?.trim() ?? '';
  return /^https?:\/\/\S+$/i.test(address) && URL.canParse(address) ? new URL(address) : undefined;
}

/** `/harbor/pay!12`: with the repository, since every repository has a request 12. */
export function requestTermOf(address: string | undefined): string | undefined {
  const [, project, number] = REQUEST.exec(addressIn(address)?.pathname ?? '') ?? [];
  return project && number ? requestTerm(project.replace('/repos/', '/'), number) : undefined; // HARBOR/repos/api
}

export const requestTerm = (repository: string, number: string): string =>
  `/${repository.replace(/^\//, '')}!${number}`.toLowerCase();

/**
 * What the search index keeps of the address of a run: `/harbor/pay/pipelines/77`, `/applications/argocd/api/`, and the
 * address itself for a tool that is not known. The first is what a pasted address searches for. An application is found
 * with its namespace and without.
 */
export function runTermsOf(address: string | undefined): readonly string[] {
  const url = addressIn(address);
  if (!url || url.pathname === '/') return [];
  const [, namespace, name] = APPLICATION.exec(url.pathname) ?? [];
  if (name) return applicationTerms(namespace, name).map((term) => term.toLowerCase());
  return [forgeRunTerm(url) ?? plainAddress(url)];
}

/** The trailing slash distinguishes `pay` from `pay-api`. */
const applicationTerms = (namespace: string | undefined, name: string): readonly string[] =>
  namespace === undefined
    ? [`/applications/${name}/`, `/applications/${OWN_NAMESPACE}/${name}/`]
    : [`/applications/${namespace}/${name}/`, `/applications/${name}/`];

/** GitLab called its jobs builds. Bitbucket's older address of a pipeline has the relevant part behind the `#`. */
function forgeRunTerm({ pathname, href }: URL): string | undefined {
  const found = RUN.exec(pathname);
  if (!found) {
    const { path, pipeline } = runOf(href) ?? {};
    return path && pipeline && `/${path}/pipelines/results/${pipeline}`;
  }
  const [, kind = '', id = ''] = found;
  const repository = pathname.slice(0, found.index).replace(/\/(?:-|actions)$/, '');
  return `${repository}/${kind.replace(/^builds$/i, 'jobs')}/${id}`.toLowerCase();
}

function plainAddress({ host, pathname, search }: URL): string {
  const path = pathname.endsWith('/') ? pathname.slice(0, -1) : pathname;
  return `${host}${path}${search}`.toLowerCase().slice(0, MAX_ADDRESS_CHARACTERS);
}

/** The number of the merge or pull request whose page an address is, on any of the forges. */
export const mergeRequestNumberIn = (address: string | undefined): string | undefined =>
  /\/(?:merge_requests|pull-requests|pull)\/(\d+)/.exec(address ?? '')?.[1];
