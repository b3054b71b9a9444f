import type { Redis } from 'ioredis';
import { emptyHour, HOURS_KEPT, type Hour } from '../../domain/hours.ts';
import { HOUR_MS } from '../../values/units.ts';
import { keys } from '../keys.ts';

/** For each source the hours in which something came, oldest first. */
export type SourceHours = ReadonlyMap<string, readonly Hour[]>;

/** In the format of the scripts (includes/count-webhook.lua). The name of a source may hold spaces. */
const FIELD = /^(\d{4}-\d\d-\d\dT\d\d) (taken|ignored|refused) (.+)$/s;

export async function readHours(redis: Redis, now: Date): Promise<SourceHours> {
  const oldest = oldestOf(now);
  const bySource = new Map<string, Map<number, Hour>>();
  for (const [field, count] of Object.entries(await redis.hgetall(keys.inboxHours()))) {
    const [, hour = '', kind = '', source = ''] = FIELD.exec(field) ?? [];
    if (hour < oldest) continue;
    const atMs = Date.parse(`${hour}:00:00Z`);
    const hours = bySource.get(source) ?? new Map<number, Hour>();
    bySource.set(source, hours.set(atMs, { ...(hours.get(atMs) ?? emptyHour(atMs)), [kind]: Number(count) }));
  }
  return new Map([...bySource].map(([source, hours]) => [source, [...hours.values()].sort((a, b) => a.atMs - b.atMs)]));
}

export async function pruneHours(redis: Redis, now: Date): Promise<void> {
  const oldest = oldestOf(now);
  const expired = (await redis.hkeys(keys.inboxHours())).filter((field) => field < oldest);
  if (expired.length > 0) await redis.hdel(keys.inboxHours(), ...expired);
}

/** Fields begin with the hour, and sort by it. */
const oldestOf = (now: Date): string => new Date(now.getTime() - HOURS_KEPT * HOUR_MS).toISOString().slice(0, 13);
