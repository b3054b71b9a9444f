import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { request as send } from 'undici';
import { type FakeWebhook, type FakeWebhooks, webhookRoute } from './fake-gitlab-hooks.ts';
import { type FakeMergeRequest, listed, readRoute } from './fake-gitlab-reads.ts';
import { type FakeReply, type FakeRequest, type FakeServer, startFakeServer } from './fake-server.ts';
import { IS_QUIET } from './time.ts';

const STATUSES = ['created', 'running', 'success', 'failed', 'canceled', 'skipped', 'blocked'] as const;
type Status = (typeof STATUSES)[number];
/** What API callers may set (lib/api/deployments.rb). */
const SETTABLE: readonly string[] = ['running', 'success', 'failed', 'canceled'];
/** The state machine's events (app/models/deployment.rb). */
const EVENTS: Readonly<Record<string, string>> = {
  running: 'run',
  success: 'succeed',
  failed: 'drop',
  canceled: 'cancel',
};

export interface FakeProject {
  readonly id: number;
  readonly path: string;
  /** Null: an empty repository. Default `main`. */
  readonly defaultBranch?: string | null;
  readonly branches?: readonly string[];
  readonly tags?: readonly string[];
  readonly commits?: readonly string[];
  /** Every 40 hex digits are a commit, unless listed in `missing`. */
  readonly acceptAnySha?: boolean;
  readonly missing?: readonly string[];
  /** Of the token's user. `none` sees 404. Default developer. */
  readonly role?: 'none' | 'reporter' | 'developer' | 'maintainer';
  /** ISO 8601. Default: now. */
  readonly lastActivityAt?: string;
  readonly mergeRequests?: readonly FakeMergeRequest[];
  /** Commit → the files it touches. Default: one. */
  readonly files?: Readonly<Record<string, readonly string[]>>;
  readonly protectedEnvironments?: readonly string[];
  /** Paths that it had before it was renamed or moved. */
  readonly formerPaths?: readonly string[];
}

export interface FakeDeployment {
  readonly id: number;
  readonly iid: number;
  readonly project: FakeProject;
  readonly environment: string;
  readonly sha: string;
  readonly ref: string;
  readonly tag: boolean;
  /** The CI job that made it. */
  readonly job: number | undefined;
  readonly created_at: string;
  status: Status;
  updated_at: string;
  /** Null: not yet. Undefined: it never will. */
  started_at: string | null | undefined;
  finished_at: string | null;
  /** Premium: who approved or rejected it. */
  approvals?: readonly { readonly status: string; readonly user: { readonly username: string } }[];
  /** Premium: how many approvals it waits for. */
  pending_approval_count?: number;
  /** Grows with every finish: which success is the environment's last. */
  finished: number;
  /** Every status it had, oldest first. */
  readonly history: Status[];
}

/** Where Deployment Hooks go, and how irregularly: they are sent by another process than the one that answers. */
export interface FakeHooks {
  readonly url: string;
  readonly token?: string;
  /** Each hook waits between 0 and this. Default 0. */
  readonly maxDelayMs?: number;
  /** The share of hooks that arrive before the API call is answered. Default 0.5. */
  readonly beforeReply?: number;
}

export interface FakeGitlabOptions {
  readonly projects: readonly FakeProject[];
  readonly token?: string;
  readonly scopes?: readonly string[];
  /** The day on which the token ends; null: never. Default: 2030-01-01. */
  readonly expiresAt?: string | null;
  readonly hooks?: FakeHooks;
  /** Maintenance mode, or a Geo secondary: nothing can be written. */
  readonly readOnly?: boolean;
  readonly random?: () => number;
}

export interface SentHook {
  readonly body: Readonly<Record<string, unknown>>;
  /** What the receiver answered; undefined while it is under way; 0 when it could not be reached. */
  status: number | undefined;
}

export interface FakeGitlab extends FakeServer, FakeWebhooks {
  readonly deployments: FakeDeployment[];
  readonly hooks: SentHook[];
  /** What a test turns while it runs. */
  readonly options: { -readonly [Key in keyof FakeGitlabOptions]: FakeGitlabOptions[Key] };
  /** A deployment by a CI job, which the API cannot update. Sends its hook as well. */
  addByJob(made: {
    project: string;
    environment: string;
    sha: string;
    ref: string;
    status: Status;
    tag?: boolean;
    /** It was canceled while it waited, or a newer one was there. */
    neverStarted?: boolean;
    /** When it came to its status. Default: now. */
    at?: Date;
  }): FakeDeployment;
  /** As from a backup: what came after this id is gone, and the ids come again. */
  restore(lastId: number): void;
  /** Resolves when every hook so far was answered. */
  hooksSettled(): Promise<void>;
}

export const GITLAB_TOKEN = 'glpat-AbCdEfGhIjKlMnOpQrSt';

/** GitLab's Deployments API with its real rules: validation, folding, state machine, echo. */
export async function startFakeGitlab(given: FakeGitlabOptions): Promise<FakeGitlab> {
  const options = { ...given };
  const world: World = {
    options,
    deployments: [],
    hooks: [],
    webhooks: [],
    underWay: new Set(),
    nextId: 101,
    finishes: 0,
    url: '',
  };
  const server = await startFakeServer((request) => handle(request, world), given.random);
  world.url = server.url;
  return {
    ...server,
    deployments: world.deployments,
    hooks: world.hooks,
    webhooks: world.webhooks,
    options,
    addByJob({ project: path, status, at, tag = false, neverStarted = false, ...made }) {
      const project = options.projects.find((one) => one.path === path);
      if (!project) throw new Error(`the fake has no project ${path}`);
      const deployment = build(world, project, { ...made, tag, job: world.nextId + 5_000_000_000 });
      if (neverStarted) deployment.started_at = undefined;
      void moveTo(world, deployment, { status, ...(at && { at }) });
      return deployment;
    },
    restore(lastId) {
      world.nextId = lastId + 1;
      world.deployments.splice(0, Infinity, ...world.deployments.filter(({ id }) => id <= lastId));
    },
    async hooksSettled() {
      while (world.underWay.size > 0) await Promise.all(world.underWay);
    },
  };
}

export interface World {
  readonly webhooks: FakeWebhook[];
  readonly options: FakeGitlabOptions;
  readonly deployments: FakeDeployment[];
  readonly hooks: SentHook[];
  readonly underWay: Set<Promise<void>>;
  nextId: number;
  finishes: number;
  url: string;
}

async function handle(request: FakeRequest, world: World): Promise<FakeReply> {
  const { token = GITLAB_TOKEN, scopes = ['api'], expiresAt = '2030-01-01' } = world.options;
  if (request.headers['private-token'] !== token) return { status: 401, body: { message: '401 Unauthorized' } };
  const rest = /^\/api\/v4(\/.*)$/.exec(request.path)?.[1];
  if (rest === undefined) return { status: 404, body: '<html>404</html>' };
  if (world.options.readOnly && request.method !== 'GET')
    return { status: 403, body: { message: 'You cannot perform write operations on a read-only instance' } };
  const moved = movedReply(request, { rest, world });
  if (moved) return moved;
  if (request.method !== 'GET' && !scopes.includes('api')) return insufficientScope('api');
  if (!scopes.includes('api') && !scopes.includes('read_api') && rest !== '/personal_access_tokens/self')
    return insufficientScope('api read_api');
  if (rest === '/personal_access_tokens/self')
    return ok({ id: 7, name: 'shiplog', scopes, active: true, revoked: false, expires_at: expiresAt });
  if (rest === '/user') return ok({ id: BOT.id, username: BOT.username, name: BOT.name, state: 'active', bot: true });
  const more = webhookRoute(request, { rest, world }) ?? readRoute(request, { rest, world });
  if (more) return more;
  const route = /^\/projects\/([^/]+)(?:\/(deployments)(?:\/([^/]+))?)?$/.exec(rest);
  if (!route) return { status: 404, body: { error: '404 Not Found' } };
  const [, id = '', deployments, deploymentId] = route;
  const project = findProject(world, decodeURIComponent(id));
  if (deployments === undefined) return project ? ok(projectAnswer(project, world)) : notFound('Project');
  if (deploymentId !== undefined) return one(request, { world, project, deploymentId });
  if (request.method === 'GET') return project ? list(request.query, { world, project }) : notFound('Project');
  if (request.method === 'POST') return create(request, { world, project });
  return { status: 405, body: { error: '405 Not Allowed' } };
}

/** lib/api/helpers.rb: a read by the old path is sent on to the id, a write is refused. */
function movedReply({ method }: FakeRequest, { rest, world }: { rest: string; world: World }): FakeReply | undefined {
  const [, id = '', below = ''] = /^\/projects\/([^/]+)(.*)$/.exec(rest) ?? [];
  const old = decodeURIComponent(id).toLowerCase();
  const project = world.options.projects.find(({ formerPaths = [] }) => formerPaths.includes(old));
  if (!project) return undefined;
  if (method !== 'GET') return { status: 405, body: { message: 'Non GET methods are not allowed for moved projects' } };
  const location = `${world.url}/api/v4/projects/${project.id}${below}`;
  return { status: 301, headers: { location }, body: `This resource has been moved permanently to ${location}` };
}

export const ok = (body: unknown, status = 200): FakeReply => ({ status, body });
export const bad = (error: string): FakeReply => ({ status: 400, body: { error } });
const invalid = (message: Record<string, string[]>): FakeReply => ({ status: 400, body: { message } });
export const notFound = (what: string): FakeReply => ({ status: 404, body: { message: `404 ${what} Not Found` } });
export const forbidden = (why = ''): FakeReply => ({
  status: 403,
  body: { message: `403 Forbidden${why && ` - ${why}`}` },
});
const insufficientScope = (scope: string): FakeReply => ({
  status: 403,
  body: {
    error: 'insufficient_scope',
    error_description: 'The request requires higher privileges than provided by the access token.',
    scope,
  },
});

/** A project that the token's user may not see is not there. */
export function findProject({ options }: World, idOrPath: string): FakeProject | undefined {
  const project = options.projects.find(
    ({ id, path }) => String(id) === idOrPath || path.toLowerCase() === idOrPath.toLowerCase(),
  );
  return project?.role === 'none' ? undefined : project;
}

type Params = Readonly<Record<string, unknown>>;

/** Grape: every parameter is checked before the endpoint runs. Strings of booleans are coerced. */
function paramsOf(request: FakeRequest, required: readonly string[]): { params: Params } | { reply: FakeReply } {
  if (!String(request.headers['content-type']).startsWith('application/json'))
    return { reply: { status: 415, body: { error: 'The provided content-type is not supported.' } } };
  let body: unknown;
  try {
    body = JSON.parse(request.text);
  } catch {
    return { reply: bad('The request body is not valid JSON') };
  }
  if (typeof body !== 'object' || body === null) return { reply: bad('The request body is not an object') };
  const params = { ...body };
  const errors = paramErrors(params, required);
  return errors ? { reply: bad(errors) } : { params };
}

function paramErrors(params: Params, required: readonly string[]): string {
  const errors = required.map((name) => {
    const value = params[name];
    if (value === undefined || value === null) return `${name} is missing`;
    if (name === 'tag') return [true, false, 'true', 'false'].includes(value as never) ? '' : 'tag is invalid'; // compared by value, whatever its type
    if (typeof value !== 'string') return `${name} is invalid`;
    if (name === 'status') return SETTABLE.includes(value) ? '' : 'status does not have a valid value';
    return value.trim() === '' ? `${name} is empty` : '';
  });
  return errors.filter(Boolean).join(', ');
}

async function create(
  request: FakeRequest,
  { world, project }: { world: World; project: FakeProject | undefined },
): Promise<FakeReply> {
  const checked = paramsOf(request, ['environment', 'sha', 'ref', 'tag', 'status']);
  if ('reply' in checked) return checked.reply;
  const { params } = checked;
  if (!project) return notFound('Project');
  if (project.role === 'reporter') return forbidden();
  const { environment, sha, ref, status } = params as Record<string, string>; // checked by paramErrors
  const made = { environment: `${environment}`, sha: `${sha}`, ref: `${ref}`, tag: String(params['tag']) === 'true' };
  const nameError = environmentError(made.environment);
  if (nameError) return invalid({ name: [nameError] });
  if (project.protectedEnvironments?.includes(made.environment)) return forbidden();
  const last = lastSuccess(world, project, made.environment);
  if (last && last.ref === made.ref && last.tag === made.tag && last.sha === made.sha && last.status === status)
    return ok(deploymentAnswer(last, world), 201);
  const problems = {
    ...(!hasCommit(project, made.sha, world) && { sha: ['The commit does not exist'] }),
    ...(!hasCommit(project, made.ref, world) && { ref: ['The branch or tag does not exist'] }),
  };
  if (Object.keys(problems).length > 0) return invalid(problems);
  const deployment = build(world, project, { ...made, job: undefined });
  await moveTo(world, deployment, { status: status as Status }); // checked by paramErrors
  return ok(deploymentAnswer(deployment, world), 201);
}

/** lib/gitlab/regex.rb: environment_name_regex; app/models/environment.rb: at most 255. */
function environmentError(name: string): string | undefined {
  if (name.length > 255) return 'is too long (maximum is 255 characters)';
  if (/^[A-Za-z0-9_${}. -]([A-Za-z0-9_/${}. -]*[A-Za-z0-9_${}. -])?$/.test(name)) return undefined;
  return "can contain only letters, digits, '-', '_', '/', '$', '{', '}', '.', and spaces, but it cannot start or end with '/'";
}

/** `project.commit(text)` takes any commit-ish: a sha, a branch, a tag. */
export function hasCommit(project: FakeProject, text: string, world: World): boolean {
  const { defaultBranch = 'main', branches = [], tags = [], commits = [], missing = [] } = project;
  if (missing.includes(text)) return false;
  if (text === defaultBranch || branches.includes(text) || tags.includes(text)) return true;
  if (!/^[0-9a-f]{7,40}$/.test(text)) return false;
  if (project.acceptAnySha) return text.length === 40;
  const known = [...commits, ...world.deployments.filter((one) => one.project.id === project.id).map(({ sha }) => sha)];
  return known.some((sha) => sha.startsWith(text));
}

/** app/models/environment.rb: `has_one :last_deployment, -> { success.ordered }`, by the time of finishing. */
function lastSuccess(world: World, project: FakeProject, environment: string): FakeDeployment | undefined {
  return world.deployments
    .filter((one) => one.project.id === project.id && one.environment === environment && one.status === 'success')
    .toSorted((a, b) => a.finished - b.finished)
    .at(-1);
}

function build(
  world: World,
  project: FakeProject,
  made: Pick<FakeDeployment, 'environment' | 'sha' | 'ref' | 'tag' | 'job'>,
): FakeDeployment {
  const now = new Date().toISOString();
  const iid = world.deployments.filter((one) => one.project.id === project.id).length + 1;
  const state = {
    status: 'created' as const,
    updated_at: now,
    started_at: null,
    finished_at: null,
    finished: 0,
    history: [],
  };
  const deployment = { id: world.nextId, iid, project, ...made, created_at: now, ...state };
  world.nextId += 1;
  world.deployments.push(deployment);
  return deployment;
}

/** Every transition tells the hooks, whoever caused it. */
async function moveTo(
  world: World,
  deployment: FakeDeployment,
  { status, at = new Date() }: { status: Status; at?: Date },
): Promise<void> {
  deployment.status = status;
  deployment.updated_at = at.toISOString();
  deployment.history.push(status);
  const starts = status !== 'created' && status !== 'blocked' && deployment.started_at !== undefined;
  if (starts) deployment.started_at ??= at.toISOString();
  if (status === 'success' || status === 'failed' || status === 'canceled') {
    world.finishes += 1;
    deployment.finished_at = at.toISOString();
    deployment.finished = world.finishes;
  }
  const { hooks, random = Math.random } = world.options;
  if (!hooks || status === 'created' || status === 'skipped') return;
  const hook: SentHook = { body: hookBody(deployment, world), status: undefined };
  world.hooks.push(hook);
  const sending = sendHook(hook, hooks, { delayMs: random() * (hooks.maxDelayMs ?? 0), instance: world.url });
  const tracked = sending.finally(() => world.underWay.delete(tracked));
  world.underWay.add(tracked);
  if (random() < (hooks.beforeReply ?? 0.5)) await tracked;
}

async function sendHook(hook: SentHook, to: FakeHooks, { delayMs, instance }: { delayMs: number; instance: string }) {
  await wait(delayMs);
  const delivery = randomUUID();
  try {
    const response = await send(to.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'GitLab/18.4.1-ee',
        'x-gitlab-event': 'Deployment Hook',
        'x-gitlab-instance': instance,
        'x-gitlab-webhook-uuid': randomUUID(),
        'x-gitlab-event-uuid': randomUUID(),
        'idempotency-key': delivery,
        ...(to.token !== undefined && { 'x-gitlab-token': to.token }),
      },
      body: JSON.stringify(hook.body),
      signal: AbortSignal.timeout(IS_QUIET ? 10_000 : 60_000), // GitLab.com waits 10 s
    });
    await response.body.dump();
    hook.status = response.statusCode;
  } catch {
    hook.status = 0; // GitLab does not try again
  }
}

function one(
  request: FakeRequest,
  { world, project, deploymentId }: { world: World; project: FakeProject | undefined; deploymentId: string },
): FakeReply | Promise<FakeReply> {
  if (!/^\d+$/.test(deploymentId)) return bad('deployment_id is invalid');
  const found = world.deployments.find((row) => row.project.id === project?.id && String(row.id) === deploymentId);
  if (request.method === 'GET')
    return found ? ok(deploymentAnswer(found, world)) : project ? notFound('Deployment') : notFound('Project');
  if (request.method !== 'PUT') return { status: 405, body: { error: '405 Not Allowed' } };
  return update(request, { world, project, found });
}

async function update(
  request: FakeRequest,
  { world, project, found }: { world: World; project: FakeProject | undefined; found: FakeDeployment | undefined },
): Promise<FakeReply> {
  const checked = paramsOf(request, ['status']);
  if ('reply' in checked) return checked.reply;
  const { params } = checked;
  if (!project) return notFound('Project');
  if (!found) return notFound('Deployment');
  if (project.role === 'reporter' || project.protectedEnvironments?.includes(found.environment)) return forbidden();
  if (found.job !== undefined) return forbidden('Deployments created using GitLab CI can not be updated using the API');
  const status = String(params['status']);
  const allowed = status === 'running' ? ['created', 'blocked'].includes(found.status) : found.status !== status;
  if (!allowed) return invalid({ status: [`cannot transition via "${EVENTS[status]}"`] });
  await moveTo(world, found, { status: status as Status }); // checked by paramErrors
  return ok(deploymentAnswer(found, world));
}

/** app/finders/deployments_finder.rb: sorted by id, oldest first, unless asked otherwise. */
function list(query: URLSearchParams, { world, project }: { world: World; project: FakeProject }): FakeReply {
  const orderBy = query.get('order_by') ?? 'id';
  const sort = query.get('sort') ?? 'asc';
  const status = query.get('status');
  if (!['id', 'iid', 'created_at', 'updated_at', 'finished_at'].includes(orderBy))
    return bad('order_by does not have a valid value');
  if (sort !== 'asc' && sort !== 'desc') return bad('sort does not have a valid value');
  if (status !== null && !STATUSES.some((known) => known === status)) return bad('status does not have a valid value');
  const timed = query.has('updated_after') || query.has('updated_before');
  if (timed && orderBy !== 'updated_at')
    return { status: 400, body: { message: '400 Bad request - `updated_at` filter requires `updated_at` sort' } };
  const environment = query.get('environment');
  const rows = world.deployments
    .filter((row) => row.project.id === project.id)
    .filter((row) => environment === null || row.environment === environment)
    .filter((row) => status === null || row.status === status)
    .filter(
      (row) => !query.has('updated_after') || row.updated_at > new Date(`${query.get('updated_after')}`).toISOString(),
    )
    .toSorted((a, b) => compareBy(orderBy, a, b) * (sort === 'asc' ? 1 : -1));
  return listed(
    rows.map((row) => deploymentAnswer(row, world)),
    query,
  );
}

function compareBy(orderBy: string, a: FakeDeployment, b: FakeDeployment): number {
  const timeOf = {
    created_at: (row: FakeDeployment) => row.created_at,
    updated_at: (row: FakeDeployment) => row.updated_at,
  };
  if (orderBy === 'created_at' || orderBy === 'updated_at')
    return timeOf[orderBy](a).localeCompare(timeOf[orderBy](b)) || a.id - b.id;
  return orderBy === 'finished_at' ? a.finished - b.finished : a.id - b.id;
}

/** The token's user: the bot of a project access token. */
const BOT = { id: 66, name: 'shiplog', username: 'project_30_bot_1', state: 'active', avatar_url: null };

/** `API::Entities::Deployment`: no `tag`, no `finished_at`. */
function deploymentAnswer(row: FakeDeployment, { url }: World) {
  const web = `${url}/${row.project.path}`;
  const job = {
    id: row.job,
    status: row.status,
    stage: 'deploy',
    name: 'deploy',
    ref: row.ref,
    tag: row.tag,
    started_at: row.started_at ?? null,
    finished_at: row.finished_at,
    web_url: `${web}/-/jobs/${row.job}`,
    user: { ...BOT, id: 31, name: 'Mira Example', username: 'mira' },
    commit: commitAnswer(row.sha, web),
    pipeline: { id: 7_000 + row.id, web_url: `${web}/-/pipelines/${7_000 + row.id}` },
  };
  return {
    id: row.id,
    iid: row.iid,
    ref: row.ref,
    sha: row.sha,
    created_at: row.created_at,
    updated_at: row.updated_at,
    status: row.status,
    user: { ...BOT, web_url: `${url}/${BOT.username}` },
    environment: { id: 9, name: row.environment, slug: slug(row.environment), external_url: null },
    deployable: row.job === undefined ? null : job,
    ...(row.approvals && { approvals: row.approvals }),
    ...(row.pending_approval_count !== undefined && { pending_approval_count: row.pending_approval_count }),
  };
}

const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 24);

const titleOf = (sha: string): string => `Change ${createHash('sha256').update(sha).digest('hex').slice(0, 6)}`;

/** `API::Entities::Commit`, as invented as the commit itself. */
export const commitAnswer = (sha: string, web: string) => ({
  id: sha,
  short_id: sha.slice(0, 8),
  title: titleOf(sha),
  message: `${titleOf(sha)}\n\nAs the keeper asked.\n`,
  author_name: 'Ida Example',
  author_email: 'ida@harbor.example',
  committed_date: '2026-03-14T19:40:00.000+01:00',
  web_url: `${web}/-/commit/${sha}`,
});

export const projectAnswer = (project: FakeProject, { url }: World) => ({
  id: project.id,
  name: project.path.split('/').at(-1),
  path_with_namespace: project.path,
  default_branch: project.defaultBranch === undefined ? 'main' : project.defaultBranch,
  last_activity_at: project.lastActivityAt ?? new Date().toISOString(),
  web_url: `${url}/${project.path}`,
});

/** lib/gitlab/data_builder/deployment.rb. The status is the one of the transition, not of the time of sending. */
function hookBody(row: FakeDeployment, { url }: World): Record<string, unknown> {
  const web = `${url}/${row.project.path}`;
  const ssh = `git@${new URL(url).hostname}:${row.project.path}.git`;
  const [name = ''] = row.project.path.split('/').slice(-1);
  return {
    object_kind: 'deployment',
    status: row.status,
    status_changed_at: `${row.updated_at.slice(0, 19).replace('T', ' ')} +0000`,
    deployment_id: row.id,
    deployable_id: row.job ?? null,
    deployable_url: row.job === undefined ? null : `${web}/-/jobs/${row.job}`,
    environment: row.environment,
    environment_tier: /prod|live/i.test(row.environment) ? 'production' : 'other',
    environment_slug: slug(row.environment),
    environment_external_url: null,
    project: {
      id: row.project.id,
      name,
      description: '',
      web_url: web,
      avatar_url: null,
      git_ssh_url: ssh,
      git_http_url: `${web}.git`,
      namespace: row.project.path.split('/').slice(0, -1).join(' / '),
      visibility_level: 0,
      path_with_namespace: row.project.path,
      default_branch: row.project.defaultBranch ?? 'main',
      ci_config_path: '',
      homepage: web,
      url: ssh,
      ssh_url: ssh,
      http_url: `${web}.git`,
    },
    short_sha: row.sha.slice(0, 8),
    user: { id: BOT.id, name: BOT.name, username: BOT.username, avatar_url: null, email: '[REDACTED]' },
    user_url: `${url}/${BOT.username}`,
    commit_url: `${web}/-/commit/${row.sha}`,
    commit_title: titleOf(row.sha),
    ref: row.ref,
  };
}
