import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Lookup } from '../../domain/change-event.ts';
import { nameRef } from '../../values/ref.ts';
import { fullSha } from '../../values/sha.ts';
import { HOUR_MS } from '../../values/units.ts';
import type { Mapped } from '../mapped.ts';
import { pathSegment } from '../path-segment.ts';
import type { ApiCall } from '../source.ts';
import { type GitlabApi, isRefused, isTooLarge, projectPath } from './api.ts';
import { type Extras, recordOfRow } from './api-record.ts';
import { Commit, DeploymentRow, Diff, MergeRequest, rowsOf } from './api-schema.ts';
import type { Project } from './project.ts';
import { ignored } from './record.ts';

/** A question about one deployment, with all that its hook had of the project, which is not in the API's answer. */
const Question = z.object({
  deployment: z.string(),
  key: z.string(),
  host: z.string(),
  project: z.string(),
  path: z.string().optional(),
  url: z.string().optional(),
  name: z.string(),
  service: z.string(),
});

export function lookupOf(project: Project, { deployment, key }: { deployment: string; key: string }): Lookup {
  const { host, id, path, url, name, service } = project;
  return { deployment, key, host, project: id, name, service, ...(path && { path }), ...(url && { url }) };
}

/** A commit never changes, and neither does what it touches. */
const COMMIT_KEPT_MS = 24 * HOUR_MS;
const COMMITS_KEPT = 1_000; // each with up to 100 paths
/** GitLab's largest page, and as many as a record holds. */
const PATHS_LIMIT = 100;

/** At most 5 requests: the deployment, its merge requests from two places, the commit, the commit's files. */
export function createResolve(api: GitlabApi, instance: string) {
  const touched = new LRUCache<string, readonly string[]>({ max: COMMITS_KEPT });
  return async function resolve(lookup: Lookup, { signal, now }: ApiCall): Promise<Mapped> {
    const question = Question.safeParse(lookup).data;
    if (!question) return ignored('unmapped', 'Another version of Shiplog asked this question.');
    const { deployment, key, project: id, host, name, service, path, url } = question;
    const base = projectPath(id);
    const json = await api.ask.get(`${base}/deployments/${pathSegment(deployment)}`, { signal });
    const row = DeploymentRow.safeParse(json).data;
    if (!row) {
      return ignored(
        'needs_lookup',
        `GitLab shows no deployment ${deployment} of ${name}: it was deleted, or the token's user lacks the role ` +
          `Developer there.`,
      );
    }
    const project = { host, id, name, service, ...(path && { path }), ...(url && { url }) };
    const reported = { project, instance, now, key };
    const plain = recordOfRow(row, reported);
    if (plain.kind === 'ignored') return plain;
    return recordOfRow(row, { ...reported, extras: await extrasOf(row, { api, base, deployment, signal, touched }) });
  };
}

interface ResolveContext {
  readonly api: GitlabApi;
  /** Of the project. */
  readonly base: string;
  readonly deployment: string;
  readonly signal: AbortSignal;
  /** Paths by commit. The answers themselves are megabytes. */
  readonly touched: LRUCache<string, readonly string[]>;
}

async function extrasOf(row: DeploymentRow, context: ResolveContext): Promise<Extras> {
  const sha = fullSha(row.sha);
  const mergeRequests = await mergeRequestsFor(row, context);
  const hasTitle = row.deployable?.commit?.title !== undefined;
  const { data } = Commit.safeParse(sha && !hasTitle ? await optional(commitPath(context, sha), context) : undefined);
  return { mergeRequests, ...(data && { commit: data }), ...(sha && (await pathsOf(sha, context))) };
}

async function pathsOf(sha: string, context: ResolveContext): Promise<Pick<Extras, 'paths' | 'pathsTooMany'>> {
  const { api, signal, touched } = context;
  const commit = commitPath(context, sha);
  const cached = touched.get(commit);
  if (cached) return { paths: cached };
  try {
    const json = await api.ask.get(`${commit}/diff?per_page=${PATHS_LIMIT}`, { signal });
    const paths = rowsOf(Diff, json).flatMap(({ new_path }) => (new_path ? [new_path] : []));
    const once = [...new Set(paths)].slice(0, PATHS_LIMIT);
    if (json !== undefined) touched.set(commit, once);
    return { paths: once };
  } catch (error) {
    if (!isRefused(error)) throw error;
    return isTooLarge(error) ? { pathsTooMany: true } : {};
  }
}

/** For a merge request's own pipeline the one in its ref, also before its end; else those that it shipped. */
async function mergeRequestsFor({ ref, sha, status }: DeploymentRow, context: ResolveContext): Promise<MergeRequest[]> {
  const { mergeRequest } = nameRef(ref);
  if (!mergeRequest) return status === 'success' ? mergeRequestsOf(fullSha(sha), context) : [];
  const json = await optional(`${context.base}/merge_requests/${mergeRequest}`, context);
  const { data } = MergeRequest.safeParse(json);
  return data?.iid === mergeRequest ? [data] : [];
}

/**
 * GitLab links merge requests to a deployment in the background, after the success that the hook reports: where there
 * are none yet, those of the commit are used. GitLab: app/workers/deployments/link_merge_request_worker.rb.
 */
async function mergeRequestsOf(sha: string | undefined, context: ResolveContext): Promise<MergeRequest[]> {
  const { base, deployment } = context;
  const query = 'per_page=20&order_by=updated_at&sort=desc';
  const linked = rowsOf(
    MergeRequest,
    await optional(`${base}/deployments/${pathSegment(deployment)}/merge_requests?${query}`, context, 0),
  );
  if (linked.length > 0 || !sha) return newestFirst(linked);
  const ofCommit = rowsOf(MergeRequest, await optional(`${commitPath(context, sha)}/merge_requests`, context, 0));
  return newestFirst(ofCommit.filter(({ state }) => state !== 'closed'));
}

function newestFirst(requests: readonly MergeRequest[]): MergeRequest[] {
  const timeOf = ({ merged_at, created_at }: MergeRequest) => Date.parse(merged_at ?? created_at ?? '') || 0;
  return requests.filter(({ iid }) => iid !== undefined).toSorted((a, b) => timeOf(b) - timeOf(a));
}

const commitPath = ({ base }: ResolveContext, sha: string): string => `${base}/repository/commits/${sha}`;

/** Optional facts must not prevent the rest: the token may not be allowed to read the repository. */
async function optional(path: string, { api, signal }: ResolveContext, cacheMs = COMMIT_KEPT_MS): Promise<unknown> {
  try {
    return await api.ask.get(path, { signal, cacheMs });
  } catch (error) {
    if (isRefused(error)) return undefined;
    throw error;
  }
}
