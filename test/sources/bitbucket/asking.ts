import { ChangeRecord, type NewChangeRecord } from '../../../src/domain/change-record.ts';
import type { Deployment } from '../../../src/domain/deployment.ts';
import { fold } from '../../../src/domain/fold.ts';
import { bitbucket } from '../../../src/sources/bitbucket/index.ts';
import type { Mapped } from '../../../src/sources/mapped.ts';
import type { Webhook } from '../../../src/sources/received-webhook.ts';
import type { Source } from '../../../src/sources/source.ts';
import { BITBUCKET_TOKEN, type FakeBitbucket } from '../../support/fake-bitbucket.ts';

export const SECRET = 'a secret of the harbor';

export const sourceAt = (
  fake: Pick<FakeBitbucket, 'url'>,
  api: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
): Source =>
  bitbucket.parse({
    type: 'bitbucket',
    secrets: [SECRET],
    api: { url: fake.url, token: BITBUCKET_TOKEN, per_hour: 100_000, ...api },
    ...more,
  });

export const call = (now = '2026-03-02T16:30:00.000Z') => ({
  signal: new AbortController().signal,
  now: new Date(now),
  webhookAt: new Date('2026-03-02T16:29:00.000Z'),
});

/** Something that Bitbucket, or a step, sends. */
export interface Poke {
  readonly event?: string;
  readonly body: Record<string, unknown>;
}

export const statusPoke = (body: Record<string, unknown>): Poke => ({ event: 'repo:commit_status_updated', body });
export const spanPoke = (body: Record<string, unknown>): Poke => ({ event: 'pipeline:span_created', body });

export const toWebhook = ({ event }: Pick<Poke, 'event'>, receivedAt = '2026-03-02T16:29:00.000Z'): Webhook => ({
  id: 'in_1',
  method: 'POST',
  path: '/webhooks/bitbucket',
  headers: event === undefined ? {} : { 'x-event-key': event },
  body: Buffer.from(''),
  receivedAt: new Date(receivedAt),
});

/** What the worker does with a webhook: its records, and all that its lookups find. */
export async function heard(source: Source, poke: Poke): Promise<{ records: NewChangeRecord[]; answers: Mapped[] }> {
  const mapped = source.map(poke.body, toWebhook(poke));
  if (mapped.kind === 'ignored') return { records: [], answers: [mapped] };
  const answers: Mapped[] = [];
  for (const lookup of mapped.lookups ?? []) {
    const answer = await source.resolve?.(lookup, call());
    if (answer) answers.push(answer);
  }
  const found = answers.flatMap((answer) => (answer.kind === 'records' ? answer.records : []));
  return { records: [...mapped.records, ...found], answers };
}

/** The deployments that all these add up to, by key. */
export function deploymentsOf(records: readonly NewChangeRecord[]): Deployment[] {
  const parsed = new Map(records.map((record) => [record.id, ChangeRecord.parse(record)]));
  const keys = [...new Set([...parsed.values()].map(({ deployment }) => deployment))].sort();
  return keys.map((key) =>
    fold(
      key,
      [...parsed.values()].filter(({ deployment }) => deployment === key),
    ),
  );
}
