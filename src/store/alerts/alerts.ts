import type { Redis } from 'ioredis';
import {
  ALERT_STATES,
  type Alert,
  type AlertReport,
  type AlertSelection,
  foldAlert,
  selectAlerts,
} from '../../domain/alert.ts';
import { DAY_MS, DAY_SECONDS } from '../../values/units.ts';
import { toJson } from '../json.ts';
import { keys } from '../keys.ts';
import { createScript } from '../script.ts';
import { parseStored } from '../stored.ts';
import { nowOf } from '../time.ts';

export interface AlertRetention {
  readonly days: number;
  readonly count: number;
}

/** The reported alerts, each once. */
export interface Alerts {
  /** @returns false where the alert was known in this state already */
  put(report: AlertReport): Promise<boolean>;
  get(id: string): Promise<Alert | undefined>;
  /** Those that match, by their beginning, the newest first, of the newest `MAX_LOOKED_AT` of the span. */
  list(selection: AlertSelection): Promise<readonly Alert[]>;
  /** @returns true for one caller alone: the others leave the note to it */
  claimNote(id: string): Promise<boolean>;
  /** The note was not written after all. */
  releaseNote(id: string): Promise<void>;
  /** Deletes alerts beyond the retention. */
  prune(): Promise<void>;
}

const putAlert = createScript('put-alert');
/** Reading them all takes some hundredths of a second. */
export const MAX_LOOKED_AT = 1_000;
/** Per run: the rest goes with the next run. */
const MAX_PRUNED = 1_000;

export function createAlerts(redis: Redis, retention: AlertRetention): Alerts {
  const ttlSeconds = Math.ceil((retention.days + 1) * DAY_SECONDS);
  return {
    async put(report) {
      const names = [keys.alert(report.id), keys.alerts(), keys.changesVersion(), keys.entryChanges()];
      const { state, id, startedAt, receivedAt } = report;
      const times = [Date.parse(startedAt), ttlSeconds, receivedAt];
      return (await putAlert(redis, names, state, toJson(report), id, ...times)) === 1;
    },
    get: async (id) => (await read(redis, [id]))[0],
    async list(selection) {
      const { sinceMs = '-inf', untilMs = '+inf' } = selection;
      const ids = await redis.zrevrangebyscore(keys.alerts(), untilMs, sinceMs, 'LIMIT', 0, MAX_LOOKED_AT);
      return selectAlerts(await read(redis, ids), selection);
    },
    claimNote: async (id) => (await redis.hsetnx(keys.alert(id), 'noted', '1')) === 1,
    async releaseNote(id) {
      await redis.hdel(keys.alert(id), 'noted');
    },
    async prune() {
      const before = (await nowOf(redis)) - retention.days * DAY_MS;
      const [old, count] = await Promise.all([
        redis.zrangebyscore(keys.alerts(), '-inf', `(${before}`, 'LIMIT', 0, MAX_PRUNED),
        redis.zcard(keys.alerts()),
      ]);
      const surplus = Math.min(MAX_PRUNED, count - retention.count);
      const oldest = surplus > 0 ? await redis.zrange(keys.alerts(), '0', String(surplus - 1)) : [];
      const ids = [...new Set([...old, ...oldest])];
      if (ids.length === 0) return;
      await redis.unlink(ids.map((id) => keys.alert(id)));
      await redis.zrem(keys.alerts(), ...ids);
    },
  };
}

/** Those of them that exist. */
async function read(redis: Redis, ids: readonly string[]): Promise<Alert[]> {
  const stored = await Promise.all(ids.map((id) => redis.hmget(keys.alert(id), ...ALERT_STATES, 'reported')));
  return stored.flatMap(
    ([firing, resolved, reported]) => foldAlert(parse(firing), parse(resolved), reported ?? undefined) ?? [],
  );
}

/** Written by put() alone. */
const parse = (json: string | null | undefined): AlertReport | undefined =>
  json ? (parseStored(json) as AlertReport) : undefined;
