import type { Answer } from '../outcome.ts';
import type { Webhook } from '../received-webhook.ts';
import type { Params } from './params.ts';
import { answer, badParameter, Refusal } from './refusal.ts';
import { type KeptRow, shownRow } from './row.ts';

const ORDERS = ['id', 'iid', 'created_at', 'updated_at', 'finished_at', 'ref'] as const;
type Order = (typeof ORDERS)[number];
const STATUSES = ['created', 'running', 'success', 'failed', 'canceled', 'skipped', 'blocked'];
/** GitLab's own (docs.gitlab.com/api/rest, pagination). */
const PER_PAGE = 20;
const MAX_PER_PAGE = 100;

/**
 * A page of a project's deployments. GitLab: app/finders/deployments_finder.rb; sorted by id, oldest first, unless
 * asked otherwise. Lists are paged by number, or by key when `pagination=keyset` asks for it.
 * @throws Refusal
 */
export function listed(rows: readonly KeptRow[], params: Params, webhook: Pick<Webhook, 'path' | 'headers'>): Answer {
  const order = choice(params, 'order_by', ORDERS) ?? 'id';
  const isDescending = choice(params, 'sort', ['asc', 'desc']) === 'desc';
  const direction = isDescending ? -1 : 1;
  const found = rows
    .filter(filterOf(params, order))
    .toSorted((a, b) => (compare(keyOf(a, order), keyOf(b, order)) || a.id - b.id) * direction);
  return paged(found, { params, webhook, isKeyset: params['pagination'] === 'keyset', isDescending });
}

/** A list without any entry. */
export const emptyList = (params: Params, webhook: Pick<Webhook, 'path' | 'headers'>): Answer =>
  paged([], { params, webhook, isKeyset: false, isDescending: false });

function filterOf(params: Params, order: Order): (row: KeptRow) => boolean {
  const status = choice(params, 'status', STATUSES);
  const environment = textOf(params, 'environment');
  const updated = timesOf(params, 'updated');
  const finished = timesOf(params, 'finished');
  if (updated && order !== 'updated_at') throw badRequest('`updated_at` filter requires `updated_at` sort');
  if (finished && (order !== 'finished_at' || status !== 'success'))
    throw badRequest('`finished_at` filter requires `finished_at` sort and the `success` status');
  const times = updated ?? finished;
  return (row) =>
    (status === undefined || row.status === status) &&
    (environment === undefined || row.environment === environment) &&
    (times === undefined || (row.updated_at > times.after && row.updated_at < times.before));
}

interface Page {
  readonly params: Params;
  readonly webhook: Pick<Webhook, 'path' | 'headers'>;
  readonly isKeyset: boolean;
  readonly isDescending: boolean;
}

function paged(found: readonly KeptRow[], page: Page): Answer {
  const perPage = Math.min(countOf(page.params, 'per_page') ?? PER_PAGE, MAX_PER_PAGE);
  return page.isKeyset ? byKey(found, perPage, page) : byNumber(found, perPage, page);
}

function byNumber(found: readonly KeptRow[], perPage: number, { params, webhook }: Page): Answer {
  const page = countOf(params, 'page') ?? 1;
  const last = Math.max(1, Math.ceil(found.length / perPage));
  const next = page < last ? page + 1 : undefined;
  const linkTo = (to: number, rel: string) => link({ ...params, page: to, per_page: perPage }, rel, webhook);
  const links = [
    ...(page > 1 ? [linkTo(page - 1, 'prev')] : []),
    ...(next ? [linkTo(next, 'next')] : []),
    linkTo(1, 'first'),
    linkTo(last, 'last'),
  ];
  return answer(200, found.slice((page - 1) * perPage, page * perPage).map(shownRow), {
    link: links.join(', '),
    'x-page': String(page),
    'x-per-page': String(perPage),
    'x-next-page': String(next ?? ''),
    'x-prev-page': String(page > 1 ? page - 1 : ''),
    'x-total': String(found.length),
    'x-total-pages': String(last),
  });
}

/** The position after a row that was shown: new ones that come meanwhile shift nothing. */
function byKey(found: readonly KeptRow[], perPage: number, { params, webhook }: Page): Answer {
  const after = countOf(params, 'cursor');
  const from = after === undefined ? 0 : found.findIndex(({ id }) => id === after) + 1;
  const rows = found.slice(from, from + perPage);
  const last = rows.at(-1);
  const isMore = last !== undefined && from + rows.length < found.length;
  const links = isMore ? { link: link({ ...params, cursor: last.id, per_page: perPage }, 'next', webhook) } : {};
  return answer(200, rows.map(shownRow), links);
}

/** The query of another page of the same list, without a token that somebody put into the query. */
const REPEATED =
  /^(?:page|per_page|cursor|pagination|order_by|sort|status|environment|(?:updated|finished)_(?:after|before))$/;

/** With the address by which the sender reached us, as a proxy in front of us reports it. */
function link(params: Params, rel: string, { path, headers }: Page['webhook']): string {
  const repeated = Object.entries(params).filter(([name]) => REPEATED.test(name));
  const query = new URLSearchParams(Object.fromEntries(repeated.map(([name, value]) => [name, String(value)])));
  const scheme = /^https?$/.exec(headers['x-forwarded-proto'] ?? '')?.[0] ?? 'http';
  const host = /^[\w.:[\]-]{1,255}$/.exec(headers['host'] ?? '')?.[0] ?? 'localhost';
  return `<${scheme}://${host}${path}?${query}>; rel="${rel}"`;
}

function choice<const Choice extends string>(
  params: Params,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const given = textOf(params, name);
  const chosen = choices.find((one) => one === given);
  if (given !== undefined && chosen === undefined) throw badParameter(`${name} does not have a valid value`);
  return chosen;
}

function countOf(params: Params, name: string): number | undefined {
  const given = textOf(params, name);
  if (given === undefined) return undefined;
  if (!/^[1-9]\d{0,15}$/.test(given)) throw badParameter(`${name} is invalid`);
  return Number(given);
}

/** @returns undefined when neither end is given. */
function timesOf(params: Params, what: string): { readonly after: string; readonly before: string } | undefined {
  const [after, before] = [`${what}_after`, `${what}_before`].map((name) => timeOf(params, name));
  if (after === undefined && before === undefined) return undefined;
  return { after: after ?? '', before: before ?? '~' }; // no time is outside of these two
}

function timeOf(params: Params, name: string): string | undefined {
  const given = textOf(params, name);
  if (given === undefined) return undefined;
  const ms = Date.parse(given);
  if (Number.isNaN(ms)) throw badParameter(`${name} is invalid`);
  return new Date(ms).toISOString();
}

const textOf = (params: Params, name: string): string | undefined => {
  const value = params[name];
  return value === undefined || value === null || value === '' ? undefined : String(value);
};

const badRequest = (why: string) => new Refusal(400, { message: `400 Bad request - ${why}` }, why);

const keyOf = (row: KeptRow, order: Order): string | number => (order === 'finished_at' ? row.updated_at : row[order]);

const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);
