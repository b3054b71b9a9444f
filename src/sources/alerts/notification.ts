import type { AlertReport, AlertState } from '../../domain/alert.ts';
import { digest } from '../../domain/change-record.ts';
import { WebhookRejected } from '../../domain/errors.ts';
import { excerpt } from '../../values/text.ts';
import { toIso } from '../../values/time.ts';
import type { Mapped } from '../mapped.ts';
import type { Webhook } from '../received-webhook.ts';
import { alertId, type Settings } from './alert-id.ts';
import { environmentIn, servicesIn } from './names.ts';
import { type Notification, NotifiedAlert } from './schema.ts';

/** Alerts of one notification. A larger group is a mistake of the grouping, and would fill Redis. */
export const MAX_ALERTS = 500;

const STATES: Readonly<Record<string, AlertState>> = { firing: 'firing', resolved: 'resolved' };

interface Given {
  readonly tool: string;
  readonly webhook: Webhook;
  readonly settings: Settings;
}

/** A notification of Alertmanager or Grafana: an alert each. @throws WebhookRejected where none of them is one */
export function mapNotification({ alerts, orgId }: Notification, webhook: Webhook, settings: Settings): Mapped {
  const given = { tool: orgId === undefined ? 'alertmanager' : 'grafana', webhook, settings };
  const read = alerts.slice(0, MAX_ALERTS).map((alert) => NotifiedAlert.safeParse(alert).data);
  const reports = read.flatMap((alert) => (alert && toReport(alert, given)) ?? []);
  const omitted = Math.max(0, alerts.length - MAX_ALERTS);
  if (reports.length > 0)
    return { kind: 'records', records: [], alerts: onceEach(reports), ...(omitted > 0 && { omitted }) };
  const status = read.find((alert) => alert?.status !== undefined)?.status;
  if (status !== undefined && !STATES[status])
    return { kind: 'ignored', reason: 'unknown_status', detail: `the status is ${excerpt(status)}` };
  throw new WebhookRejected('bad_payload', 'alerts holds none with status, startsAt and fingerprint or labels');
}

/** A group may list an alert twice. */
const onceEach = (reports: readonly AlertReport[]): AlertReport[] => [
  ...new Map(reports.map((report) => [`${report.id} ${report.state}`, report])).values(),
];

/** Undefined: a required field is missing. */
function toReport(alert: NotifiedAlert, { tool, webhook, settings }: Given): AlertReport | undefined {
  const state = Object.hasOwn(STATES, alert.status ?? '') ? STATES[alert.status ?? ''] : undefined;
  const startedAt = toIso(alert.startsAt);
  const fingerprint = alert.fingerprint ?? (alert.labels.length > 0 ? digest(JSON.stringify(alert.labels)) : undefined);
  if (!state || !startedAt || fingerprint === undefined) return undefined;
  const labels = new Map(alert.labels);
  const annotations = new Map(alert.annotations);
  const receivedAt = webhook.receivedAt.toISOString();
  const endedAt = state === 'resolved' ? toIso(alert.endsAt) : undefined;
  const summary = annotations.get('summary') ?? annotations.get('message') ?? annotations.get('description');
  const severity = labels.get('severity') ?? labels.get('priority');
  const environment = environmentIn(labels, settings.naming);
  const url = alert.panelURL ?? alert.dashboardURL ?? alert.generatorURL;
  const runbookUrl = annotations.get('runbook_url');
  return {
    id: alertId(settings, [tool, fingerprint, startedAt]),
    instance: settings.instance,
    tool,
    state,
    title: labels.get('alertname') ?? summary ?? 'alert without a name',
    ...(summary !== undefined && { summary }),
    ...(severity !== undefined && { severity }),
    services: servicesIn(labels, settings.naming),
    ...(environment !== undefined && { environment }),
    startedAt: earlier(startedAt, receivedAt),
    ...(endedAt !== undefined && { endedAt: earlier(endedAt, receivedAt) }),
    receivedAt,
    ...(url !== undefined && { url }),
    ...(runbookUrl !== undefined && { runbookUrl }),
    labels: Object.fromEntries(alert.labels),
  };
}

/** A clock that is ahead counts as the receipt. */
export const earlier = (time: string, receivedAt: string): string => (time < receivedAt ? time : receivedAt);
