import { z } from 'zod';
import { firstFields, firstItems, readText, textUnless } from '../../values/text.ts';
import { Url } from '../../values/url.ts';

const Text = textUnless(() => false);

/** Names and texts; values of another type are left out. */
const Labels = z
  .preprocess(firstFields, z.record(z.string(), z.unknown()))
  .nullish()
  .catch(undefined)
  .transform((labels) =>
    Object.entries(labels ?? {}).flatMap(([label, value]): [string, string][] => {
      const text = typeof value === 'string' ? readText(value) : '';
      return text === '' ? [] : [[label, text]];
    }),
  );

/** One of the alerts of a notification: prometheus/alertmanager template.Alert, grafana/alerting ExtendedAlert. */
export const NotifiedAlert = z.object({
  status: Text,
  labels: Labels,
  annotations: Labels,
  startsAt: Text,
  endsAt: Text,
  fingerprint: Text,
  generatorURL: Url,
  /** Grafana's own. */
  dashboardURL: Url,
  panelURL: Url,
});
export type NotifiedAlert = z.infer<typeof NotifiedAlert>;

/** A notification of a group: prometheus/alertmanager notify/webhook.Message, which Grafana's extends. */
export const Notification = z.object({
  alerts: z.preprocess(firstItems, z.array(z.unknown())),
  /** Grafana's own. */
  orgId: z.unknown().optional(),
});

export type Notification = z.infer<typeof Notification>;

const Reference = z
  .object({ summary: Text })
  .nullish()
  .catch(undefined)
  .transform((reference) => reference?.summary);

/** PagerDuty webhooks v3: what `event.data` of an incident holds. */
export const Incident = z.object({
  type: z.literal('incident'),
  id: z.string().min(1).max(100),
  html_url: Url,
  status: Text,
  created_at: Text,
  title: Text,
  service: Reference,
  priority: Reference,
  urgency: Text,
});
export type Incident = z.infer<typeof Incident>;

export const IncidentEvent = z.object({
  event: z.object({ event_type: Text, occurred_at: Text, data: z.unknown().optional() }),
});
export type IncidentEvent = z.infer<typeof IncidentEvent>;
