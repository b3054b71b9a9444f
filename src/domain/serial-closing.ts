import { type ChangeRecord, recordId } from './change-record.ts';
import type { Serial, Start } from './serial-document.ts';

/** The deployment that replaced another one, and when. */
interface Supersession {
  readonly at: number;
  /** The start of the one that did; absent: the application itself was deleted. */
  readonly start?: number;
}

/**
 * The ends of deployments that were not reported as ended before the next one replaced them. Returned again with each
 * signal of either: the worker may have been killed before it wrote them.
 */
export function closingsOf(serial: Serial, asked: readonly ChangeRecord[]): ChangeRecord[] {
  const base = asked[0];
  const startsAsked = new Set(asked.flatMap(({ startedAt }) => (startedAt ? [Date.parse(startedAt)] : [])));
  const isGoing = asked.some(({ history }) => history?.endedAt);
  if (!base) return [];
  return serial.starts.flatMap((start) => {
    const overtaking = start.told === 'open' ? overtakingOf(serial, start) : undefined;
    if (!overtaking) return [];
    const isAsked = startsAsked.has(start.at) || startsAsked.has(overtaking.start ?? -1);
    return isAsked || (isGoing && overtaking.start === undefined) ? [closing(start, overtaking.at, base)] : [];
  });
}

function overtakingOf(serial: Serial, start: Start): Supersession | undefined {
  const later = serial.starts
    .filter((other) => !other.aside && other.at > start.at)
    .map(({ at }) => ({ at, start: at }));
  const read = serial.entries.flatMap(({ start: at }) =>
    at !== undefined && at > start.at ? [{ at, start: at }] : [],
  );
  const retried = serial.starts
    .filter((other) => other !== start && other.at === start.at && isAfter(other, start))
    .map(({ at, seen = at }) => ({ at: Math.max(seen, at), start: at }));
  const ended = serial.ended === undefined ? [] : [{ at: Math.max(serial.ended, start.at) }];
  const all: readonly Supersession[] = [...later, ...read, ...retried, ...ended];
  return all.toSorted((a, b) => a.at - b.at)[0];
}

/** Of two revisions of one start, the one that was tried later. */
function isAfter(a: Start, b: Start): boolean {
  const tries = (a.attempt ?? 0) - (b.attempt ?? 0);
  return tries === 0 ? (a.seen ?? 0) > (b.seen ?? 0) : tries > 0;
}

/** Nothing is known of it but that it is over: anything that was reported of it outweighs this entry. */
function closing(start: Start, overAt: number, base: ChangeRecord): ChangeRecord {
  const { source, instance, environment, service, repository, receivedAt, webhook, witness, history } = base;
  const at = new Date(overAt).toISOString();
  return {
    id: recordId(start.key, 'canceled', 'superseded', at),
    deployment: start.key,
    aliases: [],
    source,
    instance,
    signal: `${source} succession`,
    authoritative: false,
    state: 'canceled',
    endReason: 'superseded',
    changeType: 'deployment',
    environment,
    service,
    startedAt: new Date(start.at).toISOString(),
    occurredAt: at,
    finishedAt: at,
    receivedAt,
    artifacts: [],
    paths: [],
    tags: [],
    notes: [],
    ...(repository && { repository }), // by it the deployment is found that it was joined with
    ...(witness && { witness }),
    ...(webhook && { webhook }),
    ...(history && { history: { of: history.of, recovered: true } }),
  };
}
