import { isSuccess, type JsonAnswer } from '../../outbound/http.ts';
import { deploymentsOf, refusal, rowsOf } from './api.ts';
import type { ResolvedDelivery } from './delivery.ts';
import { followMoved } from './follow-moved.ts';
import { isMoved } from './moved.ts';
import { ageOf, CLOCK_SKEW_MS } from './row-age.ts';
import type { Row } from './schema.ts';

/** Newest first: the attempt whose answer was lost was made minutes ago. */
const MAX_PAGES = 3;

/**
 * The row of an earlier attempt whose answer was lost. GitLab stores no key of ours, so the row is recognised by
 * environment, commit and time, by having no job, and by belonging to no other deployment. The lane keeps other
 * deliveries from creating one meanwhile.
 */
export async function findLostRow(delivery: ResolvedDelivery, attemptedAt: string): Promise<Row | undefined> {
  const { rows, answer } = await rowsSince(delivery, Date.parse(attemptedAt) - CLOCK_SKEW_MS);
  const { status, sha, deployment, ledger } = delivery;
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
  delivery: ResolvedDelivery,
  sinceMs: number,
): Promise<{ rows: Row[]; answer: JsonAnswer | undefined }> {
  const { api, project, environment, signal } = delivery;
  const query = { environment, order_by: 'id', sort: 'desc', per_page: '100' };
  const recent: Row[] = [];
  let last: JsonAnswer | undefined;
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const search = new URLSearchParams({ ...query, page: String(page) });
    const answer = await api.get(`${deploymentsOf(project)}?${search}`, signal);
    if (isMoved(answer)) throw await followMoved(delivery, answer);
    if (!isSuccess(answer)) throw refusal(answer, `GitLab did not list the deployments of project ${project}`);
    last = answer;
    const rows = rowsOf(answer);
    recent.push(...rows.filter((row) => !(Date.parse(row.created_at ?? '') < sinceMs)));
    if (rows.length < 100 || recent.length < page * 100) break;
  }
  return { rows: recent, answer: last };
}
