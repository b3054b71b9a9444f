import type { ChangeType, State, Tier } from './change-record.ts';
import type { Deployment } from './deployment.ts';

/**
 * What a timeline draws of one deployment. The store keeps it beside the view, a tenth of its size: a timeline reads
 * all of its range.
 */
export interface Mark {
  readonly key: string;
  readonly atMs: number;
  readonly state: State;
  readonly changeType: ChangeType;
  readonly environment: { readonly name: string; readonly tier?: Tier };
  readonly service: string;
  /** The beginning of the commit's sha, else branch, tag or artifact. */
  readonly revision?: string;
  readonly actor?: string;
}

/** What decides where a mark is drawn, but for its time. */
export type Kind = Pick<Mark, 'state' | 'changeType' | 'environment'>;

/** A range has a hundred thousand marks, few kinds of them, and nobody reads the words of those that are joined. */
export interface Dot {
  readonly atMs: number;
  /** One object for all dots of a kind, or nearly all. */
  readonly kind: Kind;
  readonly mark: () => Mark;
}

export const dotOf = (mark: Mark): Dot => ({ atMs: mark.atMs, kind: mark, mark: () => mark });

export function markOf({ key, ...deployment }: Deployment): Mark {
  const { state, changeType, environment, service, commit, ref, artifacts, actor, occurredAt } = deployment;
  const revision = commit?.sha?.slice(0, 8) ?? ref ?? artifacts[0];
  return {
    key,
    atMs: Date.parse(occurredAt),
    state,
    changeType,
    environment: { name: environment.name, ...(environment.tier && { tier: environment.tier }) },
    service,
    ...(revision !== undefined && { revision }),
    ...(actor !== undefined && { actor }),
  };
}
