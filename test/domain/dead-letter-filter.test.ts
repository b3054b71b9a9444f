import { describe, expect, it } from 'vitest';
import { DeadLetterFields, isFiltered, toDeadLetterFilter } from '../../src/domain/dead-letter-filter.ts';
import { DeadLetterOrder } from '../../src/web/dead-letter-query.ts';

const now = new Date('2026-03-14T20:00:00.000Z');

describe('the filter of dead letters', () => {
  it('accepts times as people write them', () => {
    const fields = DeadLetterFields.parse({ sink: ' alert24 ', since: '90m', until: '2026-03-14T19:00:00Z' });
    expect(toDeadLetterFilter(fields, now)).toEqual({
      sink: 'alert24',
      sinceMs: Date.parse('2026-03-14T18:30:00Z'),
      untilMs: Date.parse('2026-03-14T19:00:00Z'),
    });
  });

  it.each([
    { sink: '' },
    { reason: '  ' },
    { kind: 'nobodys' },
    { since: 'soon' },
    { until: '1' },
    { sink: ['a', 'b'] },
    { sinks: 'alert24' },
    { id: 'x'.repeat(1_001) },
  ])('refuses %j, which would select all if it were ignored', (asked) => {
    expect(DeadLetterFields.safeParse(asked).success).toBe(false);
  });

  it('counts every part except the end as a filter, and an empty form as none: both would select all', () => {
    for (const part of ['id', 'sink', 'source', 'deployment', 'kind', 'reason', 'since'])
      expect(isFiltered({ [part]: 'x' })).toBe(true);
    expect(isFiltered({})).toBe(false);
    expect(isFiltered({ until: '0m' })).toBe(false);
    expect(DeadLetterOrder.safeParse({ until: '0m' }).success).toBe(false);
    expect(DeadLetterOrder.safeParse({ sink: '', reason: ' ' }).success).toBe(false);
    expect(DeadLetterOrder.safeParse({ sink: '', all: '1' }).success).toBe(true);
  });
});
