import type { Backlog } from '../queue/queues.ts';
import type { Hold } from '../queue/sink-gate.ts';
import type { Inbox } from '../store/inbox/inbox.ts';
import { HOUR_MS } from '../values/units.ts';
import { sourceLabel } from './parts/inbox-labels.tsx';

/** Problems that every page shows. */
export interface Trouble {
  readonly deadLetters: number;
  /** Sinks that are on hold. */
  readonly held: number;
  /** Other sinks whose last attempt failed. */
  readonly failing: number;
  /** Sources of which a webhook was refused within the last hour. */
  readonly refusing: readonly string[];
}

/** Older rejections may be of a setting that was repaired. */
const REFUSED_WITHIN_MS = HOUR_MS;
/** Entries of refusals that are read; each is one sender and one cause. */
const LOOKED_AT = 100;

export interface TroubleParts {
  readonly backlog: () => Promise<Readonly<Record<string, Backlog>>>;
  readonly holds: () => Readonly<Record<string, Hold>>;
  readonly failures: () => Readonly<Record<string, string>>;
  readonly inbox: Pick<Inbox, 'list'>;
}

export async function troubleOf({ backlog, holds, failures, inbox }: TroubleParts, now: Date): Promise<Trouble> {
  const [queues, refused] = await Promise.all([
    backlog(),
    inbox.list({ limit: LOOKED_AT, offset: 0, only: 'refusals' }),
  ]);
  const fresh = refused.entries.filter(
    ({ verdict, receivedAt }) => verdict === 'rejected' && now.getTime() - Date.parse(receivedAt) < REFUSED_WITHIN_MS,
  );
  const held = holds();
  return {
    deadLetters: Object.values(queues).reduce((sum, { dead }) => sum + dead, 0),
    held: Object.keys(held).length,
    failing: Object.keys(failures()).filter((name) => !(name in held)).length,
    refusing: [...new Set(fresh.map(sourceLabel))].sort(),
  };
}
