import type { Request, Response } from 'express';
import { z } from 'zod';
import { ALERT_STATES, type Alert, serviceOf } from '../domain/alert.ts';
import type { Suspect } from '../domain/suspects.ts';
import type { Alerts } from '../store/alerts/alerts.ts';
import type { Suspects, SuspectsOf } from '../store/alerts/suspects.ts';
import { CHANGE_FILTER, toSpan } from '../store/changes/search/filter.ts';
import { toChange } from './change.ts';
import { fail, readQuery } from './error-response.ts';
import { Page, pageMeta } from './paging.ts';

export interface AlertsParts {
  readonly alerts: Alerts;
  readonly suspectsOf: SuspectsOf;
}

export const AlertsQuery = z.strictObject({
  ...Page,
  status: z.enum(ALERT_STATES, { error: `write ${ALERT_STATES.join(' or ')}` }).optional(),
  /** The value of any of its labels that name an environment. */
  service: CHANGE_FILTER.service,
  environment: CHANGE_FILTER.environment,
  since: CHANGE_FILTER.since,
  until: CHANGE_FILTER.until,
});

/** The newest first. */
export async function listAlerts({ alerts }: AlertsParts, request: Request, response: Response): Promise<void> {
  const query = readQuery(AlertsQuery, request.query);
  if ('message' in query) return fail(response, { status: 400, type: 'validation_error', message: query.message });
  const { limit, offset, status: state, service, environment, ...span } = query.data;
  const { sinceMs, untilMs } = toSpan(span, new Date());
  const found = await alerts.list({
    state,
    services: service === undefined ? undefined : [service],
    environments: environment === undefined ? undefined : [environment],
    isTyped: true,
    sinceMs,
    untilMs: untilMs === undefined ? undefined : untilMs - 1,
  });
  const page = found.slice(offset, offset + limit);
  response.json({ data: page.map(toAlert), meta: pageMeta({ limit, offset }, found.length, page.length) });
}

/** With the changes that may have caused it. */
export async function sendAlert({ alerts, suspectsOf }: AlertsParts, request: Request, response: Response) {
  const alert = await alerts.get(String(request.params['id']));
  if (!alert) {
    const message = 'There is no such alert, or it is older than alerts are kept.';
    return fail(response, { status: 404, type: 'not_found', message });
  }
  response.json({ data: toAlertDetail(alert, await suspectsOf(alert)) });
}

export const toAlertDetail = (alert: Alert, { suspects, looked }: Suspects) => ({
  alert: toAlert(alert),
  suspects: suspects.map(toSuspect),
  looked: { ...looked, team: looked.team ?? null },
});

export const toAlert = (alert: Alert) => ({
  id: alert.id,
  status: alert.state,
  title: alert.title,
  summary: alert.summary ?? null,
  severity: alert.severity ?? null,
  tool: alert.tool,
  source: alert.instance,
  service: serviceOf(alert) ?? null,
  services: alert.services,
  environment: alert.environment ?? null,
  started_at: alert.startedAt,
  ended_at: alert.endedAt ?? null,
  last_reported_at: alert.lastReportedAt,
  url: alert.url ?? null,
  runbook_url: alert.runbookUrl ?? null,
  labels: alert.labels,
  webhook: alert.webhook ?? null,
});

const toSuspect = ({ deployment, points, reasons }: Suspect) => ({
  points,
  reasons,
  change: toChange(deployment),
});
