import type { AlertState } from '../../domain/alert.ts';
import { excerpt } from '../../values/text.ts';
import { toIso } from '../../values/time.ts';
import type { IgnoredReason, Mapped } from '../mapped.ts';
import type { Webhook } from '../received-webhook.ts';
import { alertId, type Settings } from './alert-id.ts';
import { environmentIn, servicesIn } from './names.ts';
import { earlier } from './notification.ts';
import { Incident, type IncidentEvent } from './schema.ts';

/** Whoever works on it, it is firing until it is resolved. */
const STATES: Readonly<Record<string, AlertState>> = {
  triggered: 'firing',
  acknowledged: 'firing',
  resolved: 'resolved',
};
/** The event type of PagerDuty's connection test. */
const PING = 'pagey.ping';

const ignored = (reason: IgnoredReason, detail: string): Mapped => ({ kind: 'ignored', reason, detail });

/** Any event of an incident: each holds the whole status, so that a lost one is made up for by the next. */
export function mapIncident({ event }: IncidentEvent, webhook: Webhook, settings: Settings): Mapped {
  const type = excerpt(event.event_type ?? 'missing');
  if (event.event_type === PING) return ignored('ping', 'the test of a webhook subscription');
  const incident = Incident.safeParse(event.data).data;
  if (!incident) return ignored('not_a_deployment', `${type} is about no incident`);
  const { status = 'missing' } = incident;
  const state = Object.hasOwn(STATES, status) ? STATES[status] : undefined;
  const receivedAt = webhook.receivedAt.toISOString();
  const startedAt = toIso(incident.created_at);
  if (!state) return ignored('unknown_status', `the status is ${excerpt(status)}`);
  if (!startedAt) return ignored('unmapped', 'the incident has no created_at');
  return {
    kind: 'records',
    records: [],
    alerts: [toReport(incident, { event, state, startedAt, receivedAt, settings })],
  };
}

interface Given extends Pick<IncidentEvent, 'event'> {
  readonly state: AlertState;
  readonly startedAt: string;
  readonly receivedAt: string;
  readonly settings: Settings;
}

function toReport(incident: Incident, { event, state, startedAt, receivedAt, settings }: Given) {
  const { service, title = 'incident without a title', html_url: url, urgency } = incident;
  const severity = incident.priority ?? urgency;
  const labels = new Map(
    Object.entries({ service, urgency }).flatMap(([label, value]): [string, string][] =>
      value === undefined ? [] : [[label, value]],
    ),
  );
  const environment = environmentIn(labels, settings.naming);
  const endedAt = state === 'resolved' ? toIso(event.occurred_at) : undefined;
  return {
    id: alertId(settings, ['pagerduty', incident.id, startedAt]),
    instance: settings.instance,
    tool: 'pagerduty',
    state,
    title,
    ...(severity !== undefined && { severity }),
    services: servicesIn(labels, { ...settings.naming, serviceLabels: ['service'] }),
    ...(environment !== undefined && { environment }),
    startedAt: earlier(startedAt, receivedAt),
    ...(endedAt !== undefined && { endedAt: earlier(endedAt, receivedAt) }),
    receivedAt,
    remoteId: incident.id,
    ...(url !== undefined && { url }),
    labels: Object.fromEntries(labels),
  };
}
