import { describe, expect, it } from 'vitest';
import { ResolveFailed } from '../../src/domain/errors.ts';
import { createResolve } from '../../src/recording/resolve.ts';
import type { Mapped } from '../../src/sources/mapped.ts';
import type { Source } from '../../src/sources/source.ts';
import { ACCOUNT_ID_NOTE } from '../../src/values/account-id.ts';
import { anyFacts } from '../support/contracts.ts';
import { aRecord } from '../support/records.ts';

const clock = () => new Date('2026-03-14T21:00:00Z');

/** A source whose API answers each lookup by its `id`. */
const source = (answers: Record<string, Mapped | Error>): Source => ({
  ...anyFacts('gitlab'),
  name: 'gitlab',
  recipe: async () => ({ steps: [] }),
  secrets: [],
  maxBodyBytes: 1,
  verify: () => {},
  isProvedBy: () => true,
  map: () => ({ kind: 'records', records: [] }),
  sample: () => ({ path: '', headers: {}, body: '' }),
  async resolve({ id = '' }) {
    const answer = answers[id];
    if (!answer || answer instanceof Error) throw answer ?? new Error('asked for something else');
    return answer;
  },
});

describe("lookups in the tool's API", () => {
  it('combine all results', async () => {
    const found = { kind: 'records', records: [aRecord()] } as const;
    const resolve = createResolve([source({ a: found, b: found })], clock);
    expect((await resolve({ source: 'gitlab', lookups: [{ id: 'a' }, { id: 'b' }] })).records).toHaveLength(2);
  });

  it('continue without an unanswered one, and name it', async () => {
    const away = new ResolveFailed('GitLab gives no answer', { retry: 'backoff' });
    const resolve = createResolve([source({ a: away, b: { kind: 'records', records: [aRecord()] } })], clock);
    const { records, unanswered } = await resolve({ source: 'gitlab', lookups: [{ id: 'a' }, { id: 'b' }] });
    expect(records).toHaveLength(1);
    expect(unanswered).toBe(away);
  });

  it('report why a response yielded no record', async () => {
    const ignored = { kind: 'ignored', reason: 'not_started', detail: 'Nobody has pressed the button.' } as const;
    expect(
      (await createResolve([source({ a: ignored })], clock)({ source: 'gitlab', lookups: [{ id: 'a' }] })).ignored,
    ).toEqual(ignored);
  });

  it('are not retried if the token was removed from the configuration', async () => {
    const { unanswered } = await createResolve([], clock)({ source: 'gitlab', lookups: [{ id: 'a' }] });
    expect(unanswered?.retry).toBe('never');
  });

  it('are repeated later if the response is incomplete', async () => {
    const half = { kind: 'records', records: [aRecord()], lookups: [{ id: 'a' }] } as const;
    const { records, unanswered } = await createResolve(
      [source({ a: half })],
      clock,
    )({
      source: 'gitlab',
      lookups: [{ id: 'a' }],
    });
    expect(records).toHaveLength(1);
    expect(unanswered?.retry).toMatchObject({ hold: 'job' });
  });

  it('do not hide a bug', async () => {
    await expect(createResolve([source({})], clock)({ source: 'gitlab', lookups: [{ id: 'a' }] })).rejects.toThrow(
      'something else',
    );
  });

  it('replace an account id by a name if a tool knows the account', async () => {
    const actor = '{9484702e-c663-4afd-aefb-c93a8cd31c28}';
    const told = aRecord({ actor, notes: [ACCOUNT_ID_NOTE, 'kept'] });
    const knows = { ...source({}), personName: async (id: string) => (id === actor ? 'Mira Okafor' : undefined) };
    const ask = async (...sources: Source[]) =>
      (await createResolve(sources, clock)({ source: 'gitlab', records: [told] })).fromWebhook;
    expect(await ask(source({}), knows)).toEqual([{ ...told, actor: 'Mira Okafor', notes: ['kept'] }]);
    expect(await ask(source({}))).toEqual([told]);
  });
});
