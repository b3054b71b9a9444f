import { isSuccess, type JsonAnswer } from '../../outbound/http.ts';
import { type Alert24Api, refusal } from './api.ts';
import { type Listed, Page } from './schema.ts';

const PAGE_SIZE = 100; // docs/api-pagination: the maximum
const MAX_PAGES = 5; // then give up and mark it as unknown: the list may cover years
const SLACK_MS = 10 * 60_000; // tolerance for two clocks and the duration of a request

/** `unknown`: the list cannot be read, or is too long to be sure. */
export type FindResult = { kind: 'found'; id?: string } | { kind: 'absent' } | { kind: 'unknown' };

interface ChangeQuery {
  readonly externalId: string;
  readonly serviceId: string | undefined;
  /** ISO 8601, when the request of which the answer is missing went out. */
  readonly attemptedAt: string;
  /** Whether a change with the same external id is really ours, for ids that a sender uses for several states. */
  readonly isIt: (change: Listed) => boolean;
}

/**
 * Whether the change whose answer was lost has arrived. Alert24 has no idempotency key, so that only its list can tell.
 * Whether the list shows the changes of services as well is not documented: the service's own list is read, too.
 * @throws DeliveryFailed when a later check may be able to tell.
 */
export async function findChange(api: Alert24Api, query: ChangeQuery, signal: AbortSignal): Promise<FindResult> {
  const everywhere = await findInList(api, { ...query, serviceId: undefined }, signal);
  if (everywhere.kind === 'found' || query.serviceId === undefined) return everywhere;
  return findInList(api, query, signal);
}

async function findInList(api: Alert24Api, query: ChangeQuery, signal: AbortSignal): Promise<FindResult> {
  const oldestMs = Date.parse(query.attemptedAt) - SLACK_MS;
  let offset = 0;
  let oldestFirst = false;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await readPage(api, query, { offset, signal });
    if (!page) return { kind: 'unknown' };
    const hit = page.data.find((change) => change.external_id === query.externalId && query.isIt(change));
    if (hit) return { kind: 'found', ...(hit.id && { id: hit.id }) };
    const times = timesOf(page);
    if (pages === 0) oldestFirst = (times.at(0) ?? 0) < (times.at(-1) ?? 0);
    const beyond = times.some((ms) => ms < oldestMs);
    const next = (oldestFirst ? backwards : onwards)({ page, offset, beyond });
    if (typeof next !== 'number') return { kind: next };
    offset = next;
  }
  return { kind: 'unknown' };
}

const timesOf = (page: Page): number[] =>
  page.data.map((change) => Date.parse(change.created_at ?? '')).filter((ms) => !Number.isNaN(ms));

/** `beyond`: the page goes back to before the attempt. */
interface ListPosition {
  readonly page: Page;
  readonly offset: number;
  readonly beyond: boolean;
}

const hasMore = ({ page: { data, meta }, offset }: ListPosition): boolean =>
  data.length > 0 && (meta?.has_more ?? (meta?.total ?? 0) > offset + data.length);

function onwards(position: ListPosition): number | 'absent' {
  return position.beyond || !hasMore(position) ? 'absent' : position.offset + PAGE_SIZE;
}

/** The order of the list is not documented. One that begins with the oldest is read from its end. */
function backwards(position: ListPosition): number | 'absent' | 'unknown' {
  const { page, offset, beyond } = position;
  if (offset > 0) return beyond || offset <= PAGE_SIZE ? 'absent' : Math.max(PAGE_SIZE, offset - PAGE_SIZE);
  if (!hasMore(position)) return 'absent';
  return typeof page.meta?.total === 'number' ? Math.max(PAGE_SIZE, page.meta.total - PAGE_SIZE) : 'unknown';
}

/** Undefined when this key or this Alert24 has no such list. */
async function readPage(
  api: Alert24Api,
  query: ChangeQuery,
  { offset, signal }: { offset: number; signal: AbortSignal },
): Promise<Page | undefined> {
  const page = { limit: String(PAGE_SIZE), offset: String(offset) };
  let answer = await api.list({ external_id: query.externalId, ...page }, query.serviceId, signal);
  // The filter is undocumented; an Alert24 that refuses it may still list.
  if (answer.status === 400 || answer.status === 422) answer = await api.list(page, query.serviceId, signal);
  if (mayListLater(answer)) throw refusal(answer, 'Alert24 could not say whether it has the change already');
  return isSuccess(answer) ? Page.safeParse(answer.json).data : undefined;
}

const mayListLater = ({ status }: JsonAnswer): boolean =>
  status >= 500 || status === 408 || status === 425 || status === 429;
