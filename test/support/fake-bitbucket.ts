import { createHash } from 'node:crypto';
import { type FakeReply, type FakeRequest, type FakeServer, startFakeServer } from './fake-server.ts';

export const BITBUCKET_TOKEN = 'ATCTT3xFfGN0-look-alike';

type Result = 'SUCCESSFUL' | 'FAILED' | 'STOPPED';

export interface FakeStep {
  readonly name: string;
  readonly uuid: string;
  /** Slug of its environment: the step has a `deployment:`. */
  readonly environment: string | undefined;
  run: number;
  trigger: 'automatic' | 'manual' | 'redeploy';
  state: 'PENDING' | 'IN_PROGRESS' | 'COMPLETED';
  startedOn?: string;
}

export interface FakePipeline {
  readonly uuid: string;
  readonly build: number;
  readonly commit: string;
  readonly message: string;
  readonly branch: string;
  readonly createdOn: string;
  readonly steps: readonly FakeStep[];
}

interface FakeRow {
  readonly uuid: string;
  readonly pipeline: FakePipeline;
  readonly step: FakeStep;
  version: number;
  state: 'UNDEPLOYED' | 'IN_PROGRESS' | 'COMPLETED';
  result?: Result;
  startedOn?: string;
  completedOn?: string;
}

export interface FakeHook {
  uuid: string;
  description: string;
  url: string;
  active: boolean;
  events: string[];
  /** Write-only: Bitbucket shows `secret_set` alone. */
  secret: string;
}

export interface FakeBitbucketOptions {
  /** With it, Basic email:token; else Bearer. */
  readonly email?: string;
  /** Requests until 429. */
  readonly limit?: number;
  /** The most that a page holds, whatever is asked. Default 100. */
  readonly pagelen?: number;
  /** `live`: started_on. `specified`: start_date, as the OpenAPI document has it. */
  readonly dates?: 'live' | 'specified';
  /** What `fields=+values…` can bring. Default: of the environment alone, which others rely on. */
  readonly expands?: 'environment' | 'all' | 'nothing';
  /** Whether a redeployment changes the row of the first run or makes another one. Default `same row`. */
  readonly redeploy?: 'same row' | 'new row' | 'not listed yet';
  /** Lists leave `state.status` out; the single deployment has it. */
  readonly hidesStatus?: boolean;
  /** The app "Pull Request Commit Links" is installed. */
  readonly pullRequests?: Readonly<Record<string, unknown>>;
  /** Questions that the token has no scope for. */
  readonly forbidden?: RegExp;
}

const REPOSITORY = { full_name: 'harbor/lighthouse-api', uuid: '{5d2f9b70-9c1e-4f7b-b6f3-6a2e8d1c0b9a}' };
const WORKSPACE_UUID = '{2b6c7d8e-0f1a-4b2c-8d3e-4f5a6b7c8d9e}';
export const MIRA = { uuid: '{c1a2b3d4-0000-4aaa-8bbb-1234567890ab}', display_name: 'Mira Ødegård', nickname: 'mira' };
const ENVIRONMENTS = [
  { slug: 'test', name: 'Test', type: 'Test' },
  { slug: 'staging', name: 'Staging', type: 'Staging' },
  { slug: 'production', name: 'Production', type: 'Production' },
].map((one) => ({ ...one, uuid: uuidOf(`environment ${one.slug}`) }));

export interface FakeBitbucket extends FakeServer {
  /** What a test turns while it runs. */
  readonly options: { -readonly [Key in keyof FakeBitbucketOptions]: FakeBitbucketOptions[Key] };
  /** By path: `repositories/harbor/lighthouse-api`, `workspaces/harbor`. */
  readonly hooks: Map<string, FakeHook[]>;
  /** When each repository of the workspace was last pushed to. */
  readonly pushed: Map<string, string>;
  push(order: {
    branch?: string;
    message?: string;
    steps: readonly { name: string; environment?: string; manual?: boolean }[];
  }): FakePipeline;
  begin(pipeline: FakePipeline, step: string): void;
  end(pipeline: FakePipeline, step: string, result: Result): void;
  redeploy(pipeline: FakePipeline, step: string): void;
  /** What Bitbucket sends: one status a pipeline. */
  status(pipeline: FakePipeline, state: string): Record<string, unknown>;
  span(pipeline: FakePipeline): Record<string, unknown>;
  /** What the step itself posts. */
  stepPost(pipeline: FakePipeline, step: string, exitCode?: number): Record<string, unknown>;
}

interface World {
  readonly options: FakeBitbucketOptions;
  readonly pipelines: FakePipeline[];
  readonly rows: FakeRow[];
  readonly hooks: Map<string, FakeHook[]>;
  readonly pushed: Map<string, string>;
  url: string;
  asked: number;
}

/** Bitbucket Cloud's REST API with its real rules: encoding, authorization, limits, paging, and all that it leaves unsaid. */
export async function startFakeBitbucket(given: FakeBitbucketOptions = {}): Promise<FakeBitbucket> {
  const options = { ...given };
  const pushed = new Map([[REPOSITORY.full_name, '2026-03-02T15:59:00.000000+00:00']]);
  const world: World = { options, pipelines: [], rows: [], hooks: new Map(), pushed, url: '', asked: 0 };
  const server = await startFakeServer((request) => handle(request, world));
  world.url = server.url;
  let ticks = 0;
  const now = () => new Date(Date.parse('2026-03-02T16:00:00Z') + 30_000 * ticks++).toISOString().replace('Z', '123Z');
  return {
    ...server,
    options,
    hooks: world.hooks,
    pushed,
    push: (order) => push(world, order, now()),
    begin: (pipeline, name) => begin(rowOf(world, pipeline, name), now()),
    end: (pipeline, name, result) => end(rowOf(world, pipeline, name), result, now()),
    redeploy: (pipeline, name) => redeploy(world, rowOf(world, pipeline, name), now()),
    status,
    span,
    stepPost,
  };
}

type Order = Parameters<FakeBitbucket['push']>[0];

function push(world: World, { branch = 'main', message, steps }: Order, createdOn: string): FakePipeline {
  const build = world.pipelines.length + 1;
  const pipeline: FakePipeline = {
    uuid: uuidOf(`pipeline ${build}`),
    build,
    commit: createHash('sha1').update(`commit ${build}`).digest('hex'),
    message: message ?? `Merged in lamp (pull request #${build})\n\nTurn the lamp faster`,
    branch,
    createdOn,
    steps: steps.map(({ name, environment, manual }) => ({
      name,
      environment,
      uuid: uuidOf(`step ${build} ${name}`),
      run: 1,
      trigger: manual ? 'manual' : 'automatic',
      state: 'PENDING',
    })),
  };
  world.pipelines.unshift(pipeline);
  // Bitbucket lists every step that deploys as soon as the pipeline exists.
  for (const step of pipeline.steps) if (step.environment) world.rows.unshift(newRow(pipeline, step));
  return pipeline;
}

const newRow = (pipeline: FakePipeline, step: FakeStep): FakeRow => ({
  uuid: uuidOf(`deployment ${step.uuid} ${step.run}`),
  pipeline,
  step,
  version: 1,
  state: 'UNDEPLOYED',
});

function rowOf(world: World, pipeline: FakePipeline, name: string): FakeRow {
  const row = world.rows.find((one) => one.pipeline === pipeline && one.step.name === name);
  if (!row) throw new Error(`the fake has no deployment by step ${name}`);
  return row;
}

function begin(row: FakeRow, at: string): void {
  row.step.state = 'IN_PROGRESS';
  row.step.startedOn = at;
  Object.assign(row, { state: 'IN_PROGRESS', startedOn: at, version: row.version + 1 });
}

function end(row: FakeRow, result: Result, at: string): void {
  row.step.state = 'COMPLETED';
  Object.assign(row, { state: 'COMPLETED', result, completedOn: at, version: row.version + 1 });
}

function redeploy(world: World, row: FakeRow, at: string): void {
  row.step.run += 1;
  row.step.trigger = 'redeploy';
  if (world.options.redeploy === 'not listed yet') {
    Object.assign(row.step, { state: 'IN_PROGRESS', startedOn: at });
    return;
  }
  if (world.options.redeploy !== 'new row') {
    delete row.result;
    delete row.completedOn;
    begin(row, at);
    return;
  }
  const again = newRow(row.pipeline, row.step);
  world.rows.unshift(again);
  begin(again, at);
}

function handle(request: FakeRequest, world: World): FakeReply {
  const { options } = world;
  if (/[{}]/.test(request.target)) return { status: 400, body: '<html>400 Bad Request</html>' };
  const proof = options.email
    ? `Basic ${Buffer.from(`${options.email}:${BITBUCKET_TOKEN}`).toString('base64')}`
    : `Bearer ${BITBUCKET_TOKEN}`;
  if (request.headers.authorization !== proof) return failed(401, 'Token is invalid, expired, or not supported.');
  world.asked += 1;
  if (world.asked > (options.limit ?? Number.POSITIVE_INFINITY))
    return failed(429, 'Rate limit for this resource has been exceeded');
  const parts = request.path.split('/').slice(1).map(decodeURIComponent);
  if (options.forbidden?.test(request.path))
    return failed(403, 'Your credentials lack one or more required privilege scopes.');
  const [kind, ...rest] = parts;
  if (kind === 'users') return rest[0] === MIRA.uuid ? ok({ type: 'user', ...MIRA }) : notFound();
  if (rest.at(-1) === 'hooks' || rest.at(-2) === 'hooks') return hooks(request, parts, world);
  if (kind !== 'repositories') return notFound();
  if (rest.length === 1) return rest[0] === 'harbor' ? repositories(request, world) : notFound();
  return isOurs(rest) ? inRepository(request, rest.slice(2), world) : notFound();
}

const isOurs = ([workspace, repository]: readonly string[]): boolean =>
  (workspace === 'harbor' || workspace === WORKSPACE_UUID) &&
  (repository === 'lighthouse-api' || repository === REPOSITORY.uuid);

function inRepository(request: FakeRequest, path: readonly string[], world: World): FakeReply {
  const [list, id, more] = path;
  if (list === undefined) return ok({ type: 'repository', ...REPOSITORY });
  if (list === 'environments') return paged(request, world, ENVIRONMENTS.map(environmentJson));
  if (list === 'deployments' && id === undefined) return deployments(request, world);
  if (list === 'deployments') {
    const row = world.rows.find(({ uuid }) => uuid === id);
    return row ? ok(rowJson(row, { world, fields: '', isList: false })) : notFound();
  }
  if (list === 'commit' && more === 'pullrequests') return pullRequests(id ?? '', world);
  if (list === 'commit') {
    const pipeline = world.pipelines.find(({ commit }) => commit === id);
    return pipeline ? ok(commitJson(pipeline)) : notFound();
  }
  if (list !== 'pipelines') return notFound();
  if (id === undefined) {
    const commit = request.query.get('target.commit.hash');
    return paged(request, world, world.pipelines.filter((one) => !commit || one.commit === commit).map(pipelineJson));
  }
  const pipeline = world.pipelines.find(({ uuid }) => uuid === id);
  if (!pipeline) return notFound();
  return more === 'steps' ? paged(request, world, pipeline.steps.map(stepJson)) : ok(pipelineJson(pipeline));
}

/** Newest first; those without a start, which are never few, come before all. */
function deployments(request: FakeRequest, world: World): FakeReply {
  const fields = request.query.get('fields') ?? '';
  const sorted = world.rows.toSorted((a, b) => ((a.startedOn ?? '~') < (b.startedOn ?? '~') ? 1 : -1));
  return paged(
    request,
    world,
    sorted.map((row) => rowJson(row, { world, fields, isList: true })),
  );
}

function pullRequests(sha: string, { options }: World): FakeReply {
  if (!options.pullRequests) return failed(404, 'Commit not found in the index');
  const found = options.pullRequests[sha];
  return found === undefined ? { status: 202, body: { type: 'error' } } : ok({ values: found });
}

function repositories(request: FakeRequest, world: World): FakeReply {
  const sorted = [...world.pushed].sort(([, a], [, b]) => (a < b ? 1 : -1));
  return paged(
    request,
    world,
    sorted.map(([full_name, updated_on]) => ({ full_name, updated_on })),
  );
}

function hooks({ method, text, ...request }: FakeRequest, path: readonly string[], world: World): FakeReply {
  const at = path.indexOf('hooks');
  const key = path.slice(0, at).join('/');
  if (!/^(?:repositories\/harbor\/lighthouse-api|workspaces\/harbor)$/.test(key)) return notFound();
  const list = world.hooks.get(key) ?? [];
  world.hooks.set(key, list);
  const shown = ({ secret, ...hook }: FakeHook) => ({ ...hook, secret_set: secret !== '' });
  if (method === 'GET') return paged({ method, text, ...request }, world, list.map(shown));
  const told: Omit<FakeHook, 'uuid'> = JSON.parse(text);
  if (!told.url || !told.events?.length || told.secret.length > 128) return failed(400, 'Bad request');
  const id = path[at + 1];
  if (method === 'POST') list.push({ ...told, uuid: uuidOf(`hook ${key} ${list.length}`) });
  const known = list.find(({ uuid }) => uuid === id);
  if (method === 'PUT' && !known) return notFound();
  if (method === 'PUT' && known) Object.assign(known, told);
  return { status: method === 'POST' ? 201 : 200, body: {} };
}

function paged({ path, query }: FakeRequest, world: World, all: readonly unknown[]): FakeReply {
  const asked = Number(query.get('pagelen') ?? 10);
  if (!(asked >= 1 && asked <= 100)) return failed(400, 'Invalid pagelen');
  const pagelen = Math.min(asked, world.options.pagelen ?? 100);
  const page = Number(query.get('page') ?? 1);
  const more = new URLSearchParams(query);
  more.set('page', String(page + 1));
  const next = page * pagelen < all.length ? { next: `${world.url}${path}?${more}` } : {};
  return ok({ page, pagelen, values: all.slice((page - 1) * pagelen, page * pagelen), ...next });
}

function rowJson(row: FakeRow, { world, fields, isList }: { world: World; fields: string; isList: boolean }) {
  const { pipeline, step } = row;
  const { expands = 'environment' } = world.options;
  const asks = (field: string) => fields.split(',').includes(`+values.${field}`);
  const environment = ENVIRONMENTS.find(({ slug }) => slug === step.environment);
  return {
    type: 'deployment',
    uuid: row.uuid,
    key: `steps-${step.uuid}`,
    version: row.version,
    environment: {
      uuid: environment?.uuid,
      ...(expands !== 'nothing' && asks('environment.name') && { name: environment?.name }),
      ...(expands !== 'nothing' && asks('environment.slug') && { slug: environment?.slug }),
      ...(expands !== 'nothing' &&
        asks('environment.environment_type.name') && { environment_type: { name: environment?.type } }),
    },
    step: {
      uuid: step.uuid,
      ...(expands === 'all' && asks('step.run_number') && { run_number: step.run }),
      ...(expands === 'all' && asks('step.name') && { name: step.name }),
      ...(expands === 'all' &&
        asks('step.trigger.type') && { trigger: { type: `pipeline_step_trigger_${step.trigger}` } }),
      ...(expands === 'all' && asks('step.state.name') && { state: { name: step.state } }),
    },
    commit: { hash: pipeline.commit, type: 'commit' },
    last_update_time: row.completedOn ?? row.startedOn ?? pipeline.createdOn,
    state: rowState(row, world.options, isList),
    release: {
      type: 'deployment_release',
      key: `pipelines-${pipeline.uuid}`,
      pipeline: { uuid: pipeline.uuid, type: 'pipeline' },
      name: `#${pipeline.build}`,
      url: `https://bitbucket.org/${REPOSITORY.full_name}/addon/pipelines/home#!/results/${pipeline.build}`,
      commit: { hash: pipeline.commit },
      created_on: pipeline.createdOn,
    },
  };
}

function rowState(row: FakeRow, { dates, hidesStatus }: FakeBitbucketOptions, isList: boolean) {
  if (row.state === 'UNDEPLOYED') return { name: row.state };
  const [start, end] = dates === 'specified' ? ['start_date', 'completion_date'] : ['started_on', 'completed_on'];
  return {
    name: row.state,
    url: `https://bitbucket.org/${REPOSITORY.full_name}/addon/pipelines/home#!/results/${row.pipeline.build}/steps/${encodeURIComponent(row.step.uuid)}`,
    [start]: row.startedOn,
    ...(row.completedOn && { [end]: row.completedOn }),
    ...(row.result && !(hidesStatus && isList) && { status: { name: row.result } }),
  };
}

const environmentJson = ({ uuid, name, slug, type }: (typeof ENVIRONMENTS)[number]) => ({
  uuid,
  name,
  slug,
  environment_type: { name: type },
});

const pipelineJson = ({ uuid, build, branch, commit, createdOn }: FakePipeline) => ({
  type: 'pipeline',
  uuid,
  build_number: build,
  repository: { type: 'repository', ...REPOSITORY },
  creator: { type: 'user', ...MIRA },
  trigger: { name: 'PUSH' },
  target: { type: 'pipeline_ref_target', ref_type: 'branch', ref_name: branch, commit: { hash: commit } },
  created_on: createdOn,
});

const commitJson = ({ commit, message, createdOn }: FakePipeline) => ({
  type: 'commit',
  hash: commit,
  message,
  date: createdOn,
  author: { raw: 'Nils Fjord <nils@harbor.example>' },
});

const stepJson = ({ uuid, name, run, trigger, state, startedOn }: FakeStep) => ({
  uuid,
  name,
  run_number: run,
  trigger: { type: `pipeline_step_trigger_${trigger}` },
  state: { name: state },
  ...(startedOn && { started_on: startedOn }),
});

/** The actor is the workspace, whoever pushed. */
const status = ({ build, branch, commit, message }: FakePipeline, state: string): Record<string, unknown> => ({
  repository: { type: 'repository', ...REPOSITORY, owner: { type: 'team', uuid: WORKSPACE_UUID } },
  actor: { type: 'team', display_name: 'Harbor', uuid: WORKSPACE_UUID },
  commit_status: {
    key: String(3_000_000 + build),
    type: 'build',
    state,
    name: `Pipeline #${build} for ${branch}`,
    refname: branch,
    url: `https://bitbucket.org/${REPOSITORY.full_name}/addon/pipelines/home#!/results/${build}`,
    commit: { hash: commit, message, author: { raw: 'Nils Fjord <nils@harbor.example>' } },
    description: '',
  },
});

/** Without the repository's name, and COMPLETE however it ended. */
function span(pipeline: FakePipeline): Record<string, unknown> {
  const attributes = Object.entries({
    'pipeline.uuid': pipeline.uuid,
    'pipeline_run.uuid': uuidOf(`run of ${pipeline.uuid}`),
    'pipeline.repository.uuid': REPOSITORY.uuid,
    'pipeline.account.uuid': WORKSPACE_UUID,
    'pipeline.state.result.name': 'COMPLETE',
  }).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  return {
    resourceSpans: [
      { resource: { attributes: [] }, scopeSpans: [{ spans: [{ name: 'bbc.pipeline_run', attributes }] }] },
    ],
  };
}

function stepPost(pipeline: FakePipeline, name: string, exitCode?: number): Record<string, unknown> {
  const step = pipeline.steps.find((one) => one.name === name);
  return {
    BITBUCKET_COMMIT: pipeline.commit,
    BITBUCKET_BRANCH: pipeline.branch,
    BITBUCKET_BUILD_NUMBER: String(pipeline.build),
    BITBUCKET_PIPELINE_UUID: pipeline.uuid,
    BITBUCKET_STEP_UUID: step?.uuid,
    BITBUCKET_STEP_RUN_NUMBER: String(step?.run),
    BITBUCKET_STEP_TRIGGERER_UUID: MIRA.uuid,
    BITBUCKET_REPO_FULL_NAME: REPOSITORY.full_name,
    BITBUCKET_REPO_UUID: REPOSITORY.uuid,
    BITBUCKET_DEPLOYMENT_ENVIRONMENT: step?.environment,
    ...(exitCode !== undefined && { BITBUCKET_EXIT_CODE: String(exitCode) }),
    commit_message: pipeline.message,
    commit_author: 'Nils Fjord',
  };
}

function uuidOf(seed: string): string {
  const hex = createHash('sha1').update(seed).digest('hex').slice(0, 32);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '{$1-$2-$3-$4-$5}');
}

const ok = (body: unknown): FakeReply => ({ status: 200, body });
const failed = (status: number, message: string): FakeReply => ({
  status,
  body: { type: 'error', error: { message } },
});
const notFound = (): FakeReply => failed(404, 'Resource not found');
