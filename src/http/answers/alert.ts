import { z } from 'zod';
import { ALERT_STATES } from '../../domain/alert.ts';
import { Time } from '../../values/time.ts';
import { Change } from './change.ts';
import { Count } from './shared.ts';

/** An alert that a tool reported. Names, texts and labels are the tool's. */
export const Alert = z.strictObject({
  id: z.string(),
  status: z.enum(ALERT_STATES),
  title: z.string(),
  summary: z.string().nullable(),
  severity: z.string().nullable(),
  tool: z.string(),
  source: z.string(),
  /** The service that it is most likely about. */
  service: z.string().nullable(),
  /** All services that it may be about, by the label that names each. */
  services: z.array(z.strictObject({ label: z.string(), name: z.string() })),
  environment: z.string().nullable(),
  started_at: Time,
  ended_at: Time.nullable(),
  /** For one that is firing: nobody has reported its end since then. */
  last_reported_at: Time,
  url: z.string().nullable(),
  runbook_url: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
  webhook: z.string().nullable(),
});
export type Alert = z.infer<typeof Alert>;

/** A change that may have caused an alert; its points are the sum of its reasons. */
export const Suspect = z.strictObject({
  points: z.int(),
  reasons: z.array(z.strictObject({ text: z.string(), points: z.int() })),
  change: Change,
});

export const AlertDetail = z.strictObject({
  alert: Alert,
  /** The most likely first, at most 10. */
  suspects: z.array(Suspect),
  /** What was looked for, and how many changes were compared. */
  looked: z.strictObject({
    services: z.array(z.string()),
    environments: z.array(z.string()),
    team: z.string().nullable(),
    compared: Count,
  }),
});
export type AlertDetail = z.infer<typeof AlertDetail>;
