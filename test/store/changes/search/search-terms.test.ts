import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fold } from '../../../../src/domain/fold.ts';
import { subjectOf } from '../../../../src/forges/page-address.ts';
import { createTextMatch, packTerms, termsOf } from '../../../../src/store/changes/search/search-terms.ts';
import { aRecord } from '../../../support/records.ts';

const lamp = (message: string) => fold('job:1', [aRecord({ deployment: 'job:1', commit: { message } })]);

it('indexes everything of a text that a search can find', () => {
  const Letters = fc.string({
    unit: fc.constantFrom('a', 'B', 'q', 'ß', 'İ', 'Σ', '⛵', ' ', '\n', '\u00a0'),
    maxLength: 30,
  });
  fc.assert(
    fc.property(Letters, Letters, (message, text) => {
      const deployment = lamp(message);
      const packed = packTerms(deployment) ?? '';
      for (const wanted of [text, text.slice(0, 2), message.slice(3, 5)])
        expect(termsOf(wanted).every((word) => packed.includes(word))).toBe(createTextMatch(wanted)(deployment));
    }),
    { numRuns: 500 },
  );
});

it('finds a deployment by the id that its sender gave it', () => {
  const deployment = fold('job:1', [aRecord({ deployment: 'job:1', externalId: 'Nightly-4711' })]);
  expect(createTextMatch('nightly-4711')(deployment)).toBe(true);
  expect(packTerms(deployment)).toContain('nightly-4711');
});

it('indexes a word once, and not a prefix of another', () => {
  const packed = packTerms(lamp('foghorns Foghorn fog'));
  expect(packed?.match(/fog/g)).toHaveLength(1);
});

it('does not index a very long text', () => {
  const said = (words: number) => packTerms(lamp(Array.from({ length: words }, (_, at) => `page-${at}`).join(' ')));
  expect(said(300)).toContain('page-299');
  expect(said(900)).toBeUndefined();
  expect(packTerms(lamp('lamp '.repeat(3_000)))).toContain('lamp');
  expect(packTerms(lamp('lamp '.repeat(10_000)))).toBeUndefined();
});

it('matches the number of a merge request or run as a whole, and any other word as a part', () => {
  const finds = (message: string, text: string) => createTextMatch(text)(lamp(message));
  for (const word of ['!12', '#12', 'pipelines/12', 'pipelines/results/12', 'jobs/12', 'runs/12']) {
    expect(finds(`See harbor/lamp${word}.`, word)).toBe(true);
    expect(finds(`See harbor/lamp${word}3.`, word)).toBe(false);
    expect(finds(`See harbor/lamp${word}3 and harbor/lamp${word}`, word)).toBe(true);
    expect(packTerms(lamp(`harbor/lamp${word}3 harbor/lamp${word}`))).toMatch(`harbor/lamp${word}\n`);
  }
  expect(finds('lamp-123', 'lamp-12')).toBe(true);
});

it('matches a number with its repository for a pasted address', () => {
  const number = '12';
  const request = (repository: string) =>
    fold('job:1', [aRecord({ deployment: 'job:1', repository: { name: repository }, pullRequest: { number } })]);
  const pasted = subjectOf('https://gitlab.harbor.example/harbor/pay/-/merge_requests/12')?.text ?? '';
  for (const [repository, isMeant] of [
    ['harbor/pay', true],
    ['Harbor/Pay', true],
    ['harbor/pay-api', false],
    ['big-harbor/pay', false],
  ] as const) {
    expect(createTextMatch(pasted)(request(repository)), repository).toBe(isMeant);
    expect(createTextMatch('!12')(request(repository))).toBe(true);
  }
  expect(createTextMatch(pasted)(fold('job:1', [aRecord({ pullRequest: { number: '123' } })]))).toBe(false);
});
