import { NAME_CHARS, shorten, wellFormed } from '../values/text.ts';
import { URL_CHARS } from '../values/url.ts';

/** The state of an alert. It only moves forward: an alert that fires again after it was resolved is another one. */
export const ALERT_STATES = ['firing', 'resolved'] as const;
export type AlertState = (typeof ALERT_STATES)[number];

/** A name that an alert carries, and the label or field that holds it. */
export interface LabelledName {
  readonly label: string;
  readonly name: string;
}

/** An alert as one webhook reports it, in our terms. */
export interface AlertReport {
  /** The same for all reports of one alert: `alt_` and 32 hex digits. */
  readonly id: string;
  /** The configured source's name. */
  readonly instance: string;
  /** The tool that alerts, as it calls itself. */
  readonly tool: string;
  readonly state: AlertState;
  readonly title: string;
  readonly summary?: string;
  readonly severity?: string;
  /** Which services it may be about, the most likely first; empty: it names none. */
  readonly services: readonly LabelledName[];
  /** Absent: it names none; never guessed. */
  readonly environment?: string;
  /** ISO 8601 UTC. */
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly receivedAt: string;
  /** The webhook that reported it, in the inbox. */
  readonly webhook?: string;
  /** Its id in the tool, where that takes notes. */
  readonly remoteId?: string;
  /** Its page in the tool. */
  readonly url?: string;
  readonly runbookUrl?: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Everything that is known of one alert. */
export interface Alert extends AlertReport {
  /** When it was last reported, in whichever state: ISO 8601 UTC. */
  readonly lastReportedAt: string;
}

/** Room for what a person reads at a glance; together they keep an alert within the size named below. */
const SUMMARY_CHARS = 1_000;
const LABEL_CHARS = 100;
const MAX_LABELS = 30;
const MAX_SERVICES = 10;

/** An alert whose fields are within their limits: about 20 KB at most. An address that is longer is left out. */
function boundAlert(alert: AlertReport): AlertReport {
  const { summary, severity, environment, url, runbookUrl, labels, services, ...rest } = alert;
  const name = (text: string) => shorten(wellFormed(text), NAME_CHARS);
  return {
    ...rest,
    title: name(alert.title),
    ...(summary !== undefined && { summary: shorten(wellFormed(summary), SUMMARY_CHARS) }),
    ...(severity !== undefined && { severity: name(severity) }),
    services: services.slice(0, MAX_SERVICES).map((one) => ({ label: name(one.label), name: name(one.name) })),
    ...(environment !== undefined && { environment: name(environment) }),
    ...(url !== undefined && url.length <= URL_CHARS && { url }),
    ...(runbookUrl !== undefined && runbookUrl.length <= URL_CHARS && { runbookUrl }),
    labels: Object.fromEntries(
      Object.entries(labels)
        .slice(0, MAX_LABELS)
        .map(([label, value]) => [shorten(wellFormed(label), LABEL_CHARS), name(value)]),
    ),
  };
}

/** JSON of the alerts of one webhook together, as for changes (bounded-record.ts). */
const WEBHOOK_BYTES = 1_048_576;

/** All alerts of one webhook: where they are too large together, each loses its labels, and then its summary. */
export function boundAlerts(alerts: readonly AlertReport[]): readonly AlertReport[] {
  const bounded = alerts.map(boundAlert);
  if (bytesOf(bounded) <= WEBHOOK_BYTES) return bounded;
  const bare = bounded.map((alert) => ({ ...alert, labels: {} }));
  return bytesOf(bare) <= WEBHOOK_BYTES ? bare : bare.map(withoutTexts);
}

const bytesOf = (alerts: readonly AlertReport[]): number => Buffer.byteLength(JSON.stringify(alerts));

const withoutTexts = ({ summary: _, url: __, runbookUrl: ___, ...alert }: AlertReport): AlertReport => ({
  ...alert,
  services: alert.services.slice(0, 2),
});

/**
 * Combines the first report of each state, whichever came first: the beginning is that of the firing report, the end
 * that of the resolved one, and what one leaves open is taken from the other.
 */
export function foldAlert(
  firing: AlertReport | undefined,
  resolved: AlertReport | undefined,
  lastReportedAt?: string,
): Alert | undefined {
  const known = resolved ?? firing;
  if (!known) return undefined;
  const seen = { lastReportedAt: lastReportedAt ?? known.receivedAt };
  if (!firing || !resolved) return { ...known, ...seen };
  const { endedAt, receivedAt: _, ...end } = resolved;
  return { ...end, ...firing, state: 'resolved', ...(endedAt !== undefined && { endedAt }), ...seen };
}

/** The service that it is most likely about. */
export const serviceOf = ({ services }: Pick<Alert, 'services'>): string | undefined => services[0]?.name;

/** Selects alerts. Names in any case; epoch milliseconds, both inclusive. */
export interface AlertSelection {
  readonly state?: AlertState | undefined;
  readonly services?: readonly string[] | undefined;
  readonly environments?: readonly string[] | undefined;
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  /** A person typed the names: if no alert has them, alerts match whose names contain them. */
  readonly isTyped?: boolean;
}

/** Those that are selected; the store applies the time span. */
export function selectAlerts(alerts: readonly Alert[], selection: AlertSelection): readonly Alert[] {
  const found = alerts.filter((alert) => isWanted(alert, selection, (name, wanted) => name === wanted));
  if (found.length > 0 || !selection.isTyped) return found;
  return alerts.filter((alert) => isWanted(alert, selection, (name, wanted) => name.includes(wanted)));
}

type Fits = (name: string, wanted: string) => boolean;

function isWanted(alert: Alert, { state, services, environments }: AlertSelection, fits: Fits): boolean {
  if (state !== undefined && alert.state !== state) return false;
  if (environments && !hasOne([alert.environment ?? 'unknown'], environments, fits)) return false;
  const names = alert.services.map(({ name }) => name);
  return !services || hasOne(names, services, fits);
}

const hasOne = (names: readonly string[], wanted: readonly string[], fits: Fits): boolean =>
  names.some((name) => wanted.some((one) => fits(name.toLowerCase(), one.toLowerCase())));
