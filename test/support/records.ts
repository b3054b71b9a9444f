import { ChangeRecord, type NewChangeRecord, recordId } from '../../src/domain/change-record.ts';

/** A change record with invented contents; say only what the test is about. */
export function aRecord(said: Partial<NewChangeRecord> = {}): ChangeRecord {
  const deployment = said.deployment ?? 'gitlab:git.harbor.example:7:job:1001';
  const state = said.state ?? 'succeeded';
  const occurredAt = said.occurredAt ?? '2026-03-14T20:50:00.000Z';
  return ChangeRecord.parse({
    id: recordId(deployment, state, said.signal ?? 'deployment hook', occurredAt),
    deployment,
    source: 'gitlab',
    instance: 'gitlab',
    signal: 'deployment hook',
    authoritative: true,
    state,
    environment: { name: 'production', tier: 'production' },
    service: 'lighthouse-api',
    occurredAt,
    receivedAt: '2026-03-14T20:50:01.000Z',
    ...said,
  });
}
