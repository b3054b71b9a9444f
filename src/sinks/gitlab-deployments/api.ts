import { LRUCache } from 'lru-cache';
import { DeliveryFailed } from '../../domain/errors.ts';
import {
  createSendJson,
  excerptOf,
  failure,
  isSuccess,
  type JsonAnswer,
  type JsonRequest,
  shown,
  withoutSecret,
} from '../../outbound/http.ts';
import { pathSegment } from '../path-segment.ts';
import type { PreviewedRequest } from '../sink.ts';
import { idInRedirect, type ProjectLocation } from './moved.ts';
import { type GitlabStatus, Project, Refusal, Row, Rows } from './schema.ts';

const PROJECTS_KEPT = 500; // about 100 bytes each
const PROJECT_KEPT_MS = 10 * 60_000; // a default branch is renamed about once in its life

export interface NewDeployment {
  readonly environment: string;
  readonly sha: string;
  readonly ref: string;
  readonly tag: boolean;
  readonly status: GitlabStatus;
}

/** `undefined`: the project cannot be read, with this token or at all. */
type ProjectFacts = { defaultBranch?: string; path?: string } | undefined;

/** GitLab's Deployments API, request by request. Each throws DeliveryFailed when there was no complete answer. */
export interface GitlabApi {
  readonly url: string;
  get(path: string, signal: AbortSignal): Promise<JsonAnswer>;
  create(project: string, body: NewDeployment, signal: AbortSignal): Promise<JsonAnswer>;
  /** What `create` would send, without the token. */
  preview(project: string, body: NewDeployment): PreviewedRequest;
  update(project: string, id: string, update: { status: GitlabStatus; signal: AbortSignal }): Promise<JsonAnswer>;
  project(project: string, context: { signal: AbortSignal; now: Date }): Promise<ProjectFacts>;
  /** The new location of a project that is no longer under its old path. Undefined: GitLab does not say. */
  newLocation(oldPath: string, signal: AbortSignal): Promise<ProjectLocation | undefined>;
}

export function createApi(config: { url: string; token: string; timeout_seconds: number }): GitlabApi {
  const sendJson = createSendJson({ timeoutMs: config.timeout_seconds * 1000 });
  const headers = { 'private-token': config.token };
  const asked = (method: JsonRequest['method'], path: string, body?: unknown): JsonRequest => ({
    method,
    url: `${config.url}/api/v4${path}`,
    headers,
    ...(body !== undefined && { body }),
  });
  const creation = (project: string, body: NewDeployment) => asked('POST', deploymentsOf(project), body);
  const send = async (request: JsonRequest, signal: AbortSignal) =>
    withoutSecret(await sendJson({ ...request, signal }), config.token);
  const projects = new LRUCache<string, { facts: ProjectFacts; untilMs: number }>({ max: PROJECTS_KEPT });
  return {
    url: config.url,
    get: (path, signal) => send(asked('GET', path), signal),
    create: (project, body, signal) => send(creation(project, body), signal),
    preview: (project, body) => shown(creation(project, body), config.token),
    update: (project, id, { status, signal }) =>
      send(asked('PUT', `${deploymentsOf(project)}/${pathSegment(id)}`, { status }), signal),
    async newLocation(oldPath, signal) {
      const id = idInRedirect(await send(asked('GET', `/projects/${pathSegment(oldPath)}`), signal));
      if (id === undefined) return undefined;
      const path = readProject(await send(asked('GET', `/projects/${id}`), signal), id)?.path;
      return { id, ...(path && { path }) };
    },
    async project(project, { signal, now }) {
      const kept = projects.get(project);
      if (kept && kept.untilMs > now.getTime()) return kept.facts;
      const facts = readProject(await send(asked('GET', `/projects/${pathSegment(project)}`), signal), project);
      projects.set(project, { facts, untilMs: now.getTime() + PROJECT_KEPT_MS });
      return facts;
    },
  };
}

export const deploymentsOf = (project: string): string => `/projects/${pathSegment(project)}/deployments`;

function readProject(answer: JsonAnswer, project: string): ProjectFacts {
  if (answer.status === 404 || (answer.status === 403 && !isTokenTrouble(answer))) return undefined;
  if (!isSuccess(answer)) throw refusal(answer, `GitLab did not show project ${project}`);
  const { default_branch, path_with_namespace } = Project.safeParse(answer.json).data ?? {};
  return {
    ...(default_branch && { defaultBranch: default_branch }),
    ...(path_with_namespace && { path: path_with_namespace }),
  };
}

/**
 * @throws DeliveryFailed when a 2xx does not come from GitLab but from a sign-in page or a proxy. The outcome is then
 * unknown.
 */
export function rowOf(answer: JsonAnswer): Row {
  const { data } = Row.safeParse(answer.json);
  if (data) return data;
  throw notGitlab(answer);
}

export function rowsOf(answer: JsonAnswer): readonly Row[] {
  const { data } = Rows.safeParse(answer.json);
  if (data) return data;
  throw notGitlab(answer);
}

const notGitlab = ({ status }: JsonAnswer) =>
  new DeliveryFailed(`the answer ${status} holds no deployment: is url really the address of a GitLab?`, {
    retry: 'backoff',
    status,
  });

/**
 * True when this 400 is about the parameter: `sha` or `ref` (app/models/deployment.rb), `status` (the state machine).
 */
export function isAbout(answer: JsonAnswer, parameter: 'sha' | 'ref' | 'status'): boolean {
  const { message } = Refusal.parse(answer.json ?? {});
  return answer.status === 400 && typeof message === 'object' && message !== null && parameter in message;
}

/**
 * The message of GitLab while nothing can be written: maintenance, an upgrade, a Geo secondary. GitLab:
 * lib/gitlab/middleware/read_only/controller.rb.
 */
function isReadOnly(answer: JsonAnswer): boolean {
  return answer.status === 403 && /read-?\s?only|maintenance mode/i.test(excerptOf(answer));
}

/** Maintenance takes minutes: deliveries continue this soon after it. */
const READ_ONLY_PROBE_MS = 10_000;

/** A refusal with GitLab's words. A 403 about the deployment is final; one about the token puts the sink on hold. */
export function refusal(answer: JsonAnswer, what: string, advice = ''): DeliveryFailed {
  const { status } = answer;
  if (isReadOnly(answer))
    return new DeliveryFailed(
      `${what}: 403 ${excerptOf(answer)}. GitLab is read-only; deliveries wait until it is not`,
      { retry: { afterMs: READ_ONLY_PROBE_MS, hold: 'sink' }, status },
    );
  if (status === 403 && !isTokenTrouble(answer))
    return new DeliveryFailed(`${what}: 403 ${excerptOf(answer)}${advice && `. ${advice}`}`, {
      retry: 'never',
      status,
    });
  return failure(answer, what, adviceFor(answer) || advice);
}

function adviceFor({ status }: JsonAnswer): string {
  if (status === 401) return 'The token is missing, wrong, expired or revoked: set a valid token';
  if (status === 403) return 'The token needs the scope "api", and its user must not be blocked';
  if (status >= 300 && status < 400) return 'Redirects are not followed: set url to where it leads';
  return '';
}

/** Every deployment would get the same answer: scope, blocked user, blocked address (plain text, not GitLab's JSON). */
function isTokenTrouble(answer: JsonAnswer): boolean {
  const { message, error } = Refusal.parse(answer.json ?? {});
  if (error === 'insufficient_scope' || typeof message !== 'string') return true;
  return /\b(your (account|password|ip)|terms of service)\b/i.test(message);
}
