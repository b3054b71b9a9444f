import { describe, expect, it } from 'vitest';
import type { NewChangeRecord } from '../../src/domain/change-record.ts';
import { AnySource } from '../../src/sources/index.ts';
import { namingUnfilled } from '../../src/sources/unfilled.ts';

const AT = new Date('2026-03-14T21:00:00Z');
const plain = AnySource.parse({ type: 'gitlab', name: 'gitlab', secrets: ['a-secret-of-24-characters'] });
const sample = plain.sample(AT);
const webhook = { id: 'w', method: 'POST', ...sample, body: Buffer.from(sample.body), receivedAt: AT };
const mapped = plain.map(JSON.parse(sample.body), webhook);
const [known] = mapped.kind === 'records' ? mapped.records : [];

/** The notes on a record of any source that says this. */
function notesOn(said: Partial<NewChangeRecord>) {
  if (!known) throw new Error('the sample reports one');
  const record = { ...known, ...said };
  const source = namingUnfilled({ ...plain, map: () => ({ kind: 'records', records: [record] }) });
  const named = source.map({}, webhook);
  return named.kind === 'records' ? named.records[0]?.notes?.filter((note) => note.startsWith('variables')) : [];
}

describe('a variable that nobody filled in', () => {
  it.each([
    ['Deployed $CI_PROJECT_NAME @ 1.4', '$CI_PROJECT_NAME'],
    ['Deployed ${CI_PROJECT_NAME:-pay} @ 1.4', '${CI_PROJECT_NAME:-pay}'],
    ['Deployed ${{ github.repository }}', '${{ github.repository }}'],
    ['Deployed $(Build.Repository.Name)', '$(Build.Repository.Name)'],
    ['Deployed {{.app.metadata.name}} to prod', '{{.app.metadata.name}}'],
    ['Deployed <no value> to prod', '<no value>'],
    ['Deployed %PROJECT% to prod', '%PROJECT%'],
    ['Deployed %build.number%', '%build.number%'],
    ['%WHERE%', '%WHERE%'],
  ])('is named in a note: %s', (summary, variable) => {
    expect(notesOn({ summary })?.join()).toContain(`${variable} in summary`);
  });

  it('is looked for in all that a pipeline composes, in one note', () => {
    expect(notesOn({ environment: { name: 'review/$CI_COMMIT_REF_SLUG' }, service: 'pay-{{tier}}' })).toEqual([
      'variables that were not filled in: {{tier}} in service, $CI_COMMIT_REF_SLUG in environment',
    ]);
  });

  it.each([
    ...['Saves 5 $ a day', 'US$ and $ALL', 'Costs $20_000', 'A regular expression: ^x$', '100% of 50%', '<none>'],
    ...['see https://harbor.example/a%20b%20c%C3%A9%2Fd', 'if a<b and c>d', '{"a":{"b":1}}', 'f(){}'],
  ])('is not seen in other texts: %s', (summary) => {
    expect(notesOn({ summary })).toEqual([]);
  });

  it('may be quoted by a commit message', () => {
    expect(notesOn({ commit: { title: 'Read $CI_COMMIT_TAG', message: 'Read ${{ inputs.tag }}' } })).toEqual([]);
  });
});
