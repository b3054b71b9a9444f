import type { ChangeRecord } from './change-record.ts';
import { isFinal } from './deployment.ts';
import { assignRecovered, assignReported } from './serial-assign.ts';
import { closingsOf } from './serial-closing.ts';
import type { Serial, SerialResult } from './serial-document.ts';

export interface SerialUpdate {
  readonly serial: Serial;
  /** One for each record of the request, in their order. */
  readonly results: readonly SerialResult[];
  /** Ends that follow from it: of deployments that it superseded, and of what was held back. */
  readonly concluded: readonly ChangeRecord[];
}

/** What is remembered of one application: its document is read and written with each of its signals. */
const MAX_ENTRIES = 100;
const MAX_STARTS = 50;
const MAX_HELD = 30;

/**
 * Assigns the records of one signal to deployments. The same signal gives the same answer, as long as nothing else came
 * in between.
 */
export function updateSerial(stored: Serial | undefined, records: readonly ChangeRecord[]): SerialUpdate {
  const newest = Math.min(...records.map(({ history }) => history?.newest ?? -1));
  const serial: Serial = stored ? structuredClone(stored) : { baseline: newest, entries: [], starts: [] };
  if (newest >= (serial.forgotten ?? -1)) serial.baseline = Math.min(serial.baseline, newest);
  const ends = records.flatMap(({ history }) => (history?.endedAt ? [Date.parse(history.endedAt)] : []));
  if (ends.length > 0) serial.ended = Math.min(serial.ended ?? Number.POSITIVE_INFINITY, ...ends);
  const results = records.map((record) => assignRecord(serial, record));
  const released = release(serial, records, newest);
  const ended = new Set([...results, ...released.map(toResult)].flatMap(endedBy));
  const closings = closingsOf(serial, records).filter(({ deployment }) => !ended.has(deployment));
  const concluded = [...released, ...closings];
  shorten(serial);
  return { serial, results, concluded };
}

const toResult = (record: ChangeRecord): SerialResult => ({ kind: 'assigned', record });

/** The deployment whose end follows from a record. */
function endedBy(result: SerialResult): string[] {
  if (result.kind !== 'assigned') return [];
  const { state, endReason, deployment } = result.record;
  return isFinal(state) && endReason === undefined ? [deployment] : [];
}

function assignRecord(serial: Serial, record: ChangeRecord): SerialResult {
  const { recovered: isRead, late: isLate } = record.history ?? {};
  // A history of fifty would leave no room for others.
  const isMerelyOld = isRead && isLate && record.endReason === 'superseded';
  const result = isRead ? assignRecovered(serial, record) : assignReported(serial, record);
  if (result !== 'past' && result.kind !== 'too_old') return result;
  if (!isMerelyOld) serial.held = [...(serial.held ?? []).filter(({ id }) => id !== record.id), record];
  return result === 'past' && !isLate ? { kind: 'repeated' } : { kind: 'too_old' };
}

/**
 * What was the past when it arrived may be news later: an earlier signal came after it, or its own deployment is
 * reported.
 */
function release(serial: Serial, records: readonly ChangeRecord[], newest: number): ChangeRecord[] {
  const starts = new Set(records.flatMap(({ history, startedAt }) => (history?.recovered ? [] : (startedAt ?? []))));
  return (serial.held ?? []).flatMap((record) => {
    const isRead = record.history?.recovered === true;
    const isDue = (isRead && newest === serial.baseline) || (record.startedAt && starts.has(record.startedAt));
    if (!isDue) return [];
    const result = isRead ? assignRecovered(serial, record) : assignReported(serial, record);
    return result !== 'past' && result.kind === 'assigned' ? [result.record] : [];
  });
}

function shorten(serial: Serial): void {
  const dropped = serial.entries.splice(0, Math.max(0, serial.entries.length - MAX_ENTRIES));
  serial.forgotten = Math.max(serial.forgotten ?? -1, ...dropped.map(({ id }) => id));
  serial.baseline = Math.max(serial.baseline, serial.forgotten);
  serial.starts.splice(0, Math.max(0, serial.starts.length - MAX_STARTS));
  if (serial.held) serial.held = serial.held.slice(-MAX_HELD);
}
