import { bad, commitAnswer, findProject, hasCommit, notFound, ok, projectAnswer, type World } from './fake-gitlab.ts';
import type { FakeReply, FakeRequest } from './fake-server.ts';

export interface FakeMergeRequest {
  readonly iid: number;
  readonly title: string;
  readonly state?: 'opened' | 'merged' | 'closed';
  readonly merged_at?: string;
  /** Commits that it brought. */
  readonly commits: readonly string[];
  /** Linked to the deployments of its commits, as the worker does after their success. */
  readonly linked?: boolean;
  readonly sourceBranch?: string;
}

interface Place {
  /** The path below /api/v4. */
  readonly rest: string;
  readonly world: World;
}

/** What GitLab shows beside deployments: commits, their files and merge requests, and lists of projects. */
export function readRoute({ method, query }: FakeRequest, { rest, world }: Place): FakeReply | undefined {
  if (method !== 'GET') return undefined;
  if (rest === '/projects') return projects(query, { world, under: '' });
  const group = /^\/groups\/([^/]+)\/projects$/.exec(rest)?.[1];
  if (group !== undefined) return projects(query, { world, under: `${decodeURIComponent(group)}/` });
  const [, id, sha, part] = /^\/projects\/([^/]+)\/repository\/commits\/([^/]+)(?:\/(\w+))?$/.exec(rest) ?? [];
  if (id !== undefined && sha !== undefined) return commit(query, { world, id, sha, part });
  const [, owner, deployment] = /^\/projects\/([^/]+)\/deployments\/(\d+)\/merge_requests$/.exec(rest) ?? [];
  if (owner !== undefined) return shipped(query, { world, id: owner, deployment });
  const [, of, iid] = /^\/projects\/([^/]+)\/merge_requests\/(\d+)$/.exec(rest) ?? [];
  return of !== undefined ? oneMergeRequest({ world, id: of, iid: Number(iid) }) : undefined;
}

/** A page of a list, with the headers that lead to the next one. */
export function listed(rows: readonly unknown[], query: URLSearchParams): FakeReply {
  const [page, perPage] = [Number(query.get('page') ?? 1), Math.min(100, Number(query.get('per_page') ?? 20))];
  if (!Number.isInteger(page) || !Number.isInteger(perPage) || page < 1 || perPage < 1) return bad('page is invalid');
  const next = page * perPage < rows.length ? String(page + 1) : '';
  return {
    status: 200,
    headers: { 'x-page': String(page), 'x-per-page': String(perPage), 'x-next-page': next },
    body: rows.slice((page - 1) * perPage, page * perPage),
  };
}

function projects(query: URLSearchParams, { world, under }: { world: World; under: string }): FakeReply {
  const found = world.options.projects
    .filter(({ role, path }) => role !== 'none' && path.startsWith(under))
    .filter(
      ({ path }) => query.get('include_subgroups') === 'true' || !path.slice(under.length).includes('/') || !under,
    )
    .map((project) => projectAnswer(project, world))
    .toSorted((a, b) => a.last_activity_at.localeCompare(b.last_activity_at));
  if (under && found.length === 0) return notFound('Group');
  return listed(query.get('sort') === 'asc' ? found : found.reverse(), query);
}

function commit(
  query: URLSearchParams,
  { world, id, sha, part }: { world: World; id: string; sha: string; part: string | undefined },
): FakeReply | undefined {
  const project = findProject(world, decodeURIComponent(id));
  if (!project) return notFound('Project');
  if (!hasCommit(project, sha, world)) return notFound('Commit');
  if (part === undefined) return ok(commitAnswer(sha, `${world.url}/${project.path}`));
  if (part === 'diff') {
    const files = project.files?.[sha] ?? ['src/lamp.ts'];
    return listed(
      files.map((path) => ({ old_path: path, new_path: path, diff: '@@ -1 +1 @@\n-off\n+on\n', new_file: false })),
      query,
    );
  }
  if (part !== 'merge_requests') return undefined;
  const requests = project.mergeRequests ?? [];
  const found = requests.filter(({ commits }) => commits.includes(sha));
  return listed(
    found.map((one) => mergeRequestAnswer(one, `${world.url}/${project.path}`)),
    query,
  );
}

function shipped(
  query: URLSearchParams,
  { world, id, deployment }: { world: World; id: string; deployment: string | undefined },
): FakeReply {
  const project = findProject(world, decodeURIComponent(id));
  const row = world.deployments.find((one) => one.project.id === project?.id && String(one.id) === deployment);
  if (!project || !row) return notFound(project ? 'Deployment' : 'Project');
  const requests = row.status === 'success' ? (project.mergeRequests ?? []) : [];
  const found = requests.filter(({ linked = true, commits }) => linked && commits.includes(row.sha));
  return listed(
    found.map((one) => mergeRequestAnswer(one, `${world.url}/${project.path}`)),
    query,
  );
}

function oneMergeRequest({ world, id, iid }: { world: World; id: string; iid: number }): FakeReply {
  const project = findProject(world, decodeURIComponent(id));
  const found = project?.mergeRequests?.find((one) => one.iid === iid);
  if (!project || !found) return notFound(project ? '' : 'Project');
  return ok(mergeRequestAnswer(found, `${world.url}/${project.path}`));
}

const mergeRequestAnswer = (
  { iid, title, state = 'merged', merged_at, sourceBranch = 'feature' }: FakeMergeRequest,
  web: string,
) => ({
  id: 90_000 + iid,
  iid,
  title,
  state,
  created_at: '2026-03-01T08:00:00.000Z',
  merged_at: merged_at ?? null,
  source_branch: sourceBranch,
  web_url: `${web}/-/merge_requests/${iid}`,
});
