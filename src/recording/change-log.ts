import type { ChangeRecord } from '../domain/change-record.ts';
import type { Predecessor } from '../domain/succession.ts';
import type { DeploymentView } from '../domain/view.ts';
import type { BuiltView, Deployments, Neighbors, Stored } from '../store/changes/deployments.ts';
import { coalesced } from './coalesce.ts';

/** Folds all records of a deployment, compares it with its predecessors and applies the rules: record.ts. */
export type BuildView = (key: string, records: readonly ChangeRecord[]) => BuiltView | Promise<BuiltView>;

export interface AppliedChange extends DeploymentView {
  /** False when this record was already stored. */
  readonly added: boolean;
  readonly neighbors: Neighbors;
  /** Deployments of the same lineage that succeeded before it, newest first. */
  readonly earlier: readonly Predecessor[];
}

/** The write side of the change log: adds records and rebuilds the views that depend on them. */
export interface ChangeLog extends Deployments {
  /**
   * Adds one record to its deployment and rebuilds its view. A second run changes nothing.
   * With `replace` a record of the same id is overwritten: a newer mapper may read more from the same webhook.
   */
  apply(record: ChangeRecord, options?: { readonly replace?: boolean }): Promise<AppliedChange>;
  /**
   * Rebuilds the view from the records, after the rules have changed or an earlier deployment was added.
   */
  refresh(name: string): Promise<void>;
}

const MAX_CONTENTION = 1_000; // far above the number of workers: reaching it means a bug, not load

export function createChangeLog(deployments: Deployments, judge: BuildView): ChangeLog {
  const project = async (stored: Stored) => {
    const judged = await judge(stored.name, stored.records);
    const near = await deployments.store(stored, judged);
    return near && { view: judged.view, near, earlier: judged.earlier };
  };
  const refresh = async (name: string) => {
    for (let round = 0; round < MAX_CONTENTION; round++) {
      const stored = await deployments.stored(name);
      if (stored.records.length === 0 || (await project(stored))) return;
    }
    throw contention(name);
  };
  /** A late record may change what the deployments after it replaced: their views are rebuilt too. */
  const judgeAnew = async ({ followers }: Neighbors, name: string) => {
    for (const follower of new Set(followers)) if (follower !== name) await refresh(follower);
  };
  const write = (replace: boolean) =>
    coalesced(occurrenceOf, async (given: readonly ChangeRecord[]): Promise<readonly AppliedChange[]> => {
      let isNew: readonly boolean[] = given.map(() => false);
      for (let round = 0; round < MAX_CONTENTION; round++) {
        const appended = await deployments.append(given, { replace });
        isNew = isNew.map((before, at) => before || appended.isNew[at] === true);
        const stored = await project(appended);
        if (!stored) continue;
        await judgeAnew(stored.near, appended.name);
        return isNew.map((added) => ({ added, neighbors: stored.near, earlier: stored.earlier, ...stored.view }));
      }
      throw contention(given[0]?.deployment ?? '');
    });
  const add = write(false);
  const replaceBy = write(true);
  return { ...deployments, apply: (record, { replace = false } = {}) => (replace ? replaceBy : add)(record), refresh };
}

const occurrenceOf = ({ deployment, occurrence = '' }: ChangeRecord) => `${deployment}\n${occurrence}`;

const contention = (name: string) =>
  new Error(`deployment ${name} changed ${MAX_CONTENTION} times while it was written`);
