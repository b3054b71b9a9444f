import { shortSha } from '../values/sha.ts';
import type { ChangeType, State, Tier } from './change-record.ts';
import type { Deployment } from './deployment.ts';
import { serviceDigest } from './service.ts';

/**
 * What the timeline draws of one deployment. The store keeps it beside the view, a tenth of its size: a timeline reads
 * its whole range.
 */
export interface TimelineEntry {
  readonly key: string;
  readonly atMs: number;
  readonly state: State;
  /** For one that has failed: since when it had run before. It counts as running until another one replaces it. */
  readonly ranSinceMs?: number;
  readonly changeType: ChangeType;
  readonly environment: { readonly name: string; readonly tier?: Tier };
  readonly service: string;
  /** Which of the services of that name (service.ts, serviceDigest). Absent: 0.1.0 wrote it. */
  readonly identity?: string;
  /** The beginning of the commit's sha, else branch, tag or artifact. */
  readonly revision?: string;
  readonly actor?: string;
}

/** The fields that decide where an entry is drawn, except its time. */
export type TimelineCategory = Pick<TimelineEntry, 'state' | 'ranSinceMs' | 'changeType' | 'environment'>;

/** A range has up to 100,000 entries and few categories; the details of merged ones are never parsed. */
export interface LazyTimelineEntry {
  readonly atMs: number;
  /** One shared object for all entries of a category, or nearly all. */
  readonly category: TimelineCategory;
  entry(): TimelineEntry;
}

export function timelineEntryOf(deployment: Deployment): TimelineEntry {
  const { key, state, changeType, environment, service, commit, ref, artifacts, actor, occurredAt, succeededAt } =
    deployment;
  const revision = (commit?.sha && shortSha(commit.sha)) ?? ref ?? artifacts[0];
  return {
    key,
    atMs: Date.parse(occurredAt),
    state,
    ...(succeededAt && { ranSinceMs: Date.parse(succeededAt) }),
    changeType,
    environment: { name: environment.name, ...(environment.tier && { tier: environment.tier }) },
    service,
    identity: serviceDigest(deployment),
    ...(revision !== undefined && { revision }),
    ...(actor !== undefined && { actor }),
  };
}

/** Since when it runs or ran in its slot. Undefined: it never did. */
export const runsSinceMs = ({ atMs, state, ranSinceMs }: Pick<TimelineEntry, 'atMs' | 'state' | 'ranSinceMs'>) =>
  state === 'succeeded' ? atMs : ranSinceMs;
