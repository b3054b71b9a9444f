import { HOUR_MS } from '../values/units.ts';
import type { Alert } from './alert.ts';
import type { Deployment } from './deployment.ts';

/** Alerts by the key of the change that each counts against. */
export type AlertsByChange = ReadonlyMap<string, readonly Alert[]>;

/** An alert that begins this long after a change was hardly caused by it. */
const COUNTS_WITHIN_MS = 24 * HOUR_MS;

/**
 * Each alert counts against the last change of its service in its environment that had succeeded in the 24 hours before
 * it began; without such a change it counts against none. One that names no environment counts in each.
 * @param finished all of the span: a filter on the page must not change which change an alert counts against
 */
export function attributeAlerts(finished: readonly Deployment[], alerts: readonly Alert[]): AlertsByChange {
  const byService = new Map<string, Deployment[]>();
  for (const deployment of finished) {
    if (deployment.state !== 'succeeded' || deployment.changeType === 'rollback') continue;
    const service = deployment.service.toLowerCase();
    const own = byService.get(service) ?? [];
    byService.set(service, own);
    own.push(deployment);
  }
  const found = new Map<string, Alert[]>();
  for (const alert of alerts)
    for (const { key } of changesBefore(alert, byService)) found.set(key, [...(found.get(key) ?? []), alert]);
  return found;
}

/** The last one in the environment that the alert names, else in each. */
function changesBefore(
  { services, environment, startedAt }: Alert,
  byService: ReadonlyMap<string, readonly Deployment[]>,
): Iterable<Deployment> {
  const since = new Date(Date.parse(startedAt) - COUNTS_WITHIN_MS).toISOString();
  const wanted = environment?.toLowerCase();
  const last = new Map<string, Deployment>();
  for (const service of new Set(services.map(({ name }) => name.toLowerCase())))
    for (const deployment of byService.get(service) ?? []) {
      const { occurredAt } = deployment;
      const place = deployment.environment.name.toLowerCase();
      if (occurredAt < since || occurredAt > startedAt || (wanted !== undefined && place !== wanted)) continue;
      if (occurredAt >= (last.get(place)?.occurredAt ?? '')) last.set(place, deployment);
    }
  return last.values();
}
