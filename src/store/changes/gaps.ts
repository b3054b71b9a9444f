import type { Redis } from 'ioredis';
import type { ChangeRecord } from '../../domain/change-record.ts';
import { type Placed, place } from '../../domain/serial.ts';
import { type Placing, Serial } from '../../domain/serial-document.ts';
import { toJson } from '../json.ts';
import { keys } from '../keys.ts';
import { createScript } from '../script.ts';

/**
 * Finds the deployments whose signals were lost, by the numbers that a tool gives them, and ends those that others
 * overtook (domain/serial.ts). Notifications come in any order, twice, late or never.
 */
export interface Gaps {
  /** Where the records of one signal belong, and what follows from them. The same records again are the same answer. */
  place(records: readonly ChangeRecord[]): Promise<Pick<Placed, 'placings' | 'concluded'>>;
}

const replaceHistory = createScript('replace-history');

const SECONDS_A_DAY = 86_400;
const MAX_CONTENTION = 1_000; // far above the number of workers: reaching it means a bug, not load

/**
 * What is forgotten after so many days begins anew with its next notification, as an application that was never seen.
 */
export function createGaps(redis: Redis, keepDays: number): Gaps {
  const ttlSeconds = Math.ceil(keepDays * SECONDS_A_DAY);
  return {
    async place(records) {
      const answers = new Map<ChangeRecord, Placing>();
      const concluded: ChangeRecord[] = [];
      for (const of of new Set(records.flatMap(({ history }) => history?.of ?? []))) {
        const theirs = records.filter(({ history }) => history?.of === of);
        const placed = await placeIn({ redis, of, ttlSeconds }, theirs);
        placed.placings.forEach((placing, at) => {
          const record = theirs[at];
          if (record) answers.set(record, placing);
        });
        concluded.push(...placed.concluded);
      }
      return { placings: records.map((record) => answers.get(record) ?? { kind: 'placed', record }), concluded };
    },
  };
}

interface Place {
  readonly redis: Redis;
  readonly of: string;
  readonly ttlSeconds: number;
}

async function placeIn({ redis, of, ttlSeconds }: Place, records: readonly ChangeRecord[]): Promise<Placed> {
  const key = keys.history(of);
  for (let round = 0; round < MAX_CONTENTION; round++) {
    const stored = await redis.get(key);
    const placed = place(stored === null ? undefined : Serial.parse(JSON.parse(stored)), records);
    if (await replaceHistory(redis, [key], stored ?? '', toJson(placed.serial), ttlSeconds)) return placed;
  }
  throw new Error(`the history of ${of} changed ${MAX_CONTENTION} times while it was written`);
}
