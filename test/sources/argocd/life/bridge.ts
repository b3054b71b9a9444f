import { ChangeRecord } from '../../../../src/domain/change-record.ts';
import { fold } from '../../../../src/domain/fold.ts';
import { updateSerial } from '../../../../src/domain/serial.ts';
import type { Serial } from '../../../../src/domain/serial-document.ts';
import { createSource, createWebhook } from '../support.ts';
import type { End } from './reference.ts';

/** What the worker does with notifications, one after the other, without a store. */
export function createBridge(config: object = {}) {
  const source = createSource(config);
  const known = new Map<string, Map<string, ChangeRecord>>();
  let serial: Serial | undefined;
  const add = (record: ChangeRecord) => {
    const records = known.get(record.deployment) ?? new Map<string, ChangeRecord>();
    if (!records.has(record.id)) records.set(record.id, record);
    known.set(record.deployment, records);
  };
  return {
    tell(payload: unknown, receivedAt: string) {
      const mapped = source.map(payload, createWebhook({ receivedAt: new Date(receivedAt) }));
      const said = mapped.kind === 'records' ? mapped.records : (mapped.hints ?? []);
      if (said.length === 0) return;
      const records = said.map((record) => ChangeRecord.parse(record));
      const placed = updateSerial(serial, records);
      serial = JSON.parse(JSON.stringify(placed.serial)); // as it comes back from Redis
      for (const result of placed.results) if (result.kind === 'assigned') add(result.record);
      for (const record of placed.concluded) add(record);
    },
    deployments: () => [...known].map(([key, records]) => fold(key, [...records.values()])),
    /** How each deployment ended, by when it began and what it deployed. */
    ends(): Record<string, End> {
      const lines = this.deployments().map(({ startedAt = '', commit, state, endReason }) => {
        const end = endReason === 'superseded' ? 'superseded' : (state as End); // nothing here waits
        return [nameOf(startedAt, commit?.sha ?? ''), end] as const;
      });
      return Object.fromEntries(lines.toSorted(([a], [b]) => (a < b ? -1 : 1)));
    },
  };
}

export const nameOf = (start: string, commit: string) => `${start.replace('.000Z', 'Z')} ${commit.replace(/^a+/, '#')}`;
