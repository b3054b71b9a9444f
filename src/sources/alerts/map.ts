import { WebhookRejected } from '../../domain/errors.ts';
import type { Mapped } from '../mapped.ts';
import type { Webhook } from '../received-webhook.ts';
import type { Settings } from './alert-id.ts';
import { mapIncident } from './incident.ts';
import { mapNotification } from './notification.ts';
import { IncidentEvent, Notification } from './schema.ts';

/**
 * The tool is recognised by the shape of the body.
 * @throws WebhookRejected
 */
export function mapAlerts(payload: unknown, webhook: Webhook, settings: Settings): Mapped {
  const incident = IncidentEvent.safeParse(payload);
  if (incident.success) return mapIncident(incident.data, webhook, settings);
  const notification = Notification.safeParse(payload);
  if (notification.success) return mapNotification(notification.data, webhook, settings);
  throw new WebhookRejected(
    'bad_payload',
    'this is no webhook of Alertmanager or Grafana alerting (`alerts`) and none of PagerDuty v3 (`event`)',
  );
}
