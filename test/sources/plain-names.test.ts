import { describe, expect, it } from 'vitest';
import { AnySource } from '../../src/sources/index.ts';
import { namingPlainly } from '../../src/sources/plain-names.ts';

const SOURCE = namingPlainly(AnySource.parse({ type: 'changes-api', secrets: ['a-secret-of-24-characters'] }));

function namesOf(fields: object) {
  const body = Buffer.from(JSON.stringify({ summary: 's', ...fields }));
  const webhook = { id: 'w', method: 'POST', path: '/api/v1/changes', headers: {}, body, receivedAt: new Date(0) };
  const mapped = SOURCE.map(JSON.parse(body.toString()), webhook);
  const [record] = mapped.kind === 'records' ? mapped.records : [];
  return [record?.service, record?.environment.name];
}

describe('the name of a service or an environment', () => {
  it.each([
    ['re\u0301gion', 'r\u00e9gion'],
    ['\u200bstaging', 'staging'],
    ['sta\u00adging', 'staging'],
    ['prod\u00a0eu', 'prod eu'],
  ])('%j is %j', (written, name) => {
    expect(namesOf({ service: written, environment: written })).toEqual([name, name]);
  });

  it.each(['Staging', 'staging', 'prod/eu', '\ud83d\udc69\u200d\ud83d\ude80', '\u0645\u06cc\u200c\u062e', '\u200b'])(
    '%j stays as it is',
    (name) => {
      expect(namesOf({ service: name, environment: name })).toEqual([name, name]);
    },
  );
});
