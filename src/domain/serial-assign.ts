import { type ChangeRecord, digest, recordId } from './change-record.ts';
import { isFinal } from './deployment.ts';
import type { Entry, Serial, SerialResult, Start } from './serial-document.ts';

/** A record in the terms of the document (serial-document.ts). Times are epoch milliseconds. */
interface SerialRequest {
  readonly key: string;
  readonly id?: number;
  readonly start?: number;
  /** When it ended. */
  readonly at?: number;
  readonly after?: number;
  readonly reported: Start['told'];
  readonly rev?: string;
  readonly attempt: number;
}

function toRequest({ deployment, history, state, startedAt, finishedAt, occurredAt }: ChangeRecord): SerialRequest {
  const { id, after, appliedAt, revision, attempt = 0 } = history ?? {};
  const ended = finishedAt ?? (isFinal(state) ? occurredAt : undefined);
  const at = appliedAt ?? ended;
  const isDone = state === 'succeeded' || id !== undefined;
  return {
    key: deployment,
    reported: isFinal(state) ? (isDone ? 'done' : 'over') : 'open',
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
function assignTo(record: ChangeRecord, key: string): SerialResult {
  if (key === record.deployment) return { kind: 'assigned', record };
  const { id, state, aliases, deployment } = record;
  return {
    kind: 'assigned',
    record: { ...record, id: recordId(key, state, id), deployment: key, aliases: [...aliases, deployment] },
  };
}

/** The deployment to which a signal about a deployment itself belongs. */
export function assignReported(serial: Serial, record: ChangeRecord): SerialResult {
  const request = toRequest(record);
  const start = request.start === undefined ? undefined : findStart(serial, request);
  const isKnown = start !== undefined || readFor(serial, request) !== undefined;
  if (record.history?.late && !isKnown) return { kind: 'too_old' };
  let entry = serial.entries.find(({ id }) => id === request.id && id !== undefined);
  let name = start?.key ?? keyFor(serial, request);
  if (entry && !isSame(entry, request)) {
    delete entry.key;
    delete entry.start;
    delete entry.at;
  }
  if (request.reported === 'over' && start?.id !== undefined) {
    delete start.id;
    name = request.key;
  }
  if (request.reported === 'open' && request.id === undefined && !start && request.start !== undefined) {
    entry = unclaimedBy(serial, request.start);
  }
  name = entry?.key ?? name;
  if (request.id !== undefined) {
    entry ??= insert(serial.entries, { id: request.id, told: 'open' }, byId);
    Object.assign(entry, {
      key: name,
      start: request.start,
      at: entry.at ?? request.at,
      rev: request.rev ?? entry.rev,
    });
    if (request.reported !== 'open') entry.told = 'done';
  }
  if (request.start !== undefined) note(serial, { record, request, entry, name, start });
  return assignTo(record, name);
}

const REVISION_DIGITS = 12; // of a hash, among the revisions of one moment

/** The entry of the history for this start and revision. */
const readFor = ({ entries }: Serial, { start, rev }: SerialRequest): Entry | undefined =>
  entries.find((one) => one.key && one.start !== undefined && one.start === start && isOneRevision(one.rev, rev));

const isOneRevision = (a: string | undefined, b: string | undefined) => a === undefined || b === undefined || a === b;

/** The first reported revision of a start has the plain key, whichever was attempted first. */
function keyFor(serial: Serial, request: SerialRequest): string {
  const { start, key, rev } = request;
  const read = readFor(serial, request)?.key;
  if (read !== undefined || start === undefined || rev === undefined) return read ?? key;
  const isTaken = serial.starts.some(({ at }) => at === start) || serial.entries.some((one) => one.start === start);
  return isTaken ? `${key}:${digest(rev).slice(0, REVISION_DIGITS)}` : key;
}

interface Noted {
  readonly record: ChangeRecord;
  readonly request: SerialRequest;
  readonly entry: Entry | undefined;
  readonly name: string;
  readonly start: Start | undefined;
}

function note(serial: Serial, { record, request, entry, name, start: existing }: Noted): void {
  const start = existing ?? insert(serial.starts, { at: request.start ?? 0, key: name, told: 'open' }, byTime);
  start.key = name;
  if (entry) start.id = entry.id;
  if (request.rev !== undefined) start.rev ??= request.rev;
  start.attempt = Math.min(start.attempt ?? request.attempt, request.attempt);
  const seen = Date.parse(record.history?.toldAt ?? record.occurredAt);
  start.seen = Math.min(start.seen ?? seen, seen);
  if (record.history?.aside) start.aside = true;
  if (request.reported === 'open') return;
  start.told = request.reported;
  if (request.at !== undefined) start.stop = request.at;
  const at = Date.parse(record.occurredAt);
  if (!start.end || at < start.end.at) start.end = { state: record.state, at };
}

/**
 * The deployment to which an entry of the history belongs. `past`: it was deployed before the first signal, as far as
 * is known.
 */
export function assignRecovered(serial: Serial, record: ChangeRecord): SerialResult | 'past' {
  const request = toRequest(record);
  const id = request.id ?? -1;
  const existing = serial.entries.find((entry) => entry.id === id);
  const own = request.start === undefined ? undefined : findStart(serial, request);
  if (existing)
    return existing.key && isNews(record, existing, own) ? assignTo(record, existing.key) : { kind: 'repeated' };
  const owner = request.start === undefined ? ownerOf(serial, { ...request, id }) : own;
  if (!owner && (id <= serial.baseline || record.history?.late)) return 'past';
  const isDone = owner?.told === 'done';
  const key = owner?.key ?? keyFor(serial, request);
  const entry: Entry = { id, key, told: isDone ? 'done' : 'lost' };
  if (request.at !== undefined) entry.at = request.at;
  if (request.start !== undefined) entry.start = request.start;
  if (request.after !== undefined) entry.after = request.after;
  if (request.rev !== undefined) entry.rev = request.rev;
  insert(serial.entries, entry, byId);
  if (owner) owner.id = id;
  return isNews(record, entry, owner) ? assignTo(record, key) : { kind: 'repeated' };
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

function isSame(entry: Entry, request: SerialRequest): boolean {
  if (request.start === undefined) return entry.key === request.key;
  if (entry.start !== undefined) return entry.start === request.start;
  return entry.at === undefined || request.start <= entry.at;
}
