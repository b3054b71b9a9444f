import { z } from 'zod';
import type { NewChangeRecord } from '../../domain/change-record.ts';
import { ResolveFailed } from '../../domain/errors.ts';
import { HOUR_MS } from '../../values/units.ts';
import type { ApiCall } from '../source.ts';
import { type ApiSettings, isRefusal } from './api.ts';
import { createRowReader, isStarted, startOf } from './map-row.ts';
import { nameOf, type RepositoryPath, repositoryPathOf } from './repository-path.ts';
import type { ResolveParts } from './resolve.ts';
import { type ApiContext, at, NEWEST_DEPLOYMENTS } from './rest.ts';
import { type CloudDeployment, Text, Time } from './schema.ts';

type MissedCall = ApiCall & { warn(finding: string): void };

/** Pages of a list that are read at most: 2,000 deployments of a repository, 2,000 repositories of a workspace. */
const MAX_PAGES = 20;
/** The list is sorted by the start. A deployment that ends now may have started this long ago. */
const LONGEST_DEPLOYMENT_MS = 12 * HOUR_MS;
/** A deployment may come this long after the last push to its repository. */
const PUSHED_BEFORE_MS = 3 * 24 * HOUR_MS;

/**
 * All deployments since a moment, repository by repository. A repository that cannot be read does not hide the others;
 * but where an answer may come later, or all are refused, the list is incomplete, which is reported at the end.
 */
export function createMissed(parts: ResolveParts & { settings: ApiSettings }) {
  return async function* missed(since: Date, call: MissedCall): AsyncGenerator<readonly NewChangeRecord[]> {
    const apiContext = { api: parts.api, signal: call.signal };
    const repos = await repositoriesOf(parts.settings, { since, call, apiContext });
    if (repos.length === 0) call.warn('no repository to ask about: name some in api.repositories or api.workspaces');
    let refusals = 0;
    let failure: ResolveFailed | undefined;
    for (const repo of repos) {
      try {
        yield* deploymentsSince(repo, { since, call, apiContext, ...parts });
      } catch (error) {
        if (!(error instanceof ResolveFailed)) throw error;
        call.warn(`the deployments of ${nameOf(repo)} cannot be read: ${error.message}`);
        refusals += isRefusal(error) ? 1 : 0;
        if (!isRefusal(error) || refusals === repos.length) failure ??= error;
      }
    }
    if (failure) throw failure;
  };
}

interface Run {
  readonly since: Date;
  readonly call: MissedCall;
  readonly apiContext: ApiContext;
}

async function* deploymentsSince(
  repo: RepositoryPath,
  { since, call, apiContext, mapRow, instance }: Run & ResolveParts,
): AsyncGenerator<readonly NewChangeRecord[]> {
  const read = createRowReader();
  const cache = { repo, pipelines: new Map(), steps: new Map() };
  const context = { instance, receivedAt: call.now.toISOString() };
  const oldest = new Date(since.getTime() - LONGEST_DEPLOYMENT_MS).toISOString();
  for await (const values of pagesOf([...at(repo), 'deployments'], NEWEST_DEPLOYMENTS, { call, apiContext })) {
    const rows = read(values);
    const wanted = rows.filter((row) => isStarted(row.read) && lastMoment(row.read) >= since.toISOString());
    const reported = [];
    for (const row of wanted) reported.push(await mapRow(row, cache, { ...apiContext, context }));
    yield reported.flatMap(({ record }) => record ?? []);
    if (rows.some((row) => (startOf(row.read) ?? oldest) < oldest)) return;
  }
}

/** A row without any time counts as new: better once too often than never. */
const lastMoment = (row: CloudDeployment): string =>
  row.last_update_time ?? row.state?.completed_on ?? row.state?.completion_date ?? startOf(row) ?? '~';

async function repositoriesOf({ repositories, workspaces }: ApiSettings, run: Run): Promise<readonly RepositoryPath[]> {
  const names = new Set(repositories);
  for (const workspace of workspaces) for (const name of await changedIn(workspace, run)) names.add(name);
  return [...names].flatMap((name) => repositoryPathOf(name) ?? []);
}

const Changed = z.object({ full_name: Text, updated_on: Time });

/**
 * The repositories of a workspace that were pushed to lately: a deployment changes none, and comes after its push, on a
 * Monday for that of a Friday.
 */
async function changedIn(workspace: string, { since, call, apiContext }: Run): Promise<readonly string[]> {
  const names: string[] = [];
  const oldest = new Date(since.getTime() - PUSHED_BEFORE_MS).toISOString();
  const query = { sort: '-updated_on', pagelen: '100', fields: 'next,values.full_name,values.updated_on' };
  try {
    for await (const values of pagesOf(['repositories', workspace], query, { call, apiContext })) {
      const repositories = values.flatMap((json) => Changed.safeParse(json).data ?? []);
      const fresh = repositories.filter(({ updated_on: updated }) => updated === undefined || updated >= oldest);
      names.push(...fresh.flatMap(({ full_name: name }) => name ?? []));
      if (fresh.length < repositories.length) break;
    }
  } catch (error) {
    if (!isRefusal(error)) throw error;
    call.warn(`the repositories of ${workspace} cannot be listed: ${error.message}`);
  }
  return names;
}

async function* pagesOf(
  path: readonly string[],
  first: Readonly<Record<string, string>>,
  { call, apiContext: { api, signal } }: Pick<Run, 'call' | 'apiContext'>,
): AsyncGenerator<readonly unknown[]> {
  let query: Readonly<Record<string, string>> | undefined = first;
  for (let count = 0; query; count += 1) {
    if (count === MAX_PAGES)
      return call.warn(`/${path.join('/')} has more than ${MAX_PAGES} pages; the rest was not read`);
    const page = await api.page(path, query, signal);
    if (!page) return call.warn(`Bitbucket shows no /${path.join('/')}: it is not there, or api.token may not read it`);
    yield page.values;
    query = page.next;
  }
}
