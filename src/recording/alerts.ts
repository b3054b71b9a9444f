import { type AlertReport, boundAlerts } from '../domain/alert.ts';
import type { ChangeEvent } from '../domain/change-event.ts';
import { renamed } from '../domain/rules/names.ts';
import type { RoutingOptions } from '../domain/rules/routing.ts';
import type { Alerts } from '../store/alerts/alerts.ts';
import type { Conclusion } from './conclusion.ts';

/** More are not named in the inbox: a webhook may report hundreds. */
const NAMED_ALERTS = 20;

export interface AlertParts {
  readonly alerts: Pick<Alerts, 'put'>;
  readonly routing: RoutingOptions;
  /** Masks secrets. */
  readonly hide: (alert: AlertReport) => AlertReport;
  /** How long alerts are kept. */
  readonly keptMs: number;
  readonly clock: () => Date;
}

/** Stores the alerts of a webhook under the names of our configuration. May run twice. */
export function createRecordAlerts({ alerts, routing, hide, keptMs, clock }: AlertParts) {
  return async function recordAlerts(
    reports: NonNullable<ChangeEvent['alerts']>,
    omitted: number | undefined,
  ): Promise<Conclusion> {
    const sinceMs = clock().getTime() - keptMs;
    const recent = reports.filter(({ startedAt }) => Date.parse(startedAt) >= sinceMs);
    if (recent.length === 0)
      return {
        verdict: 'ignored',
        reason: 'too_old',
        detail: 'all alerts in it began longer ago than alerts are kept',
      };
    const areNew = await Promise.all(
      boundAlerts(recent.map(hide)).map((report) => alerts.put(withOurNames(report, routing))),
    );
    const named = { alerts: [...new Set(recent.map(({ id }) => id))].slice(0, NAMED_ALERTS) };
    const news = areNew.filter(Boolean).length;
    const rest = omitted ? `; ${omitted} more were left out, as a webhook may report ${reports.length}` : '';
    if (news === 0)
      return { ...named, verdict: 'duplicate', detail: `all its alerts were already recorded in this state${rest}` };
    return {
      ...named,
      verdict: 'recorded',
      detail: `${news} of ${reports.length} alerts in it ${news === 1 ? 'is' : 'are'} new or changed${rest}`,
    };
  };
}
export type RecordAlerts = ReturnType<typeof createRecordAlerts>;

/** Applies the name maps of the configuration, as for changes. */
function withOurNames(report: AlertReport, { environments, services }: RoutingOptions): AlertReport {
  const { environment } = report;
  const ours = environment === undefined ? undefined : (renamed(environments, environment) ?? environment);
  return {
    ...report,
    ...(ours !== undefined && { environment: ours }),
    services: report.services.map(({ label, name }) => ({ label, name: renamed(services, name) ?? name })),
  };
}
