import { randomInt } from 'node:crypto';
import { NotKept, WebhookRejected } from '../../domain/errors.ts';
import { fullSha } from '../../values/sha.ts';
import type { Answer, Served } from '../outcome.ts';
import type { Webhook } from '../received-webhook.ts';
import type { NumberedRow, Rows } from '../rows.ts';
import { checkNew, checkUpdate, type Leniency, type NewRow } from './checks.ts';
import { emptyList, listed } from './list.ts';
import { paramsOf } from './params.ts';
import { numberOf, pathOf } from './project-number.ts';
import { answer, noRoute, notFound, Refusal } from './refusal.ts';
import { type Route, routeOf } from './route.ts';
import { type KeptRow, keptRow, type Row, refusedStep, shownRow, USER } from './row.ts';

export interface ApiSettings extends Leniency {
  /** The name of the configured source: its tables are its own. */
  readonly instance: string;
}

/** A request on its way through the API. */
interface Call {
  readonly webhook: Webhook;
  readonly rows: Rows;
  readonly settings: ApiSettings;
  /** Of the project. */
  readonly table: string;
}

/**
 * What GitLab's Deployments API does with a request: an answer, or a deployment to keep and then the answer. Other
 * requests are refused, with GitLab's messages; a 2xx means that it was accepted.
 * @throws Refusal
 */
export async function serve(webhook: Webhook, rows: Rows, settings: ApiSettings): Promise<Served> {
  const route = await withPath(routeOf(webhook.path) ?? { kind: 'other' }, rows, settings);
  const call = { webhook, rows, settings, table: 'project' in route ? tableOf(route.project, settings) : '' };
  const method = webhook.method === 'HEAD' ? 'GET' : webhook.method;
  switch (`${method} ${route.kind}`) {
    case 'POST deployments':
    case 'PUT deployments': // whatever the template of a notification chose: without an id, it can only be new
    case 'PATCH deployments':
      return create(call, projectOf(route));
    case 'GET deployments':
      return read(listed(await all(call), paramsOf(webhook), webhook));
    case 'GET deployment':
      return read(answer(200, shownRow((await found(call, route)).row)));
    case 'PUT deployment':
      return update(call, route);
    case 'DELETE deployment':
      return remove(call, route);
    case 'GET merge_requests':
      await found(call, route);
      return read(emptyList(paramsOf(webhook), webhook));
    case 'GET project':
      return read(answer(200, shownProject(projectOf(route), await numberOf(projectOf(route), rows, settings))));
    case 'GET user':
      return read(answer(200, USER));
    case 'GET version':
      return read(answer(200, VERSION));
    default:
      throw elsewhere(webhook, route);
  }
}

/** The project of a number that we gave out is the path that it stands for. */
async function withPath(route: Route, rows: Rows, settings: ApiSettings): Promise<Route> {
  return 'project' in route ? { ...route, project: await pathOf(route.project, rows, settings) } : route;
}

/** The release of GitLab whose answers these are, for clients that ask for it first. */
const VERSION = { version: '18.5.0', revision: 'shiplog' };

const read = (response: Answer): Served => ({ kind: 'answer', answer: response });
const projectOf = (route: Route): string => ('project' in route ? route.project : '');
const tableOf = (project: string, { instance }: ApiSettings) => `${instance}:${project.toLowerCase()}`;

function elsewhere({ method, path }: Webhook, { kind }: Route): Refusal {
  const what = `${method.slice(0, 20)} ${path.slice(0, 200)}`;
  if (kind === 'no_project')
    return new Refusal(404, { message: '404 Project Not Found' }, `${what} names no project: neither an id nor a path`);
  if (kind === 'other' || kind === 'user' || kind === 'version' || kind === 'project')
    return noRoute(`Shiplog has GitLab's Deployments API and nothing else of it: ${what} leads nowhere`);
  return new Refusal(405, { error: '405 Not Allowed' }, `GitLab's Deployments API has no ${what}`);
}

/** As many attempts as there could be concurrent senders. */
const TRIES = 20;

/**
 * GitLab answers a deployment that equals the last one of its environment with that one: a request that was sent twice.
 * GitLab: app/services/deployments/create_service.rb. It also would make a second row for a deployment that is posted
 * again with its end, and leave the first running for ever; here the first row is updated.
 */
async function create(call: Call, project: string): Promise<Served> {
  const { webhook, rows, settings, table } = call;
  const checked = checkNew(paramsOf(webhook), settings);
  const at = webhook.receivedAt.toISOString();
  try {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const newest = await rows.newest(table, checked.environment);
      const last = newest && keptRow(newest);
      const isSame = last !== undefined && sameDeployment(last, checked) && !isNext(last, at);
      if (isSame && last.status === checked.status) return toKeep(webhook, last, 201);
      if (newest && isSame && last.status === 'running') {
        const row = { ...last, status: checked.status, updated_at: at };
        if (await rows.replace(table, newest, plain(row))) return toKeep(webhook, row, 201);
        continue;
      }
      const row: Row = { project, ...checked, created_at: at, updated_at: at };
      const added = await rows.add(table, { slot: checked.environment, after: newest, row });
      if (added) return toKeep(webhook, keptRow(added), 201);
    }
  } catch (error) {
    if (!(error instanceof NotKept)) throw error;
    const row = { project, ...checked, created_at: at, updated_at: at, ...numbersWithout(webhook) };
    return { ...toKeep(webhook, row, 201), row: numbered(call, row) };
  }
  throw new NotKept(`${TRIES} deployments were made in ${checked.environment} meanwhile`);
}

/**
 * GitLab accepts no deployment without a commit, and so has no rule for them. A template without a commit sends an
 * identical body for the next deployment; a request that was not answered is sent again, and that one was not kept.
 */
const isNext = ({ sha, status, updated_at }: KeptRow, at: string): boolean =>
  status !== 'running' && fullSha(sha) === undefined && Date.parse(at) - Date.parse(updated_at) > SENT_TWICE_MS;

/** A network that delivers a request twice does it at once. */
const SENT_TWICE_MS = 1_000;

const sameDeployment = (a: NewRow, b: NewRow): boolean => a.sha === b.sha && a.ref === b.ref && a.tag === b.tag;

/** While Redis is away a new deployment is kept all the same, under a number that Redis never reaches. */
function numbersWithout({ receivedAt }: Webhook): { id: number; iid: number } {
  const id = receivedAt.getTime() * 1_000 + randomInt(1_000);
  return { id, iid: id };
}

/** The row changes when the deployment is durable: an update that was not kept can be repeated. */
async function update(call: Call, route: Route): Promise<Served> {
  const { webhook } = call;
  const status = checkUpdate(paramsOf(webhook));
  const { row } = await found(call, route);
  const refused = refusedStep(row.status, status);
  if (refused) throw new Refusal(400, { message: { status: [refused] } }, `deployment ${row.id}: ${refused}`);
  const next = { ...row, status, updated_at: webhook.receivedAt.toISOString() };
  return { ...toKeep(webhook, next, 200), row: numbered(call, next) };
}

const numbered = ({ table }: Call, row: KeptRow) => {
  const { id, iid, environment: slot } = row;
  return { table, slot, id, iid, row: plain(row) };
};

/** The row is removed; its deployment stays in the change log. */
async function remove(call: Call, route: Route): Promise<Served> {
  const { known: stored, row } = await found(call, route);
  if (row.status === 'running') throw cannotDestroy('Cannot destroy running deployment');
  const successes = (await all(call)).filter((one) => one.environment === row.environment && one.status === 'success');
  const last = successes.toSorted((a, b) => (a.updated_at < b.updated_at ? -1 : 1)).at(-1);
  if (last?.id === row.id) throw cannotDestroy('Deployment currently deployed to environment');
  await call.rows.remove(call.table, { slot: row.environment, known: stored });
  return read({ status: 204, body: undefined, headers: {} });
}

const cannotDestroy = (message: string) => new Refusal(400, { message }, message);

async function found({ rows, table }: Call, route: Route): Promise<{ known: NumberedRow; row: KeptRow }> {
  const id = 'id' in route ? route.id : '';
  if (!/^[1-9]\d{0,15}$/.test(id)) throw new Refusal(400, { error: 'deployment_id is invalid' }, 'no number');
  const stored = await rows.get(table, Number(id));
  if (!stored)
    throw notFound(`there is no deployment ${id} of ${projectOf(route)}: GitLab's own ids are not known here`);
  return { known: stored, row: keptRow(stored) };
}

const all = async ({ rows, table }: Call): Promise<KeptRow[]> => (await rows.list(table)).map(keptRow);

/** Without its numbers, which are stored beside it. */
function plain({ id: _id, iid: _iid, ...row }: KeptRow): Row {
  return row;
}

/** The whole row is kept: mapped again, it makes the same record. */
function toKeep(webhook: Webhook, row: KeptRow, status: number) {
  return {
    kind: 'webhook',
    webhook: { ...webhook, body: Buffer.from(JSON.stringify(row)) },
    answer: answer(status, shownRow(row)),
  } as const;
}

/** For clients that look the project up first, and continue with its id. */
const shownProject = (project: string, id: number) => ({
  id,
  name: project.split('/').at(-1),
  path: project.split('/').at(-1),
  path_with_namespace: project,
});

/** GitLab's messages for a request that could not be completed. */
export function refusalAnswer(outcome: {
  readonly kind: string;
  readonly error?: WebhookRejected;
}): Answer | undefined {
  if (outcome.kind === 'not_kept') return answer(503, { message: '503 Service Unavailable: send it again' });
  const { error } = outcome;
  if (!(error instanceof WebhookRejected)) return undefined;
  if (error instanceof Refusal) return error.answer;
  if (error.code === 'bad_signature') return answer(401, { message: '401 Unauthorized' });
  const status = error.code === 'too_large' ? 413 : 400;
  return answer(status, { error: error.message });
}
