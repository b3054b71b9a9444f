import type { JsonAnswer } from '../../outbound/http.ts';
import type { Row } from './schema.ts';

/** How far our clock and GitLab's may differ. */
export const CLOCK_SKEW_MS = 5 * 60_000;
/** No request takes longer: `timeout_seconds` ends at 60. */
const LONGEST_REQUEST_MS = 60_000;

/** How long ago GitLab made the row, by its own clock, milliseconds. Undefined: it does not say. */
export function ageOf({ created_at }: Row, { headers }: JsonAnswer): number | undefined {
  const ms = Date.parse(String(headers['date'] ?? '')) - Date.parse(created_at ?? '');
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/**
 * False for a row that existed before this request: GitLab answers with it when our deployment equals it. Both times
 * are GitLab's.
 */
export function isNew(row: Row, answer: JsonAnswer, now: Date): boolean {
  if (row.deployable) return false;
  const dateMs = Date.parse(String(answer.headers['date'] ?? ''));
  const answeredMs = Number.isNaN(dateMs) ? now.getTime() - CLOCK_SKEW_MS : dateMs;
  const createdMs = Date.parse(row.created_at ?? '');
  return Number.isNaN(createdMs) || createdMs >= answeredMs - LONGEST_REQUEST_MS;
}
