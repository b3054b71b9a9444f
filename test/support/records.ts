import { ChangeRecord, type NewChangeRecord, recordId } from '../../src/domain/change-record.ts';
import { fold } from '../../src/domain/fold.ts';
import { route } from '../../src/domain/rules/routing.ts';
import type { DeploymentView } from '../../src/domain/view.ts';
import type { BuiltView } from '../../src/store/changes/deployments.ts';

const HEARD_AT = '2026-03-14T20:50:01.000Z';

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
    receivedAt: occurredAt > HEARD_AT ? occurredAt : HEARD_AT,
    ...said,
  });
}

/** What is judged by nothing but itself. */
export const alone = (view: DeploymentView): BuiltView => ({ view, before: { at: HEARD_AT, limit: 0 }, earlier: [] });

/** What a bridge without rules makes of the records of one deployment. */
export const plainView = (key: string, records: readonly ChangeRecord[]): DeploymentView => ({
  ...route(fold(key, records), []),
  lineage: key,
  heardAt: records.at(-1)?.receivedAt ?? '',
});
