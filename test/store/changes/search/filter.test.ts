import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHANGE_FILTER, readChangeFilter, toChangeFilter } from '../../../../src/store/changes/search/filter.ts';
import { filterOf, reachOf, readChangesQuery, usualRangeOf } from '../../../../src/web/changes-query.ts';

const now = new Date('2026-03-14T21:00:00.000Z');
const filter = (asked: object) => toChangeFilter(readChangeFilter(asked).query, now);

describe('the filter of the change log', () => {
  it.each([
    ['2h', '2026-03-14T19:00:00.000Z'],
    ['2026-03-14', '2026-03-14T00:00:00.000Z'],
    ['2026-03-14T20:00', '2026-03-14T20:00:00.000Z'],
    ['2026-03-14T20:00:00+01:00', '2026-03-14T19:00:00.000Z'],
  ])('reads the moment %s', (since, at) => {
    expect(filter({ since }).sinceMs).toBe(Date.parse(at));
  });

  it('accepts the ends of a span in either order, on the page and in the API', () => {
    const [early, late] = ['2026-03-10T00:00:00Z', '2026-03-12T00:00:00Z'];
    const span = { facets: {}, sinceMs: Date.parse(early), untilMs: Date.parse(late) - 1 };
    expect(filter({ since: early, until: late })).toEqual(span);
    expect(filter({ since: late, until: early })).toEqual(span);
    const page = readChangesQuery({ from: late, to: early }, now);
    expect(filterOf(page, reachOf(page, now, 'all'), now)).toEqual(span);
  });

  it.each([
    ['status', 'broken', 'write pending, running, succeeded, failed, canceled or stale'],
    ['commit_sha', 'main', 'write a commit, or its first 7 digits or more'],
    ['since', 'lately', 'write 90m, 12h, 2d, 03:00 (UTC), yesterday or 2026-03-14T20:00:00Z'],
    ['service', 'x'.repeat(301), 'write at most 300 characters'],
    ['person', ['mira', 'jonas'], 'write it once'],
  ])('explains what is wrong with %s, and keeps the rest', (field, value, message) => {
    const { query, problems } = readChangeFilter({ environment: 'staging', [field]: value });
    expect(problems).toEqual([{ field, message }]);
    expect(query).toMatchObject({ environment: 'staging' });
    expect(query).not.toHaveProperty(field);
  });

  it.each([
    ['status', 'Failed', 'status', 'failed'],
    ['status', 'success', 'status', 'succeeded'],
    ['status', 'cancelled', 'status', 'canceled'],
    ['status', 'In progress', 'status', 'running'],
    ['tier', 'PROD', 'tier', 'production'],
    ['tier', 'stage', 'tier', 'staging'],
    ['risk', 'HIGH', 'risk', 'high'],
    ['change_type', 'roll-back', 'type', 'rollback'],
    ['change_type', 'feature flag', 'type', 'feature_flag'],
  ])('reads %s %j as people write it', (field, typed, facet, value) => {
    expect(filter({ [field]: typed }).facets).toEqual({ [facet]: value });
  });

  it('takes stale for a state: what has not ended, and should have by now', () => {
    const selection = { facets: { status: ['pending', 'running'] }, staleAt: now.toISOString() };
    expect(filter({ status: 'Stale' })).toEqual(selection);
    expect(usualRangeOf(readChangesQuery({ status: 'stale' }, now))).toBe('all');
  });

  it('accepts a commit of a SHA-256 repository', () => {
    const sha = 'ab12'.repeat(16);
    expect(filter({ commit_sha: sha }).facets).toEqual({ commit: sha });
  });

  it('ignores empty form fields', () => {
    const empty = Object.fromEntries(Object.keys(CHANGE_FILTER).map((name) => [name, ' ']));
    expect(filter(empty)).toEqual({ facets: {} });
  });

  it('reads anything without an error', () => {
    const asked = fc.dictionary(fc.constantFrom(...Object.keys(CHANGE_FILTER)), fc.anything());
    fc.assert(
      fc.property(asked, (given) => {
        expect(() => toChangeFilter(readChangeFilter(given).query, now)).not.toThrow();
      }),
    );
  });
});
