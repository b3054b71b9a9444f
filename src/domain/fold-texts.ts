import type { ChangeRecord, State } from './change-record.ts';
import { byDecision } from './decisive.ts';
import { isFinal } from './deployment.ts';
import { NO_SERVICE } from './service.ts';

/**
 * What people read of a deployment: summary, description, what it waits for, and notes.
 * @param trusted least trusted first
 * @param merged what all of them report, with the time of the deployment
 */
export function textsOf(trusted: readonly ChangeRecord[], decider: ChangeRecord, merged: ChangeRecord) {
  const waiting = isFinal(decider.state) ? undefined : reasonToWait(trusted);
  const description = descriptionOf(trusted, decider);
  return {
    ...summaryOf(trusted, decider.state),
    ...(description !== undefined && { description }),
    ...(waiting !== undefined && { waiting }),
    notes: [
      ...notesOf(trusted, decider, merged),
      ...setbacks(trusted, decider),
      ...(waiting === undefined ? [] : [waiting]),
    ],
  };
}

/** A summary describes one state: the summary of a record in another state would be wrong. */
function summaryOf(trusted: readonly ChangeRecord[], state: State): { summary?: string } {
  const summary = trusted.findLast((record) => record.state === state && record.summary !== undefined)?.summary;
  return summary === undefined ? {} : { summary };
}

/** The last record of those that have not ended counts: an earlier one may have had nothing to wait for. */
const reasonToWait = (trusted: readonly ChangeRecord[]): string | undefined =>
  trusted.findLast(({ state }) => !isFinal(state))?.waiting;

/** A failure that is over: the application recovered, and the same tool reported both. */
const isOver = ({ state, history, periodic, occurredAt }: ChangeRecord, decider: ChangeRecord): boolean => {
  const isOfController = history !== undefined || periodic === true;
  return decider.state === 'succeeded' && state === 'failed' && isOfController && occurredAt < decider.occurredAt;
};

/** The description of a failure does not describe a deployment that has recovered. */
function descriptionOf(trusted: readonly ChangeRecord[], decider: ChangeRecord): string | undefined {
  return trusted.findLast((record) => record.description !== undefined && !isOver(record, decider))?.description;
}

function setbacks(trusted: readonly ChangeRecord[], decider: ChangeRecord): string[] {
  const last = trusted
    .filter((record) => isOver(record, decider))
    .toSorted(byDecision)
    .at(-1);
  if (!last) return [];
  const what = last.description?.split('\n', 1)[0];
  return [`Failed at ${last.occurredAt}, and healthy again at ${decider.occurredAt}${what ? ` (${what})` : ''}.`];
}

/**
 * Notes that later records refute: that the commit is unknown, or a notification lost. An inference counts as long as
 * it decides the state.
 * @param trusted least trusted first
 */
function notesOf(trusted: readonly ChangeRecord[], decider: ChangeRecord, merged: ChangeRecord): string[] {
  const isReported = trusted.some(({ state, history }) => isFinal(state) && history && !history.recovered);
  const valid = trusted.filter(({ history, signal, endReason }, at) => {
    if (endReason === 'superseded' && decider.endReason !== 'superseded') return false;
    if (!history) return true;
    if (history.recovered && isReported) return false;
    return !trusted.slice(at + 1).some((later) => later.history && later.signal === signal);
  });
  const notes = new Set(valid.flatMap((record) => record.notes));
  for (const note of refuted(trusted, decider, merged)) notes.delete(note);
  if (merged.service !== 'unknown') notes.delete(NO_SERVICE);
  return [...notes];
}

/** Notes of one signal about missing data that another signal reports. */
function refuted(records: readonly ChangeRecord[], decider: ChangeRecord, merged: ChangeRecord): string[] {
  const isActorReported = records.some(({ actor, doubts }) => actor !== undefined && doubts?.actor === undefined);
  const isTimeReported = decider.doubts?.occurredAt === undefined || merged.occurredAt !== decider.occurredAt;
  const isServiceReported = records.some(
    ({ service, doubts }) => service === merged.service && doubts?.service === undefined,
  );
  return records.flatMap(({ doubts = {} }) => [
    ...(doubts.service && isServiceReported ? [doubts.service] : []),
    ...(doubts.actor && isActorReported ? [doubts.actor] : []),
    ...(doubts.occurredAt && isTimeReported ? [doubts.occurredAt] : []),
    ...(doubts.environment && merged.environment.name !== 'unknown' ? [doubts.environment] : []),
    ...(doubts.commit && merged.commit?.sha ? [doubts.commit] : []),
  ]);
}
