import type { Response } from 'express';
import { z } from 'zod';
import type { Deployment } from '../domain/deployment.ts';
import { isTeam } from '../domain/owners.ts';
import {
  BY_SERVICE,
  type DateRange,
  finishedDeployments,
  type Grouping,
  lastDays,
  type Performance,
  performanceBy,
} from '../domain/performance.ts';
import { attributeAlerts } from '../domain/performance-alerts.ts';
import { swimlaneOf } from '../domain/swimlane.ts';
import { tierOf } from '../domain/tier.ts';
import { type Alerts, MAX_LOOKED_AT } from '../store/alerts/alerts.ts';
import type { Deployments } from '../store/changes/deployments.ts';
import { csvRow } from '../values/csv.ts';
import { TypedText } from '../values/text.ts';
import { fail, readQuery } from './error-response.ts';

/** Days. */
export const PERFORMANCE_RANGES = { '7d': 7, '30d': 30, '90d': 90 } as const;
const rangeNames = ['7d', '30d', '90d'] as const satisfies readonly (keyof typeof PERFORMANCE_RANGES)[];
const Text = TypedText.default('');

export const PerformanceQuery = z.strictObject({
  /** Empty: production by tier; `*`: all. */
  environment: Text,
  service: Text,
  /** A team of `owners`. */
  owner: Text,
  range: z.enum(rangeNames, { error: `write ${rangeNames.join(', ')}` }).default('30d'),
  /** What counts as a failure, for the change failure rate and the time to restore. */
  failures: z.enum(['deployments', 'alerts'], { error: 'write deployments or alerts' }).default('deployments'),
  by: z.enum(['service', 'environment', 'team'], { error: 'write service, environment or team' }).default('service'),
  format: z.enum(['json', 'csv'], { error: 'write json or csv' }).default('json'),
});

/** Newest deployments that are read: about a second of work. */
const MOST = 20_000;
const PAGE = 1_000; // about two megabytes

/** By key: a deployment that is added while we read moves the others by one place. */
export async function readSpan(
  deployments: Pick<Deployments, 'list'>,
  { from, to }: DateRange,
): Promise<{ found: Deployment[]; total: number }> {
  const found = new Map<string, Deployment>();
  for (let offset = 0; ; offset += PAGE) {
    const page = await deployments.list({
      facets: {},
      sinceMs: from.getTime(),
      untilMs: to.getTime(),
      limit: PAGE,
      offset,
    });
    for (const deployment of page.deployments) found.set(deployment.key, deployment);
    if (offset + PAGE >= Math.min(page.total, MOST)) return { found: [...found.values()], total: page.total };
  }
}

/** The span of the same length right before it. */
export function spanBefore({ from, to }: DateRange): DateRange {
  return { from: new Date(2 * from.getTime() - to.getTime()), to: new Date(from.getTime() - 1) };
}

const isNamed = (name: string, wanted: string): boolean => name.toLowerCase() === wanted.toLowerCase();

/** @param wanted empty: production; `*`: all; else a name, or that of a group of environments */
export function isIn({ environment }: Deployment, wanted: string): boolean {
  if (wanted === '') return tierOf(environment) === 'production';
  return wanted === '*' || isNamed(environment.name, wanted) || isNamed(swimlaneOf(environment), wanted);
}

/** Whether the service and its owner are those of the query; empty: any. */
export const isOf = (
  one: Deployment,
  { service, owner }: { readonly service: string; readonly owner: string },
): boolean => (service === '' || isNamed(one.service, service)) && (owner === '' || isTeam(one.owner, owner));

/** What the measures can be grouped by. */
export const GROUPINGS = {
  service: BY_SERVICE,
  environment: { nameOf: ({ environment }) => swimlaneOf(environment) },
  team: { nameOf: ({ owner }) => owner?.team ?? NO_TEAM },
} as const satisfies Readonly<Record<string, Grouping>>;
export const NO_TEAM = '(nobody)';

export interface PerformanceParts {
  readonly deployments: Pick<Deployments, 'list'>;
  readonly alerts: Pick<Alerts, 'list'>;
}

/** The alerts of a span, by the change that each counts against. Undefined: failed deployments count. */
export async function readFailures(
  alerts: Pick<Alerts, 'list'>,
  failures: 'deployments' | 'alerts',
  { finished, from, to }: DateRange & { readonly finished: readonly Deployment[] },
) {
  if (failures === 'deployments') return { isWhole: true };
  const found = await alerts.list({ sinceMs: from.getTime(), untilMs: to.getTime() });
  return { alerts: attributeAlerts(finished, found), isWhole: found.length < MAX_LOOKED_AT };
}

/** The four measures, by service, environment or team, with those of the span before. */
export async function sendPerformance(
  { deployments, alerts }: PerformanceParts,
  asked: unknown,
  response: Response,
): Promise<void> {
  const query = readQuery(PerformanceQuery, asked);
  if ('message' in query) return fail(response, { status: 400, type: 'validation_error', message: query.message });
  const { range, by, format, environment, failures } = query.data;
  const span = lastDays(PERFORMANCE_RANGES[range], new Date());
  const measure = async (of: DateRange) => {
    const { found, total } = await readSpan(deployments, of);
    const finished = finishedDeployments(found);
    const chosen = finished.filter((one) => isIn(one, environment) && isOf(one, query.data));
    const failed = await readFailures(alerts, failures, { ...of, finished });
    const rows = performanceBy(chosen, GROUPINGS[by], { ...of, alerts: failed.alerts });
    return { rows, isWhole: total <= found.length && failed.isWhole };
  };
  const [now, before] = await Promise.all([measure(span), measure(spanBefore(span))]);
  const earlier = new Map(before.rows.map(({ key, performance }) => [key, performance]));
  const data = now.rows.map(({ name, key, qualifier = null, performance }) => {
    const previous = earlier.get(key);
    return { [by]: name, ...figures(performance), qualifier, previous: previous ? figures(previous) : null };
  });
  if (format === 'csv') return sendCsv(response, by, data);
  response.json({
    data,
    meta: {
      since: span.from.toISOString(),
      until: span.to.toISOString(),
      environment: environment === '' ? 'production' : environment,
      failures,
      is_whole: now.isWhole,
    },
  });
}

type Row = Record<string, unknown> & { readonly previous: unknown };

function sendCsv(response: Response, by: string, rows: readonly Row[]): void {
  const names = [by, ...FIGURES, 'qualifier'];
  // what figures() makes
  const body = [names, ...rows.map((row) => names.map((name) => row[name] as string | number | null))];
  response
    .set('content-disposition', 'attachment; filename="shiplog-performance.csv"')
    .type('text/csv')
    .send(body.map(csvRow).join(''));
}

const seconds = (ms: number | undefined): number | null => (ms === undefined ? null : Math.round(ms / 1000));
const round = (number: number | undefined): number | null =>
  number === undefined ? null : Math.round(number * 10_000) / 10_000;

/** For programs: seconds and ratios; null where nothing is known. */
const figures = ({ finished, frequency, leadTime, changeFailure, restore }: Performance) => ({
  finished,
  succeeded: frequency.succeeded,
  deployments_per_day: round(frequency.perDay),
  lead_time_seconds: seconds(leadTime.medianMs),
  lead_time_known: leadTime.known,
  lead_time_of: leadTime.of,
  change_failure_rate: round(changeFailure.rate),
  failed: changeFailure.failed,
  rolled_back: changeFailure.rolledBack,
  changes: changeFailure.of,
  time_to_restore_seconds: seconds(restore.medianMs),
  restored: restore.restored,
  not_restored: restore.open,
});

const FIGURES = [
  'finished',
  'succeeded',
  'deployments_per_day',
  'lead_time_seconds',
  'lead_time_known',
  'lead_time_of',
  'change_failure_rate',
  'failed',
  'rolled_back',
  'changes',
  'time_to_restore_seconds',
  'restored',
  'not_restored',
] as const satisfies readonly (keyof ReturnType<typeof figures>)[];
