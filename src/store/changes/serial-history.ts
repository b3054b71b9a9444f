import type { Redis } from 'ioredis';
import type { ChangeRecord } from '../../domain/change-record.ts';
import { type SerialUpdate, updateSerial } from '../../domain/serial.ts';
import { Serial, type SerialResult } from '../../domain/serial-document.ts';
import { DAY_SECONDS } from '../../values/units.ts';
import { toJson } from '../json.ts';
import { keys } from '../keys.ts';
import { createScript } from '../script.ts';

/**
 * Finds deployments whose signals were lost, by gaps in the numbers that a tool gives them, and ends those that were
 * superseded (domain/serial.ts). Notifications may arrive in any order, twice, late or never.
 */
export interface SerialHistory {
  /**
   * Assigns the records of one signal to deployments, and returns records that follow from them. The same records give
   * the same result again.
   */
  assign(records: readonly ChangeRecord[]): Promise<Pick<SerialUpdate, 'results' | 'concluded'>>;
}

const replaceHistory = createScript('replace-history');

const MAX_CONTENTION = 1_000; // far above the number of workers: reaching it means a bug, not load

/**
 * After this many days without a notification a history expires. The next notification starts a new one.
 */
export function createSerialHistory(redis: Redis, keepDays: number): SerialHistory {
  const ttlSeconds = Math.ceil(keepDays * DAY_SECONDS);
  return {
    async assign(records) {
      const answers = new Map<ChangeRecord, SerialResult>();
      const concluded: ChangeRecord[] = [];
      for (const of of new Set(records.flatMap(({ history }) => history?.of ?? []))) {
        const ofHistory = records.filter(({ history }) => history?.of === of);
        const updated = await updateHistory({ redis, of, ttlSeconds }, ofHistory);
        updated.results.forEach((result, at) => {
          const record = ofHistory[at];
          if (record) answers.set(record, result);
        });
        concluded.push(...updated.concluded);
      }
      return { results: records.map((record) => answers.get(record) ?? { kind: 'assigned', record }), concluded };
    },
  };
}

interface HistoryKey {
  readonly redis: Redis;
  readonly of: string;
  readonly ttlSeconds: number;
}

async function updateHistory(
  { redis, of, ttlSeconds }: HistoryKey,
  records: readonly ChangeRecord[],
): Promise<SerialUpdate> {
  const key = keys.history(of);
  for (let round = 0; round < MAX_CONTENTION; round++) {
    const stored = await redis.get(key);
    const updated = updateSerial(stored === null ? undefined : Serial.parse(JSON.parse(stored)), records);
    if (await replaceHistory(redis, [key], stored ?? '', toJson(updated.serial), ttlSeconds)) return updated;
  }
  throw new Error(`the history of ${of} changed ${MAX_CONTENTION} times while it was written`);
}
