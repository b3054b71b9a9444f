import { type ChangeRecord, digest, recordId } from './change-record.ts';
import { isFinal } from './deployment.ts';
import type { Entry, Serial, SerialResult, Start } from './serial-document.ts';

/** A record in the terms of the document. Times are epoch milliseconds. */
interface SerialRequest {
  readonly key: string;
  readonly id?: number;
  readonly start?: number;
  /** When it ended. */
  readonly at?: number;
  readonly after?: number;
  readonly told: Start['told'];
  readonly rev?: string;
  readonly attempt: number;
}

function askOf({ deployment, history, state, startedAt, finishedAt, occurredAt }: ChangeRecord): SerialRequest {
  const { id, after, appliedAt, revision, attempt = 0 } = history ?? {};
  const ended = finishedAt ?? (isFinal(state) ? occurredAt : undefined);
  const at = appliedAt ?? ended;
  const isDone = state === 'succeeded' || id !== undefined;
  return {
    key: deployment,
    told: isFinal(state) ? (isDone ? 'done' : 'over') : 'open',
    attempt,
    ...(id !== undefined && { id }),
    ...(startedAt && { start: Date.parse(startedAt) }),
    ...(at && { at: Date.parse(at) }),
    ...(after && { after: Date.parse(after) }),
    ...(revision && { rev: revision }),
  };
}

/** A retry may deploy another revision under the same start: that is another deployment. */
function findStart(serial: Serial, { start, rev }: Pick<SerialRequest, 'start' | 'rev'>): Start | undefined {
  const same = serial.starts.filter(({ at }) => at === start);
  if (rev === undefined) return same[0];
  return same.find((one) => one.rev === rev) ?? same.find((one) => one.rev === undefined);
}

/** A step that was moved to another deployment keeps its id, and its own key stays an alias. */
function placed(record: ChangeRecord, key: string): SerialResult {
  if (key === record.deployment) return { kind: 'placed', record };
  const { id, state, aliases, deployment } = record;
  return {
    kind: 'placed',
    record: { ...record, id: recordId(key, state, id), deployment: key, aliases: [...aliases, deployment] },
  };
}

/** The deployment to which a signal about a deployment itself belongs. */
export function reported(serial: Serial, record: ChangeRecord): SerialResult {
  const ask = askOf(record);
  const start = ask.start === undefined ? undefined : findStart(serial, ask);
  const isKnown = start !== undefined || readFor(serial, ask) !== undefined;
  if (record.history?.late && !isKnown) return { kind: 'too_old' };
  let entry = serial.entries.find(({ id }) => id === ask.id && id !== undefined);
  let name = start?.key ?? keyFor(serial, ask);
  if (entry && !isSame(entry, ask)) {
    delete entry.key;
    delete entry.start;
    delete entry.at;
  }
  if (ask.told === 'over' && start?.id !== undefined) {
    delete start.id;
    name = ask.key;
  }
  if (ask.told === 'open' && ask.id === undefined && !start && ask.start !== undefined) {
    entry = unclaimedBy(serial, ask.start);
  }
  name = entry?.key ?? name;
  if (ask.id !== undefined) {
    entry ??= insert(serial.entries, { id: ask.id, told: 'open' }, byId);
    Object.assign(entry, { key: name, start: ask.start, at: entry.at ?? ask.at, rev: ask.rev ?? entry.rev });
    if (ask.told !== 'open') entry.told = 'done';
  }
  if (ask.start !== undefined) note(serial, { record, ask, entry, name, start });
  return placed(record, name);
}

const REVISION_DIGITS = 12;

/** The entry of the history for this start and revision. */
const readFor = ({ entries }: Serial, { start, rev }: SerialRequest): Entry | undefined =>
  entries.find((one) => one.key && one.start !== undefined && one.start === start && isOneRevision(one.rev, rev));

const isOneRevision = (a: string | undefined, b: string | undefined) => a === undefined || b === undefined || a === b;

/** The first reported revision of a start has the plain key, whichever was attempted first. */
function keyFor(serial: Serial, ask: SerialRequest): string {
  const { start, key, rev } = ask;
  const read = readFor(serial, ask)?.key;
  if (read !== undefined || start === undefined || rev === undefined) return read ?? key;
  const isTaken = serial.starts.some(({ at }) => at === start) || serial.entries.some((one) => one.start === start);
  return isTaken ? `${key}:${digest(rev).slice(0, REVISION_DIGITS)}` : key;
}

interface Noted {
  readonly record: ChangeRecord;
  readonly ask: SerialRequest;
  readonly entry: Entry | undefined;
  readonly name: string;
  readonly start: Start | undefined;
}

function note(serial: Serial, { record, ask, entry, name, start: existing }: Noted): void {
  const start = existing ?? insert(serial.starts, { at: ask.start ?? 0, key: name, told: 'open' }, byTime);
  start.key = name;
  if (entry) start.id = entry.id;
  if (ask.rev !== undefined) start.rev ??= ask.rev;
  start.attempt = Math.min(start.attempt ?? ask.attempt, ask.attempt);
  const seen = Date.parse(record.history?.toldAt ?? record.occurredAt);
  start.seen = Math.min(start.seen ?? seen, seen);
  if (record.history?.aside) start.aside = true;
  if (ask.told === 'open') return;
  start.told = ask.told;
  if (ask.at !== undefined) start.stop = ask.at;
  const at = Date.parse(record.occurredAt);
  if (!start.end || at < start.end.at) start.end = { state: record.state, at };
}

/**
 * The deployment to which an entry of the history belongs. `past`: it was deployed before the first signal, as far as
 * is known.
 */
export function recovered(serial: Serial, record: ChangeRecord): SerialResult | 'past' {
  const ask = askOf(record);
  const id = ask.id ?? -1;
  const existing = serial.entries.find((entry) => entry.id === id);
  const own = ask.start === undefined ? undefined : findStart(serial, ask);
  if (existing) return existing.key && isNews(record, existing, own) ? placed(record, existing.key) : { kind: 'known' };
  const owner = ask.start === undefined ? ownerOf(serial, { ...ask, id }) : own;
  if (!owner && (id <= serial.baseline || record.history?.late)) return 'past';
  const isDone = owner?.told === 'done';
  const key = owner?.key ?? keyFor(serial, ask);
  const entry: Entry = { id, key, told: isDone ? 'done' : 'lost' };
  if (ask.at !== undefined) entry.at = ask.at;
  if (ask.start !== undefined) entry.start = ask.start;
  if (ask.after !== undefined) entry.after = ask.after;
  if (ask.rev !== undefined) entry.rev = ask.rev;
  insert(serial.entries, entry, byId);
  if (owner) owner.id = id;
  return isNews(record, entry, owner) ? placed(record, key) : { kind: 'known' };
}

/** After a reported end only later events are news; before it, all are. */
function isNews(record: ChangeRecord, entry: Entry, start: Start | undefined): boolean {
  if (entry.told !== 'done') return true;
  if (!isFinal(record.state) || record.endReason === 'superseded' || !start?.end) return false;
  return Date.parse(record.occurredAt) > start.end.at;
}

const byId = (a: Entry, b: Entry) => a.id - b.id;
const byTime = (a: Start, b: Start) => a.at - b.at;

function insert<One>(list: One[], one: One, order: (a: One, b: One) => number): One {
  list.push(one);
  list.sort(order);
  return one;
}

/** No deployment that started before this can be the number's: the one before was still under way. */
function floor(serial: Serial, id: number, after = 0): number {
  const before = serial.entries.filter((entry) => entry.id < id).map(({ at }) => at ?? 0);
  return Math.max(after, ...before);
}

const isFree = (start: Start, at: number): boolean =>
  start.id === undefined && start.told !== 'over' && (start.told === 'open' || at <= (start.stop ?? at));

/**
 * The last start before the number was deployed, if it can be the number's. Times may have whole seconds only, so that
 * a start at that very moment is the next one's, unless there is no other.
 */
function ownerOf(serial: Serial, { id, at = 0, after }: SerialRequest & { id: number }): Start | undefined {
  const low = floor(serial, id, after);
  const last = serial.starts.findLast((start) => start.at >= low && start.at < at);
  const owner = last ?? serial.starts.findLast((start) => start.at === at);
  return owner && isFree(owner, at) ? owner : undefined;
}

/** The number, read from the history, of a start that is reported only now. */
function unclaimedBy(serial: Serial, startedAt: number): Entry | undefined {
  const entry = serial.entries.find(({ at }) => at !== undefined && at >= startedAt);
  if (entry?.told !== 'lost' || entry.start !== undefined) return undefined;
  if (serial.starts.some(({ id }) => id === entry.id)) return undefined;
  if (startedAt < floor(serial, entry.id, entry.after)) return undefined;
  const hasOther = serial.starts.some(({ at }) => at > startedAt && at <= (entry.at ?? 0));
  return hasOther ? undefined : entry;
}

function isSame(entry: Entry, ask: SerialRequest): boolean {
  if (ask.start === undefined) return entry.key === ask.key;
  if (entry.start !== undefined) return entry.start === ask.start;
  return entry.at === undefined || ask.start <= entry.at;
}
