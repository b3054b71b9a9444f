/** What a page of a forge or of a deployment tool is about, as far as the change log can find it. */
export interface PageSubject {
  /** Full or abbreviated sha. */
  readonly commit?: string;
  /** Words that a deployment of it has (store/changes/search-terms.ts). */
  readonly text?: string;
}

const COMMIT = /\/commits?\/([0-9a-f]{7,64})(?:[/?#]|$)/i;
/** Merge and pull requests, in the layouts of GitLab, GitHub, Bitbucket and Bitbucket Data Center. */
const REQUEST = /^(?:\/(?:projects|users))?\/(.+?)(?:\/-)?\/(?:merge_requests|pulls?|pull-requests)\/(\d+)(?:\/|$)/i;
const RUN = /\/(pipelines\/results|pipelines|jobs|runs)\/(\d+)(?:\/|$)/i;
const APPLICATION = /\/applications\/([^/]+(?:\/[^/]+)?)\/?$/i;

/** A pasted address says which commit, request, run or application is meant. Undefined: it is no such address. */
export function subjectOf(text: string | undefined): PageSubject | undefined {
  const address = text?.trim() ?? '';
  if (!/^https?:\/\/\S+$/i.test(address) || !URL.canParse(address)) return undefined;
  const { pathname } = new URL(address);
  const commit = COMMIT.exec(pathname)?.[1];
  if (commit) return { commit };
  const [, project, request] = REQUEST.exec(pathname) ?? [];
  if (project && request) return { text: `!${request} ${repositoryOf(project)}` };
  const run = runTermOf(pathname);
  return run === undefined ? undefined : { text: run };
}

/** Data Center writes `HARBOR/repos/api`. */
const repositoryOf = (project: string): string => project.replace('/repos/', '/');

/** `pipelines/77`, `jobs/4711`, `applications/argocd/api`: what is kept of the address of a run, to find it again. */
export function runTermOf(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  const path = address.split(/[?#]/, 1)[0] ?? '';
  const [, kind, id] = RUN.exec(path) ?? [];
  if (kind && id) return `${kind}/${id}`.toLowerCase();
  const name = APPLICATION.exec(path)?.[1];
  return name && `applications/${name}`.toLowerCase();
}

/** The number of the merge or pull request whose page an address is, on any of the forges. */
export const mergeRequestNumberIn = (address: string | undefined): string | undefined =>
  /\/(?:merge_requests|pull-requests|pull)\/(\d+)/.exec(address ?? '')?.[1];
