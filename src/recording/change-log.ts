import type { ChangeRecord } from '../domain/change-record.ts';
import type { Predecessor } from '../domain/succession.ts';
import type { DeploymentView } from '../domain/view.ts';
import type { BuiltView, Deployments, Neighbors, Stored } from '../store/changes/deployments.ts';
import { coalesced } from './coalesce.ts';

/** Folds all records of a deployment, and judges it by those before it and by the rules: record.ts. */
export type BuildView = (key: string, records: readonly ChangeRecord[]) => BuiltView | Promise<BuiltView>;

export interface AppliedChange extends DeploymentView {
  /** False when this very step was known already. */
  readonly added: boolean;
  readonly neighbors: Neighbors;
  /** Those that succeeded before it in its place, the newest first. */
  readonly earlier: readonly Predecessor[];
}

/** The change log as it is written: records go in, and the views that depend on them are made anew. */
export interface ChangeLog extends Deployments {
  /**
   * Adds one record to its deployment and makes the view of it anew; running it twice changes nothing.
   * With `replace` a record of the same id is written anew, for a mapper that knows more than it did.
   */
  apply(record: ChangeRecord, options?: { readonly replace?: boolean }): Promise<AppliedChange>;
  /**
   * Makes the view anew from the records, for rules that have changed, or for what has come before it in the meantime.
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
  /** What came late is reported before those that came early: they are judged again by it. */
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
