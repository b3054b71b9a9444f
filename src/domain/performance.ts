import { groupBy } from '../values/group.ts';
import { DAY_MS } from '../values/units.ts';
import type { ChangeType } from './change-record.ts';
import type { Deployment } from './deployment.ts';
import { createIsAmbiguous } from './entry-service.ts';
import type { AlertsByChange } from './performance-alerts.ts';
import { qualifierOf, serviceKeyOf } from './service.ts';
import { lineageOf } from './succession.ts';

/**
 * The four measures of delivery (dora.dev), each with what it was computed from: a figure without its base says
 * nothing.
 */
export interface Performance {
  /** Finished deployments, roll-backs among them. */
  readonly finished: number;
  readonly frequency: { readonly succeeded: number; readonly perDay: number };
  readonly leadTime: {
    readonly medianMs?: number;
    readonly slowTenthMs?: number;
    readonly known: number;
    readonly of: number;
  };
  readonly changeFailure: {
    readonly rate?: number;
    readonly failed: number;
    readonly rolledBack: number;
    readonly of: number;
  };
  readonly restore: { readonly medianMs?: number; readonly restored: number; readonly open: number };
}

/** One UTC day. */
export interface Day {
  /** `2026-03-14` */
  readonly date: string;
  readonly succeeded: number;
  readonly failed: number;
}

export interface DateRange {
  readonly from: Date;
  readonly to: Date;
}

/** What is measured, and what counts as a failure. */
export interface Measured extends DateRange {
  /** Absent: failed deployments and roll-backs are the failures. */
  readonly alerts?: AlertsByChange | undefined;
}

/** With fewer values there is no slowest tenth. */
const LEAST_FOR_TENTH = 10;

/** Types that bring a version somewhere. The others change something that runs already. */
const IS_DEPLOYMENT: Readonly<Record<ChangeType, boolean>> = {
  deployment: true,
  code: true,
  infrastructure: true,
  database_migration: true,
  security_patch: true,
  rollback: true,
  config_change: false,
  feature_flag: false,
  scaling: false,
  other: false,
};

/** Today and the days before it, from midnight UTC: whole days, so that bars can be compared. */
export function lastDays(days: number, now: Date): DateRange {
  const today = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
  return { from: new Date(today - (days - 1) * DAY_MS), to: now };
}

/**
 * The deployments that count: those that deploy something, and have ended. A canceled one has neither worked nor
 * failed.
 */
export function finishedDeployments(deployments: readonly Deployment[]): Deployment[] {
  return deployments
    .filter(({ changeType, state }) => IS_DEPLOYMENT[changeType] && (state === 'succeeded' || state === 'failed'))
    .toSorted((a, b) => a.occurredAt.localeCompare(b.occurredAt));
}

/** @param finished by time, as finishedDeployments() gives them. */
export function performanceOf(finished: readonly Deployment[], span: Measured): Performance {
  const succeeded = finished.filter(({ state }) => state === 'succeeded').length;
  const days = Math.max(1, Math.ceil((span.to.getTime() - span.from.getTime()) / DAY_MS));
  return {
    finished: finished.length,
    frequency: { succeeded, perDay: succeeded / days },
    leadTime: leadTimeOf(finished),
    changeFailure: span.alerts ? alertedOf(finished, span.alerts) : changeFailureOf(finished),
    restore: span.alerts ? resolvedOf(finished, span.alerts) : restoreOf(finished),
  };
}

/**
 * From the commit to its first success in an environment. A commit that is deployed again was there already; a
 * roll-back is no delivery.
 */
function leadTimeOf(finished: readonly Deployment[]): Performance['leadTime'] {
  const first = new Map<string, Deployment>();
  for (const deployment of finished) {
    if (deployment.state !== 'succeeded' || deployment.changeType === 'rollback') continue;
    const name = `${lineageOf(deployment)}\n${deployment.commit?.sha ?? deployment.key}`;
    if (!first.has(name)) first.set(name, deployment);
  }
  const times = [...first.values()].flatMap(({ commit, finishedAt, occurredAt }) => {
    const ms = Date.parse(finishedAt ?? occurredAt) - Date.parse(commit?.committedAt ?? '');
    return ms >= 0 ? [ms] : []; // not known, or two clocks contradict each other
  });
  const medianMs = quantile(times, 0.5);
  const slowTenthMs = times.length >= LEAST_FOR_TENTH ? quantile(times, 0.9) : undefined;
  return {
    ...(medianMs !== undefined && { medianMs }),
    ...(slowTenthMs !== undefined && { slowTenthMs }),
    known: times.length,
    of: first.size,
  };
}

/** Of the changes: a roll-back repairs a change and is none itself. */
function changeFailureOf(finished: readonly Deployment[]): Performance['changeFailure'] {
  const undone = new Set(
    finished.flatMap(({ changeType, state, replaced }) =>
      changeType === 'rollback' && state === 'succeeded' && replaced ? [replaced.deployment] : [],
    ),
  );
  const changes = finished.filter(({ changeType }) => changeType !== 'rollback');
  const failed = changes.filter(({ state }) => state === 'failed').length;
  const rolledBack = changes.filter(({ state, key }) => state === 'succeeded' && undone.has(key)).length;
  return {
    ...(changes.length > 0 && { rate: (failed + rolledBack) / changes.length }),
    failed,
    rolledBack,
    of: changes.length,
  };
}

/** Changes after which an alert began that counts against them. */
function alertedOf(finished: readonly Deployment[], alerts: AlertsByChange): Performance['changeFailure'] {
  const changes = finished.filter(({ changeType }) => changeType !== 'rollback');
  const failed = changes.filter(({ key }) => alerts.has(key)).length;
  return { ...(changes.length > 0 && { rate: failed / changes.length }), failed, rolledBack: 0, of: changes.length };
}

/** How long those alerts lasted. */
function resolvedOf(finished: readonly Deployment[], alerts: AlertsByChange): Performance['restore'] {
  const counted = finished.flatMap(({ key }) => alerts.get(key) ?? []);
  const times = counted.flatMap(({ startedAt, endedAt }) =>
    endedAt === undefined ? [] : [Math.max(0, Date.parse(endedAt) - Date.parse(startedAt))],
  );
  const medianMs = quantile(times, 0.5);
  const open = counted.filter(({ state }) => state === 'firing').length;
  return { ...(medianMs !== undefined && { medianMs }), restored: times.length, open };
}

/**
 * From the first failure of a service in an environment to its next success there; failures in between belong to the
 * same incident.
 */
function restoreOf(finished: readonly Deployment[]): Performance['restore'] {
  const failedAt = new Map<string, number>();
  const times: number[] = [];
  for (const deployment of finished) {
    const lineage = lineageOf(deployment);
    const atMs = Date.parse(deployment.occurredAt);
    const since = failedAt.get(lineage);
    if (deployment.state === 'failed') failedAt.set(lineage, since ?? atMs);
    else if (since !== undefined) {
      times.push(atMs - since);
      failedAt.delete(lineage);
    }
  }
  const medianMs = quantile(times, 0.5);
  return { ...(medianMs !== undefined && { medianMs }), restored: times.length, open: failedAt.size };
}

/** Includes the days without deployments. */
export function daysOf(finished: readonly Deployment[], { from, to }: DateRange): Day[] {
  const counts = new Map<string, { succeeded: number; failed: number }>();
  for (let ms = from.getTime(); ms <= to.getTime(); ms += DAY_MS)
    counts.set(new Date(ms).toISOString().slice(0, 10), { succeeded: 0, failed: 0 });
  for (const { occurredAt, state } of finished) {
    const day = counts.get(occurredAt.slice(0, 10));
    if (day) day[state === 'succeeded' ? 'succeeded' : 'failed'] += 1;
  }
  return [...counts].map(([date, count]) => ({ date, ...count }));
}

/** What the measures are grouped by. */
export interface Grouping {
  nameOf(deployment: Deployment): string;
  /** Identifies a group; default: its name. */
  keyOf?(deployment: Deployment): string;
  /** Distinguishes groups with one name, for a person. */
  qualifierOf?(deployment: Deployment): string;
}

export const BY_SERVICE: Grouping = { nameOf: ({ service }) => service, keyOf: serviceKeyOf, qualifierOf };

export interface GroupPerformance {
  readonly name: string;
  readonly key: string;
  /** Where another group has its name. */
  readonly qualifier?: string;
  readonly performance: Performance;
}

/** Each group's own measures, the one with most deployments first. */
export function performanceBy(
  finished: readonly Deployment[],
  { nameOf, keyOf = nameOf, qualifierOf }: Grouping,
  span: Measured,
): GroupPerformance[] {
  const groups = [...groupBy(finished, keyOf)].map(([key, members]) => {
    const newest = members.at(-1);
    return { key, members, name: newest ? nameOf(newest) : key, qualifier: newest && qualifierOf?.(newest) };
  });
  const isAmbiguous = createIsAmbiguous(groups.map(({ key, name }) => ({ service: name, serviceKey: key })));
  return groups
    .map(({ key, members, name, qualifier }) => ({
      name,
      key,
      ...(qualifier !== undefined && isAmbiguous({ service: name }) && { qualifier }),
      performance: performanceOf(members, span),
    }))
    .sort((a, b) => b.performance.finished - a.performance.finished || a.name.localeCompare(b.name));
}

/** Interpolated between the two nearest values. */
function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)];
  const high = sorted[Math.ceil(at)];
  return low === undefined || high === undefined ? undefined : low + (high - low) * (at - Math.floor(at));
}
