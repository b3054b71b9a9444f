import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addressOf, type ChangesQuery, readChangesQuery } from '../../src/web/changes-query.ts';
import { createSuggest } from '../../src/web/suggestions.ts';
import { memoryDeployments, step } from './stores.ts';

const now = new Date('2026-05-04T12:00:00.000Z');
const aName = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }).map((text) => `lamp ${text} #1/2`.trim());
const aQuery = fc.record(
  {
    text: aName,
    environment: aName,
    service: aName,
    person: aName,
    owner: aName,
    tag: aName,
    from: fc.integer({ min: 1, max: 1e12 }),
  },
  { requiredKeys: [] },
);
const readAddress = (address: string): ChangesQuery => {
  const { problems: _, ...query } = readChangesQuery(
    Object.fromEntries(new URL(address, 'http://shiplog.example').searchParams),
    now,
  );
  return query;
};
const withoutNothing = (query: object) =>
  Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));

it('leads from an address to the page that it is made of, whatever is changed', () => {
  fc.assert(
    fc.property(aQuery, aQuery, fc.integer({ min: 1, max: 9 }), (asked, changed, page) => {
      const query: ChangesQuery = { page: 3, range: '7d', ...asked };
      const { range, ...rest } = { ...query, ...changed };
      const whole = { ...rest, page, ...(rest.from === undefined && { range }) };
      expect(withoutNothing(readAddress(addressOf(query, { ...changed, page })))).toEqual(withoutNothing(whole));
      expect(readAddress(addressOf(query, changed)).page).toBe(1);
    }),
    { numRuns: 60 },
  );
  const query: ChangesQuery = { page: 1, service: 'pay-api', environment: 'production' };
  expect(addressOf(query, { service: undefined, to: 0 })).toBe('/?environment=production&to=1970-01-01T00:00:00.000Z');
  expect(addressOf(query, { service: undefined, environment: undefined })).toBe('/');
});

it('suggests names, read again after half a minute, and at once while there are few', async () => {
  let nowMs = 0;
  let count = 1;
  const names = () =>
    Array.from({ length: count }, (_, at) => step({ deployment: `job:${at}`, service: `pay-${at % 7}` }));
  const suggest = createSuggest({ list: (filter) => memoryDeployments(names()).list(filter) }, () => nowMs);
  expect((await suggest()).service).toEqual(['pay-0']);
  count = 2;
  expect((await suggest()).service).toEqual(['pay-0', 'pay-1']);
  count = 203;
  expect((await suggest()).service).toHaveLength(7);
  count = 3;
  expect((await suggest()).service).toHaveLength(7);
  nowMs = 30_000;
  expect((await suggest()).service).toHaveLength(3);
});
