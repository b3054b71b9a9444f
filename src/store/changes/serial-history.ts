import type { Redis } from 'ioredis';
import type { ChangeRecord } from '../../domain/change-record.ts';
import { type SerialUpdate, updateSerial } from '../../domain/serial.ts';
import { Serial, type SerialResult } from '../../domain/serial-document.ts';
import { toJson } from '../json.ts';
import { keys } from '../keys.ts';
import { createScript } from '../script.ts';

/**
 * Finds the deployments whose signals were lost, by the numbers that a tool gives them, and ends those that others
 * superseded (domain/serial.ts). Notifications come in any order, twice, late or never.
 */
export interface SerialHistory {
  /**
   * The deployments to which the records of one signal belong, and what follows from them. The same records give the
   * same answer again.
   */
  assign(records: readonly ChangeRecord[]): Promise<Pick<SerialUpdate, 'results' | 'concluded'>>;
}

const replaceHistory = createScript('replace-history');

const SECONDS_A_DAY = 86_400;
const MAX_CONTENTION = 1_000; // far above the number of workers: reaching it means a bug, not load

/**
 * A history that has expired after this many days begins again with its next notification, as that of a new
 * application.
 */
export function createSerialHistory(redis: Redis, keepDays: number): SerialHistory {
  const ttlSeconds = Math.ceil(keepDays * SECONDS_A_DAY);
  return {
    async assign(records) {
      const answers = new Map<ChangeRecord, SerialResult>();
      const concluded: ChangeRecord[] = [];
      for (const of of new Set(records.flatMap(({ history }) => history?.of ?? []))) {
        const ofHistory = records.filter(({ history }) => history?.of === of);
        const placed = await updateHistory({ redis, of, ttlSeconds }, ofHistory);
        placed.results.forEach((placing, at) => {
          const record = ofHistory[at];
          if (record) answers.set(record, placing);
        });
        concluded.push(...placed.concluded);
      }
      return { results: records.map((record) => answers.get(record) ?? { kind: 'placed', record }), concluded };
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
    const placed = updateSerial(stored === null ? undefined : Serial.parse(JSON.parse(stored)), records);
    if (await replaceHistory(redis, [key], stored ?? '', toJson(placed.serial), ttlSeconds)) return placed;
  }
  throw new Error(`the history of ${of} changed ${MAX_CONTENTION} times while it was written`);
}
