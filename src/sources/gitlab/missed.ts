import type { NewChangeRecord } from '../../domain/change-record.ts';
import type { ResolveFailed } from '../../domain/errors.ts';
import { HOUR_MS } from '../../values/units.ts';
import type { ApiCall } from '../source.ts';
import { concernsOne, type GitlabApi, groupPath, isRefused, pagesOf, projectPath } from './api.ts';
import { recordOfRow } from './api-record.ts';
import { DeploymentRow, ProjectActivity, rowsOf } from './api-schema.ts';
import { createHookCheck } from './hook-check.ts';
import { type Project, projectOf } from './project.ts';
import { Origin } from './schema.ts';

/** Each is at least one request in every run, of those that the API may be sent in an hour. */
const PROJECTS_LIMIT = 500;
/** A project that is renamed is found by its new name in the next run. */
const PROJECT_KEPT_MS = 10 * 60_000;
/** GitLab records a project's activity at most once an hour. GitLab: app/models/event.rb. */
const ACTIVITY_SLACK_MS = 24 * HOUR_MS;

type Run = ApiCall & { warn(finding: string): void };

/** All deployments that were touched since a moment, and the state of the webhooks that should have reported them. */
export function createMissed(api: GitlabApi, instance: string) {
  const checkHooks = createHookCheck(api, instance);
  /** Projects that could not be read come last the next time, so that they hold up none of the others. */
  const troubled = new Set<string>();

  return async function* missed(since: Date, run: Run): AsyncGenerator<readonly NewChangeRecord[]> {
    const projects = await projectsToAsk(api, { since, run });
    warnOfOtherHost(api, { projects, run });
    let unread: ResolveFailed | undefined;
    for (const project of projects.toSorted((a, b) => Number(troubled.has(a.id)) - Number(troubled.has(b.id)))) {
      try {
        yield* deploymentsSince(project, { since, run });
        await checkHooks({ base: projectPath(project.id), called: project.name }, { since, ...run });
        troubled.delete(project.id);
      } catch (error) {
        troubled.add(project.id);
        if (!concernsOne(error)) throw error;
        run.warn(`Project ${project.name} could not be read: ${error.message}`);
        if (!isRefused(error)) unread = error;
      }
    }
    for (const group of api.groups) {
      await checkHooks({ base: groupPath(group), called: `group ${group}` }, { since, ...run });
    }
    // A question that GitLab could not answer now must be asked again from the same moment.
    if (unread) throw unread;
  };

  async function* deploymentsSince(
    project: Project,
    { since, run }: { since: Date; run: Run },
  ): AsyncGenerator<readonly NewChangeRecord[]> {
    const query = new URLSearchParams({
      updated_after: since.toISOString(),
      order_by: 'updated_at',
      sort: 'asc',
      per_page: '100',
    });
    for await (const page of pagesOf(api.ask, `${projectPath(project.id)}/deployments?${query}`, run.signal)) {
      const rows = rowsOf(DeploymentRow, page).filter((row) => !isNotStarted(row));
      const mapped = rows.map((row) => recordOfRow(row, { project, instance, now: run.now }));
      const records = mapped.flatMap((one) => (one.kind === 'records' ? one.records : []));
      if (records.length > 0) yield records;
    }
  }
}

/**
 * A job that nobody has started has a deployment `created`, or `blocked` where it is a manual one: nothing happened,
 * and there may be one for each commit. One that waits for an approval is blocked, too, and somebody waits for it.
 */
const isNotStarted = ({ status, pending_approval_count, approvals }: DeploymentRow): boolean =>
  status === 'created' || (status === 'blocked' && !pending_approval_count && !approvals?.length);

/** The projects of the configuration, else all that have been active: each once. */
async function projectsToAsk(api: GitlabApi, { since, run }: { since: Date; run: Run }): Promise<Project[]> {
  const found = new Map<string, Project>();
  const add = (project: Project) => found.size < PROJECTS_LIMIT && found.set(project.id, project);
  for (const name of api.projects) {
    const project = await oneProject(api, name, run);
    if (project) add(project);
  }
  const everywhere = api.projects.length === 0 && api.groups.length === 0;
  const lists = everywhere ? ['/projects?membership=true&'] : api.groups.map((group) => listOf(group));
  for (const list of lists) {
    for await (const project of projectsIn(api, { list, run, activeSince: everywhere ? since : undefined })) {
      if (!add(project)) {
        run.warn(`Only the first ${PROJECTS_LIMIT} projects are asked: name fewer under api.projects or api.groups.`);
        return [...found.values()];
      }
    }
  }
  return [...found.values()];
}

const listOf = (group: string): string => `${groupPath(group)}/projects?include_subgroups=true&with_shared=false&`;

async function oneProject(api: GitlabApi, name: string, run: Run): Promise<Project | undefined> {
  const advice = "correct api.projects, or give the token's user the role Developer there";
  try {
    const json = await api.ask.get(projectPath(name), { signal: run.signal, cacheMs: PROJECT_KEPT_MS });
    const project = json === undefined ? undefined : readProject(api, json);
    if (!project) run.warn(`GitLab shows no project ${name}: ${advice}.`);
    return project;
  } catch (error) {
    if (!isRefused(error)) throw error;
    run.warn(`Project ${name} could not be read: ${error.message}`);
    return undefined;
  }
}

async function* projectsIn(
  api: GitlabApi,
  { list, run, activeSince }: { list: string; run: Run; activeSince: Date | undefined },
): AsyncGenerator<Project> {
  const path = `${list}simple=true&archived=false&order_by=last_activity_at&sort=desc&per_page=100`;
  const oldestMs = activeSince === undefined ? Number.NEGATIVE_INFINITY : activeSince.getTime() - ACTIVITY_SLACK_MS;
  try {
    for await (const page of pagesOf(api.ask, path, run.signal)) {
      for (const json of page) {
        const { last_activity_at } = ProjectActivity.safeParse(json).data ?? {};
        if (last_activity_at && Date.parse(last_activity_at) < oldestMs) return;
        const project = readProject(api, json);
        if (project) yield project;
      }
    }
  } catch (error) {
    if (!isRefused(error)) throw error;
    run.warn(`The projects of ${path.split('?')[0]} could not be listed: ${error.message}`);
  }
}

/** Named as the hooks name it: both use the address with which GitLab is configured. */
function readProject(api: GitlabApi, json: unknown): Project | undefined {
  const origin = Origin.safeParse({ project: json }).data;
  return origin && projectOf(origin, { headers: { 'x-gitlab-instance': api.url } });
}

/** Lookups are made only for hooks whose host is the configured one: another GitLab gives its projects the same ids. */
function warnOfOtherHost(api: GitlabApi, { projects, run }: { projects: readonly Project[]; run: Run }): void {
  const other = projects.find(({ host }) => host !== api.host)?.host;
  if (other === undefined) return;
  run.warn(`GitLab at ${api.host} calls itself ${other}: write that address as api.url, else no webhook is completed.`);
}
