import { capital } from '../values/text.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../values/units.ts';
import type { Alert } from './alert.ts';
import type { ChangeType, RiskLevel } from './change-record.ts';
import type { Deployment } from './deployment.ts';
import { lineageOf } from './succession.ts';

/** How long changes of the same service count; those of its team and environment count for a day. */
export const SERVICE_REACH_MS = 7 * DAY_MS;
export const PLACE_REACH_MS = DAY_MS;
/** A change that began before the alert may have ended after it: changes are read up to this long after it. */
export const AFTER_MS = 2 * HOUR_MS;
/** Tolerance for two clocks, and for alerts whose times have whole seconds. */
const CLOCK_SLACK_MS = 5_000;
/** A longer list is a change log, not suspects. */
export const MAX_SUSPECTS = 10;

/** One reason for or against a change, with its points. */
export interface SuspectReason {
  readonly text: string;
  readonly points: number;
}

export interface Suspect {
  readonly deployment: Deployment;
  /** The sum of its reasons. */
  readonly points: number;
  readonly reasons: readonly SuspectReason[];
}

/** What the changes are compared with. */
export interface SuspectQuestion {
  readonly alert: Pick<Alert, 'startedAt' | 'services' | 'environment'>;
  /** The environments that the alert's name means; empty: it names none. */
  readonly environments: readonly string[];
  /** The team that owns the service. */
  readonly team?: string | undefined;
}

/**
 * Which changes may have caused an alert, the most likely first. A change counts from when it began: one that was under
 * way is a suspect whatever its outcome. Of two with the same points the later one comes first.
 */
export function rankSuspects(deployments: readonly Deployment[], question: SuspectQuestion): Suspect[] {
  const alertMs = Date.parse(question.alert.startedAt);
  const undoing = { replacedAtMs: replacements(deployments), rolledBackAtMs: rollBacks(deployments) };
  const rated = deployments
    .filter((deployment) => mayHaveCaused(deployment, alertMs))
    .map((deployment): Suspect & { readonly beganMs: number } => {
      const reasons = reasonsOf(deployment, { question, alertMs, ...undoing });
      const points = reasons.reduce((sum, reason) => sum + reason.points, 0);
      return { deployment, points, reasons, beganMs: beganMsOf(deployment) };
    });
  return rated
    .sort((a, b) => b.points - a.points || b.beganMs - a.beganMs || (a.deployment.key < b.deployment.key ? -1 : 1))
    .slice(0, MAX_SUSPECTS)
    .map(({ beganMs: _, ...suspect }) => suspect);
}

const beganMsOf = ({ startedAt, succeededAt, occurredAt }: Deployment): number =>
  Date.parse(startedAt ?? succeededAt ?? occurredAt);

/** It began before the alert, and it did run. */
const mayHaveCaused = (deployment: Deployment, alertMs: number): boolean =>
  deployment.state !== 'pending' &&
  deployment.endReason !== 'never_ran' &&
  beganMsOf(deployment) <= alertMs + CLOCK_SLACK_MS;

/** When each was replaced by another one: epoch milliseconds. */
function replacements(deployments: readonly Deployment[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const { replaced, state, occurredAt } of deployments)
    if (replaced && state === 'succeeded') noteEarliest(found, replaced.deployment, Date.parse(occurredAt));
  return found;
}

/** When each was undone by a roll-back: epoch milliseconds. */
function rollBacks(deployments: readonly Deployment[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const deployment of deployments)
    if (deployment.changeType === 'rollback' && deployment.state === 'succeeded')
      for (const key of undoneBy(deployment, deployments)) noteEarliest(found, key, Date.parse(deployment.occurredAt));
  return found;
}

function noteEarliest(times: Map<string, number>, key: string, atMs: number): void {
  if (atMs < (times.get(key) ?? Number.POSITIVE_INFINITY)) times.set(key, atMs);
}

/**
 * The changes that a roll-back undid: what it replaced, and everything in its place since the version ran that it went
 * back to, a failed attempt included. If that time is unknown: since what it replaced.
 */
function undoneBy(back: Deployment, deployments: readonly Deployment[]): readonly string[] {
  const beganMs = beganMsOf(back);
  const lineage = lineageOf(back);
  const earlier = deployments.filter(
    (one) => one.key !== back.key && beganMsOf(one) < beganMs && lineageOf(one) === lineage,
  );
  const sha = back.commit?.sha;
  const isSame = ({ commit }: Deployment) => sha !== undefined && commit?.sha === sha;
  const target = earlier
    .filter((one) => isSame(one) && hasSucceeded(one))
    .sort(byBeginning)
    .at(-1);
  const since = target ?? earlier.find(({ key }) => key === back.replaced?.deployment);
  if (!since) return back.replaced ? [back.replaced.deployment] : [];
  const sinceMs = beganMsOf(since);
  return earlier.filter((one) => !isSame(one) && beganMsOf(one) >= sinceMs).map(({ key }) => key);
}

const byBeginning = (a: Deployment, b: Deployment): number => beganMsOf(a) - beganMsOf(b);
const hasSucceeded = ({ state, succeededAt }: Deployment): boolean =>
  state === 'succeeded' || succeededAt !== undefined;

interface Rating {
  readonly question: SuspectQuestion;
  readonly alertMs: number;
  readonly replacedAtMs: ReadonlyMap<string, number>;
  readonly rolledBackAtMs: ReadonlyMap<string, number>;
}

function reasonsOf(deployment: Deployment, rating: Rating): SuspectReason[] {
  const { question, alertMs } = rating;
  return [
    placeReason(deployment, question),
    timeReason(deployment, alertMs),
    outcomeReason(deployment),
    kindReason(deployment.changeType),
    riskReason(deployment.riskLevel),
    replacedReason(deployment.key, rating),
  ].filter((reason) => reason !== undefined);
}

const lower = (name: string | undefined): string | undefined => name?.toLowerCase();

function placeReason(deployment: Deployment, question: SuspectQuestion): SuspectReason {
  const { alert, environments, team } = question;
  const names = [lower(deployment.service), lower(deployment.serviceId)];
  const named = alert.services.find(({ name }) => names.includes(lower(name)));
  const isTeams = team !== undefined && lower(deployment.owner?.team) === lower(team);
  const isThere = environments.some((name) => lower(name) === lower(deployment.environment.name));
  const service = named && `the alert names this service (label ${named.label})`;
  if (service && isThere) return { text: `${capital(service)}, in this environment.`, points: 50 };
  if (service && environments.length === 0) return { text: `${capital(service)}.`, points: 40 };
  if (service) return { text: `${capital(service)}; the alert is of another environment.`, points: 20 };
  if (isTeams && isThere) return { text: `The team ${team} owns it too, in the same environment.`, points: 25 };
  if (isThere) return { text: 'Another service in the same environment.', points: 15 };
  if (isTeams) return { text: `The team ${team} owns it too, in another environment.`, points: 8 };
  return { text: 'Another service.', points: 0 };
}

/** The longest time before the alert, and its points. A change further back gets none. */
const NEARNESS: readonly (readonly [ms: number, points: number])[] = [
  [15 * MINUTE_MS, 30],
  [HOUR_MS, 24],
  [4 * HOUR_MS, 16],
  [12 * HOUR_MS, 8],
  [DAY_MS, 4],
];

/** A change that was under way counts as now. */
function timeReason(deployment: Deployment, alertMs: number): SuspectReason {
  const endMs = Date.parse(deployment.succeededAt ?? deployment.occurredAt);
  const beganMs = beganMsOf(deployment);
  if (deployment.state === 'running' || endMs > alertMs)
    return { text: `Under way when the alert began: it had started ${ago(alertMs - beganMs)} before.`, points: 30 };
  const before = alertMs - endMs;
  const points = NEARNESS.find(([ms]) => before <= ms)?.[1] ?? 0;
  return { text: `${capital(ago(before))} before the alert.`, points };
}

/** `3 minutes`: rounded to whole units, so that two figures of one page agree. */
function ago(ms: number): string {
  const [count, unit] =
    ms < MINUTE_MS
      ? [Math.max(0, Math.floor(ms / 1000)), 'second']
      : ms < 2 * HOUR_MS
        ? [Math.floor(ms / MINUTE_MS), 'minute']
        : ms < 2 * DAY_MS
          ? [Math.floor(ms / HOUR_MS), 'hour']
          : [Math.floor(ms / DAY_MS), 'day'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

function outcomeReason({ state, endReason, succeededAt }: Deployment): SuspectReason | undefined {
  if (state === 'failed') return { text: succeededAt ? 'It failed after it had succeeded.' : 'It failed.', points: 15 };
  if (state === 'canceled' && endReason !== 'superseded') return { text: 'It was canceled while it ran.', points: 5 };
  return undefined;
}

const KINDS: Readonly<Partial<Record<ChangeType, SuspectReason>>> = {
  rollback: { text: 'A roll-back.', points: 8 },
  database_migration: { text: 'A database migration.', points: 10 },
  infrastructure: { text: 'A change of infrastructure.', points: 8 },
  config_change: { text: 'A change of configuration.', points: 8 },
  feature_flag: { text: 'A change of a feature flag.', points: 8 },
  scaling: { text: 'A change of scale.', points: 4 },
};
const kindReason = (changeType: ChangeType): SuspectReason | undefined => KINDS[changeType];

const RISKS: Readonly<Partial<Record<RiskLevel, SuspectReason>>> = {
  critical: { text: 'Its risk is critical.', points: 12 },
  high: { text: 'Its risk is high.', points: 8 },
  medium: { text: 'Its risk is medium.', points: 3 },
};
const riskReason = (level: RiskLevel | undefined): SuspectReason | undefined => (level ? RISKS[level] : undefined);

/**
 * A change that no longer ran when the alert began is less likely, and one that had been undone hardly: what ran then
 * was what had run before it. One that was rolled back afterwards is more likely.
 */
function replacedReason(key: string, { alertMs, replacedAtMs, rolledBackAtMs }: Rating): SuspectReason | undefined {
  const backMs = rolledBackAtMs.get(key);
  if (backMs !== undefined && backMs <= alertMs)
    return { text: `Rolled back ${ago(alertMs - backMs)} before the alert.`, points: -70 };
  const nextMs = replacedAtMs.get(key);
  if (nextMs !== undefined && nextMs <= alertMs)
    return { text: `Replaced ${ago(alertMs - nextMs)} before the alert.`, points: -15 };
  return backMs === undefined
    ? undefined
    : { text: `Rolled back ${ago(backMs - alertMs)} after the alert began.`, points: 15 };
}
