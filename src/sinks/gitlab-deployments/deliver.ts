import type { Deployment } from '../../domain/deployment.ts';
import { DeliveryFailed } from '../../domain/errors.ts';
import { certainlyRefused, excerptOf, isSuccess, type JsonAnswer, neverSent } from '../../outbound/http.ts';
import { fullSha } from '../../values/sha.ts';
import { pathSegment } from '../path-segment.ts';
import type { Delivered, DeliveryLedger, PreviewedRequest } from '../sink.ts';
import { deploymentsOf, type GitlabApi, isAbout, type NewDeployment, refusal, rowOf, rowsOf } from './api.ts';
import { isMoved, remember } from './moved.ts';
import type { GitlabStatus, Row } from './schema.ts';
import { type Destination, environmentOf, namedProject, projectOf, statusOf } from './target.ts';

const SLACK_MS = 5 * 60_000; // our clock against GitLab's
const FRESH_MS = 60_000; // no request takes longer: timeout_seconds ends at 60
const PAGES = 3;

/** What would be told, and where. */
interface Subject {
  readonly api: GitlabApi;
  readonly map: Destination;
  readonly deployment: Deployment;
}

interface Delivery extends Subject {
  readonly ledger: DeliveryLedger;
  readonly signal: AbortSignal;
  readonly now: Date;
}

interface Target {
  readonly project: string;
  readonly environment: string;
  readonly sha: string;
  readonly status: GitlabStatus;
}

/** A delivery of which project, environment, commit and status are known. */
type ResolvedDelivery = Delivery & Target;

/**
 * Brings GitLab's row of this deployment to its state: the known row, else one of which the answer was lost, else a new
 * one.
 */
export async function deliver(delivery: Delivery): Promise<Delivered> {
  const aimed = { ...delivery, ...targetOf(delivery) };
  try {
    return await bring(aimed);
  } catch (error) {
    throw concerning(error, aimed.project);
  }
}

async function bring(aimed: ResolvedDelivery): Promise<Delivered> {
  const { ledger, deployment } = aimed;
  const { remoteId, attemptedAt } = ledger.known;
  // An id that another deployment has by now was given again: GitLab was restored from a backup, and our row is gone.
  if (remoteId !== undefined && !(await ledger.claimedByOther(remoteId))) return update(aimed, remoteId);
  if (remoteId === undefined && attemptedAt === undefined && deployment.endReason !== undefined)
    return { message: 'nothing to tell: it ended before GitLab heard of it' };
  const found = attemptedAt === undefined ? undefined : await findOurs(aimed, attemptedAt);
  if (!found) return create(aimed);
  if (found.status === aimed.status) return done(aimed, found.id, 'already there');
  return update(aimed, found.id);
}

/** A project that is down alone must not hold up the others. */
function concerning(error: unknown, project: string): unknown {
  if (!(error instanceof DeliveryFailed) || error.retry !== 'backoff' || error.status === undefined) return error;
  const { message, retry, status, cause } = error;
  return new DeliveryFailed(message, { retry, status, cause, concerns: project });
}

/**
 * What `deliver` would send for a deployment that GitLab has not heard of.
 * @throws DeliveryFailed when it would send nothing, in the same words.
 */
export function preview(subject: Subject): PreviewedRequest {
  const target = targetOf(subject);
  const ref = refOf(subject.deployment);
  const request = subject.api.preview(target.project, newDeployment(target, ref ?? { ref: target.sha, tag: false }));
  if (ref) return request;
  const note = `ref: the default branch of ${target.project} is used when GitLab returns it, otherwise the commit`;
  return { ...request, notes: [note] };
}

function targetOf({ deployment, map }: Subject): Target {
  const project = projectOf(deployment, map);
  const status = statusOf(deployment.state);
  const sha = fullSha(deployment.commit?.sha);
  const environment = environmentOf(deployment, map);
  if (project !== undefined && status !== undefined && sha !== undefined) return { project, environment, sha, status };
  const message =
    sha === undefined
      ? `${deployment.key} has no full commit sha, and GitLab records no deployment without one. Let the sender send ` +
        'all its hex digits (Argo CD: the annotation shiplog/commit, or a Git source instead of a chart)'
      : `${deployment.key} has no GitLab project or no status that GitLab takes`;
  throw new DeliveryFailed(message, { retry: 'never' });
}

/**
 * `running` is never put: GitLab takes it only for rows that are not running yet, and ours are made running or later.
 */
async function update(aimed: ResolvedDelivery, id: string): Promise<Delivered> {
  const { api, project, status, signal } = aimed;
  if (status === 'running') return done(aimed, id, 'already there, running or further');
  const answer = await api.update(project, id, { status, signal });
  if (isSuccess(answer)) {
    rowOf(answer);
    return done(aimed, id, `${answer.status} ${status}`, answer.status);
  }
  const what = `GitLab did not set deployment ${id} of project ${project} to ${status}`;
  if (isMoved(answer)) throw await follow(aimed, answer);
  if (isGone(answer) && (await isThere(aimed))) return create(aimed);
  if (isAbout(answer, 'status')) return settle(aimed, id, refusal(answer, what));
  throw refusal(answer, what, updateAdvice(answer.status, project));
}

/**
 * Not the project but our row is gone. Nobody can delete one that runs: GitLab was restored from a backup of before, or
 * the
 * project was made anew.
 */
const isGone = (answer: JsonAnswer): boolean =>
  answer.status === 404 && /404 (?:Deployment )?Not found/i.test(excerptOf(answer));

async function isThere({ api, project, signal, now }: ResolvedDelivery): Promise<boolean> {
  return (await api.project(project, { signal, now })) !== undefined;
}

const MOVED_RETRY_MS = 1_000;

/**
 * Finds a project that was renamed or moved. The next attempt goes there, and expects the echo of its webhook from
 * there.
 * The failure stands in the log once, with what to write.
 */
async function follow({ api, map, deployment, signal }: ResolvedDelivery, answer: JsonAnswer): Promise<DeliveryFailed> {
  const oldPath = namedProject(deployment, map) ?? '';
  const location = await api.newLocation(oldPath, signal);
  if (!location) return refusal(answer, `GitLab has moved project ${oldPath}, and does not say where to`, MOVED_ADVICE);
  remember(map.moved, oldPath, location);
  const now = location.path ? `${location.path} (id ${location.id})` : `the one with the id ${location.id}`;
  return new DeliveryFailed(
    `GitLab project ${oldPath} was moved or renamed: it is ${now} now, and is used from now on. ${MOVED_ADVICE}`,
    { retry: { afterMs: MOVED_RETRY_MS, hold: 'job' }, status: answer.status },
  );
}

const MOVED_ADVICE =
  'Replace the old path with the new one: in shiplog/gitlab-project, in the rule with gitlab_project, or in ' +
  'the path that is called';

/** GitLab refuses a step to the same status: then somebody, most likely an earlier attempt of ours, has done it. */
async function settle(aimed: ResolvedDelivery, id: string, refused: DeliveryFailed): Promise<Delivered> {
  const answer = await aimed.api.get(`${deploymentsOf(aimed.project)}/${pathSegment(id)}`, aimed.signal);
  if (!isSuccess(answer)) throw refusal(answer, `GitLab did not show deployment ${id} of project ${aimed.project}`);
  if (rowOf(answer).status === aimed.status) return done(aimed, id, 'already there');
  throw refused;
}

function updateAdvice(status: number, project: string): string {
  if (status === 404) return `The deployment was deleted, or the token's user is no longer a Developer of ${project}`;
  if (status === 403)
    return 'It was made by a CI job, or the environment is protected and the token may not deploy to it';
  return '';
}

async function create(aimed: ResolvedDelivery): Promise<Delivered> {
  const { answer, body } = await createWithAnyRef(aimed, aimed.status);
  const row = rowOf(answer);
  if (isNew(row, answer, aimed.now) && (await aimed.ledger.claim(row.id, ageOf(row, answer))))
    return done(aimed, row.id, `${answer.status} ${body.status}`, answer.status);
  return createOwn(aimed, body);
}

/**
 * GitLab gives a success that equals the environment's last successful deployment no row of its own
 * (app/services/deployments/create_service.rb),
 * but a running one always gets one.
 */
async function createOwn(aimed: ResolvedDelivery, folded: NewDeployment): Promise<Delivered> {
  const answer = await post(aimed, { ...folded, status: 'running' });
  if (!isSuccess(answer)) throw await refusedCreate(aimed, answer);
  const row = rowOf(answer);
  if (await aimed.ledger.claim(row.id, ageOf(row, answer))) return update(aimed, row.id);
  throw new DeliveryFailed(`GitLab gave deployment ${row.id} of project ${aimed.project} twice`, { retry: 'backoff' });
}

/** How long ago GitLab made the row, by its own clock, milliseconds. Undefined: it does not say. */
function ageOf({ created_at }: Row, { headers }: JsonAnswer): number | undefined {
  const ms = Date.parse(String(headers['date'] ?? '')) - Date.parse(created_at ?? '');
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** False for a row that stood there before this request: one that GitLab folded ours into. Both times are GitLab's. */
function isNew(row: Row, answer: JsonAnswer, now: Date): boolean {
  if (row.deployable) return false;
  const dateMs = Date.parse(String(answer.headers['date'] ?? ''));
  const answeredMs = Number.isNaN(dateMs) ? now.getTime() - SLACK_MS : dateMs;
  const createdMs = Date.parse(row.created_at ?? '');
  return Number.isNaN(createdMs) || createdMs >= answeredMs - FRESH_MS;
}

/** GitLab wants a ref that exists: a merged branch is often deleted before its deployment ends. */
async function createWithAnyRef(
  aimed: ResolvedDelivery,
  status: GitlabStatus,
): Promise<{ answer: JsonAnswer; body: NewDeployment }> {
  let refused: JsonAnswer | undefined;
  for await (const ref of refsToTry(aimed)) {
    const body = newDeployment({ ...aimed, status }, ref);
    const answer = await post(aimed, body);
    if (isSuccess(answer)) return { answer, body };
    refused = answer;
    if (isMoved(answer)) break;
    if (!isAbout(answer, 'ref') || isAbout(answer, 'sha')) break;
    await aimed.ledger.notAttempted();
  }
  if (!refused) throw new DeliveryFailed('no ref to try', { retry: 'never' }); // the sha is always one
  throw await refusedCreate(aimed, refused);
}

const newDeployment = ({ environment, sha, status }: Target, { ref, tag }: Ref): NewDeployment => ({
  environment,
  sha,
  ref,
  tag,
  status,
});

type Ref = Pick<NewDeployment, 'ref' | 'tag'>;

const refOf = ({ ref, tag }: Deployment): Ref | undefined => (ref ? { ref, tag: tag ?? false } : undefined);

/** The sha stands last: GitLab resolves any commit-ish, and shows the commit in the branch's place. */
async function* refsToTry(aimed: ResolvedDelivery): AsyncGenerator<Ref> {
  const { deployment, api, project, sha } = aimed;
  const said = refOf(deployment);
  if (said) yield said;
  const branch = (await api.project(project, aimed))?.defaultBranch;
  if (branch && branch !== deployment.ref) yield { ref: branch, tag: false };
  if (sha !== deployment.ref) yield { ref: sha, tag: false };
}

async function post({ api, project, ledger, signal }: ResolvedDelivery, body: NewDeployment): Promise<JsonAnswer> {
  await ledger.attempting();
  return api.create(project, body, signal).catch(async (error: unknown) => {
    if (neverSent(error)) await ledger.notAttempted();
    throw error;
  });
}

async function refusedCreate(aimed: ResolvedDelivery, answer: JsonAnswer): Promise<DeliveryFailed> {
  const { project, environment, sha, ledger } = aimed;
  if (certainlyRefused(answer)) await ledger.notAttempted();
  if (isMoved(answer)) return follow(aimed, answer);
  if (isAbout(answer, 'sha'))
    return refusal(
      answer,
      `GitLab project ${project} has no commit ${sha}`,
      'Point shiplog/gitlab-project, or a rule with gitlab_project, at the project that holds this commit ' +
        '(for Argo CD the application, not its manifests), or let the sender report that project’s commit',
    );
  if (answer.status === 404)
    return refusal(
      answer,
      `GitLab project ${project} was not found, or the token's user is no member`,
      'Correct the project, or give the token the role Developer there',
    );
  const advice =
    answer.status === 403
      ? `The token needs the role Developer there, and must be allowed to deploy to ${environment} if that is protected`
      : '';
  return refusal(answer, `GitLab did not take the deployment of project ${project} to ${environment}`, advice);
}

/**
 * The row of an earlier attempt of which the answer was lost. GitLab keeps no key of ours: it is reported by
 * environment,
 * commit and time, by having no job, and by belonging to no other deployment. The lane keeps others from making one
 * meanwhile.
 */
async function findOurs(aimed: ResolvedDelivery, attemptedAt: string): Promise<Row | undefined> {
  const { rows, answer } = await rowsSince(aimed, Date.parse(attemptedAt) - SLACK_MS);
  const { status, sha, deployment, ledger } = aimed;
  const likeness = (row: Row) => 2 * Number(row.status === status) + Number(row.ref === deployment.ref);
  const candidates = rows.filter((row) => row.sha?.toLowerCase() === sha && !row.deployable);
  for (const row of candidates.toSorted((a, b) => likeness(b) - likeness(a))) {
    const madeMsAgo = answer && ageOf(row, answer);
    if (await ledger.claimedByOther(row.id, madeMsAgo)) continue;
    if (await ledger.claim(row.id, madeMsAgo)) return row;
  }
  return undefined;
}

async function rowsSince(
  aimed: ResolvedDelivery,
  sinceMs: number,
): Promise<{ rows: Row[]; answer: JsonAnswer | undefined }> {
  const { api, project, environment, signal } = aimed;
  const query = { environment, order_by: 'id', sort: 'desc', per_page: '100' };
  const recent: Row[] = [];
  let last: JsonAnswer | undefined;
  for (let page = 1; page <= PAGES; page += 1) {
    const search = new URLSearchParams({ ...query, page: String(page) });
    const answer = await api.get(`${deploymentsOf(project)}?${search}`, signal);
    if (isMoved(answer)) throw await follow(aimed, answer);
    if (!isSuccess(answer)) throw refusal(answer, `GitLab did not list the deployments of project ${project}`);
    last = answer;
    const rows = rowsOf(answer);
    recent.push(...rows.filter((row) => !(Date.parse(row.created_at ?? '') < sinceMs)));
    if (rows.length < 100 || recent.length < page * 100) break;
  }
  return { rows: recent, answer: last };
}

function done(aimed: ResolvedDelivery, id: string, message: string, status?: number): Delivered {
  const { api, project, map, deployment } = aimed;
  const named = namedProject(deployment, map);
  const location = named === undefined ? undefined : map.moved.get(named.toLowerCase());
  const path = location ? location.path : /^\d+$/.test(project) ? undefined : project;
  return {
    message,
    remoteId: id,
    ...(status !== undefined && { status }),
    ...(path && { remoteUrl: `${api.url}/${path}/-/environments` }),
  };
}
