import { z } from 'zod';
import type { NewChangeRecord } from '../../domain/change-record.ts';
import { asObject, type JsonObject } from '../../values/json.ts';
import { fullSha } from '../../values/sha.ts';
import { DAY_MS, HOUR_MS } from '../../values/units.ts';
import { type Api, type Page, type Path, type Query, undefinedOnFailure } from './api.ts';
import { bareUuid, fullNamed, withoutUndefined } from './parts.ts';
import { type AskedPipeline, inBraces, type RepositoryPath } from './repository-path.ts';
import { Commit, Environment, Link, Pipeline, part, Text, Time } from './schema.ts';

/** A commit may get into a pull request, or Bitbucket may still be indexing it. */
const PULL_REQUEST_MS = 15 * 60_000;

/**
 * Pipelines shows more of a deployment when asked to (partial responses); by default it names the environment by its
 * uuid alone. What it leaves out all the same is requested one by one.
 */
const DEPLOYMENT_FIELDS = [
  'environment.name',
  'environment.slug',
  'environment.environment_type.name',
  'state.deployer.display_name',
  'step.name',
  'step.run_number',
  'step.started_on',
  'step.state.name',
  'step.trigger.type',
]
  .map((field) => `+values.${field}`)
  .join(',');

/** `sort` is undocumented, but works. */
export const NEWEST_DEPLOYMENTS = { pagelen: '100', sort: '-state.started_on', fields: DEPLOYMENT_FIELDS };

export const at = ({ workspace, repository }: RepositoryPath): Path => ['repositories', workspace, repository];

export const RestStep = z.object({
  uuid: Text,
  started_on: Time,
  run_number: Text,
  name: Text,
  state: part({ name: Text }),
  trigger: part({ type: Text }),
});
export type RestStep = z.infer<typeof RestStep>;

export interface ApiContext {
  readonly api: Api;
  readonly signal: AbortSignal;
}

/** By its uuid; else the one of that commit which has the build number, or the newest. */
export async function findPipeline({ api, signal }: ApiContext, asked: AskedPipeline): Promise<Pipeline | undefined> {
  const pipelines = [...at(asked.repo), 'pipelines'];
  if (asked.pipeline) return readPipeline(await api.get([...pipelines, asked.pipeline], { signal }));
  if (!asked.commit) return undefined;
  const query = { 'target.commit.hash': asked.commit, sort: '-created_on', pagelen: '100' };
  const page = await api.page(pipelines, query, signal);
  const found = (page?.values ?? []).map(readPipeline).filter((pipeline) => pipeline !== undefined);
  return asked.build ? found.find((pipeline) => pipeline.build_number === asked.build) : found[0];
}

export async function pipelineOf(
  apiContext: ApiContext,
  repo: RepositoryPath,
  uuid: string,
): Promise<Pipeline | undefined> {
  return findPipeline(apiContext, { repo, pipeline: uuid });
}

const readPipeline = (json: unknown): Pipeline | undefined => (json === undefined ? undefined : Pipeline.parse(json));

/** A pipeline has at most 100 steps, which is one page. */
const MAX_STEP_PAGES = 3;

export async function stepsOf(
  { api, signal }: ApiContext,
  repo: RepositoryPath,
  pipeline: string,
): Promise<readonly RestStep[]> {
  const steps: RestStep[] = [];
  let query: Query | undefined = { pagelen: '100' };
  for (let count = 0; query && count < MAX_STEP_PAGES; count += 1) {
    const page: Page | undefined = await api.page([...at(repo), 'pipelines', pipeline, 'steps'], query, signal);
    steps.push(...(page?.values ?? []).flatMap((json) => RestStep.safeParse(json).data ?? []));
    query = page?.next;
  }
  return steps;
}

/** Whole, with `state.status`, which lists have been seen to leave out. */
export async function deploymentOf(
  { api, signal }: ApiContext,
  repo: RepositoryPath,
  uuid: string,
): Promise<JsonObject> {
  return asObject(await api.get([...at(repo), 'deployments', uuid], { signal })) ?? {};
}

const Environments = z.object({ values: z.array(Environment) });

export async function environmentOf(
  { api, signal }: ApiContext,
  repo: RepositoryPath,
  uuid: string | undefined,
): Promise<z.infer<typeof Environment>> {
  const path = [...at(repo), 'environments'];
  const options = { query: { pagelen: '100' }, signal, cacheMs: HOUR_MS };
  const environments = Environments.safeParse(await undefinedOnFailure(api.get(path, options))).data?.values ?? [];
  return environments.find((environment) => environment?.uuid && bareUuid(environment.uuid) === bareUuid(uuid));
}

const User = z.object({ display_name: Text, nickname: Text });

/** The name of a user's uuid, which changes seldom. */
export async function personOf({ api, signal }: ApiContext, uuid: string | undefined): Promise<string | undefined> {
  const user = inBraces(uuid);
  if (!user) return undefined;
  const reported = User.safeParse(await undefinedOnFailure(api.get(['users', user], { signal, cacheMs: DAY_MS }))).data;
  return reported?.display_name ?? reported?.nickname;
}

const PullRequests = z.object({
  values: z.array(part({ id: Text, title: Text, state: Text, links: part({ html: part({ href: Link }) }) })),
});

/**
 * The pull request that a commit belongs to, where that is certain. Bitbucket knows only with the app "Pull Request
 * Commit Links" (404), and not at once (202).
 */
export async function pullRequestOf(
  { api, signal }: ApiContext,
  repo: RepositoryPath,
  sha: string | undefined,
): Promise<NewChangeRecord['pullRequest']> {
  if (!sha) return undefined;
  const path = [...at(repo), 'commit', sha, 'pullrequests'];
  const answer = await undefinedOnFailure(api.get(path, { signal, cacheMs: PULL_REQUEST_MS }));
  const all = (PullRequests.safeParse(answer).data?.values ?? []).filter((one) => one?.id !== undefined);
  const merged = all.filter((one) => one?.state === 'MERGED');
  const [only, ...others] = all.length > 1 ? merged : all;
  if (!only?.id || others.length > 0) return undefined;
  return withoutUndefined({ number: only.id, title: only.title, url: only.links?.html?.href });
}

/** Message and author of a commit, which never change. */
export async function commitOf(
  { api, signal }: ApiContext,
  repo: RepositoryPath,
  sha: string | undefined,
): Promise<Commit> {
  if (!fullSha(sha) || sha === undefined) return undefined;
  return Commit.parse(await undefinedOnFailure(api.get([...at(repo), 'commit', sha], { signal, cacheMs: DAY_MS })));
}

const Named = z.object({ full_name: Text });

/** `<workspace>/<slug>`, also where only uuids are known. */
export async function fullNameOf({ api, signal }: ApiContext, repo: RepositoryPath): Promise<string | undefined> {
  const name = `${repo.workspace}/${repo.repository}`;
  if (fullNamed(name)) return name;
  return Named.safeParse(await undefinedOnFailure(api.get(at(repo), { signal, cacheMs: DAY_MS }))).data?.full_name;
}
