import type { AlertReport } from '../domain/alert.ts';
import { ResolveFailed } from '../domain/errors.ts';
import { summarize } from '../domain/summary.ts';
import type { Suspect } from '../domain/suspects.ts';
import type { Source } from '../sources/source.ts';
import type { Alerts } from '../store/alerts/alerts.ts';
import type { SuspectsOf } from '../store/alerts/suspects.ts';
import { shorten } from '../values/text.ts';
import { HOUR_MS } from '../values/units.ts';
import { abortingAfter } from '../values/within.ts';

export interface NoteParts {
  readonly sources: readonly Pick<Source, 'name' | 'noteAlert'>[];
  readonly alerts: Pick<Alerts, 'get' | 'claimNote' | 'releaseNote'>;
  readonly suspectsOf: SuspectsOf;
  /** Masks secrets. */
  readonly hide: (text: string) => string;
  /** Undefined when no public address of the pages is configured. */
  readonly pageUrl: (id: string) => string | undefined;
  readonly clock: () => Date;
  /** The tool rejected the note and a retry cannot help: an operator should be informed. */
  readonly onRefused: (error: ResolveFailed) => void;
}

/** The person on call does not read a note that comes later. */
const WITHIN_MS = HOUR_MS;
/** A slow tool must not delay other webhooks. */
const NOTE_WITHIN_MS = 5_000;
/** A note is read on a telephone. */
const SUSPECTS_NAMED = 3;
const SUMMARY_CHARS = 120;

/**
 * Adds one note to an alert in its tool that lists the changes which may have caused it. Needs a tool that accepts
 * notes and a configured token.
 * @throws ResolveFailed when it should be retried later
 */
export function createNoteAlerts({ sources, alerts, suspectsOf, hide, pageUrl, clock, onRefused }: NoteParts) {
  async function note(report: AlertReport): Promise<void> {
    const noteAlert = sources.find(({ name }) => name === report.instance)?.noteAlert;
    if (!noteAlert || report.remoteId === undefined || report.state !== 'firing') return;
    if (clock().getTime() - Date.parse(report.startedAt) > WITHIN_MS) return;
    const alert = await alerts.get(report.id); // with the names of our configuration
    const { suspects } = alert?.state === 'firing' ? await suspectsOf(alert) : { suspects: [] };
    if (suspects.length === 0 || !(await alerts.claimNote(report.id))) return;
    const text = hide(noteText(suspects, pageUrl(report.id)));
    try {
      await abortingAfter(NOTE_WITHIN_MS, (signal) => noteAlert(report, text, signal));
    } catch (error) {
      if (error instanceof ResolveFailed && error.retry === 'never') return onRefused(error);
      await alerts.releaseNote(report.id);
      throw error;
    }
  }
  return async function noteAlerts(reports: readonly AlertReport[]): Promise<void> {
    for (const report of reports) await note(report);
  };
}
export type NoteAlerts = ReturnType<typeof createNoteAlerts>;

/** The text of the note, for the person on call. */
function noteText(suspects: readonly Suspect[], page: string | undefined): string {
  const lines = suspects.slice(0, SUSPECTS_NAMED).map(({ deployment, points, reasons }, at) => {
    const { service, environment, state } = deployment;
    const what = shorten(summarize(deployment), SUMMARY_CHARS);
    const why = reasons.map(({ text }) => text).join(' ');
    return `${at + 1}. ${what} (${service}, ${environment.name}, ${state}; ${points} points): ${why}`;
  });
  return [
    'Shiplog: changes that may have caused this, the likeliest first.',
    ...lines,
    ...(page === undefined ? [] : [page]),
  ].join('\n');
}
