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

export interface ApplyOptions {
  readonly replace?: boolean;
  /** It is probably the first record of its deployment: its view is made while it is stored. */
  readonly isFirst?: boolean;
  /** Called when the record is stored; its view may not be yet. */
  readonly onStored?: () => void;
}

/** The write side of the change log: adds records and rebuilds the views that depend on them. */
export interface ChangeLog extends Deployments {
  /**
   * Adds one record to its deployment and rebuilds its view. A second run changes nothing.
   * With `replace` a record of the same id is overwritten: a newer mapper may read more from the same webhook.
   */
  apply(record: ChangeRecord, options?: ApplyOptions): Promise<AppliedChange>;
  /**
   * Rebuilds the view from the records, after the rules have changed or an earlier deployment was added.
   */
  refresh(name: string): Promise<void>;
}

const MAX_CONTENTION = 1_000; // far above the number of workers: reaching it means a bug, not load

export function createChangeLog(deployments: Deployments, judge: BuildView): ChangeLog {
  const project = async (stored: Stored, expected?: Expected) => {
    const judged = await (expected?.holdsFor(stored) ? expected.judged : judge(stored.name, stored.records));
    const near = await deployments.store(stored, judged);
    return near && { view: judged.view, near, earlier: judged.earlier };
  };
  /** @returns those that followed it, if that changes what they depend on */
  const rebuild = async (name: string): Promise<readonly string[]> => {
    for (let round = 0; round < MAX_CONTENTION; round++) {
      const stored = await deployments.stored(name);
      if (stored.records.length === 0) return [];
      const projected = await project(stored);
      if (projected) return projected.near.followers;
    }
    throw contention(name);
  };
  /** A late record may change what the deployments after it replaced: their views are rebuilt too. */
  const judgeAnew = async (followers: readonly string[], name: string) => {
    for (const follower of new Set(followers)) if (follower !== name) await rebuild(follower);
  };
  const refresh = async (name: string) => judgeAnew(await rebuild(name), name);
  const write = (replace: boolean) =>
    coalesced(placeOf, async (given: readonly Given[]): Promise<readonly AppliedChange[]> => {
      const records = given.map(({ record }) => record);
      let expected = expectation(given, judge);
      let isNew: readonly boolean[] = given.map(() => false);
      for (let round = 0; round < MAX_CONTENTION; round++) {
        const appended = await deployments.append(records, { replace });
        for (const { onStored } of given) onStored?.();
        isNew = isNew.map((before, at) => before || appended.isNew[at] === true);
        const stored = await project(appended, expected);
        expected = undefined; // it may be why the view was not stored
        if (!stored) continue;
        await judgeAnew(stored.near.followers, appended.name);
        return isNew.map((added) => ({ added, neighbors: stored.near, earlier: stored.earlier, ...stored.view }));
      }
      throw contention(records[0]?.deployment ?? '');
    });
  const take: ChangeLog['take'] = async (taken) => {
    const followers = await deployments.take(taken);
    await judgeAnew(followers, taken.name);
    return followers;
  };
  const add = write(false);
  const replaceBy = write(true);
  return {
    ...deployments,
    take,
    apply: (record, { replace = false, ...rest } = {}) => (replace ? replaceBy : add)({ record, ...rest }),
    refresh,
  };
}

type Given = { readonly record: ChangeRecord } & Omit<ApplyOptions, 'replace'>;

const placeOf = ({ record: { deployment, occurrence = '' } }: Given) => `${deployment}\n${occurrence}`;

/** The view of a deployment that has this record alone, made before it is known that it has. */
type Expected = ReturnType<typeof expectation> & {};

function expectation([one, ...others]: readonly Given[], judge: BuildView) {
  if (!one?.isFirst || others.length > 0) return undefined;
  const { record } = one;
  const judged = Promise.resolve(judge(record.deployment, [record]));
  judged.catch(() => {}); // whoever uses it handles its failure
  const holdsFor = ({ name, records }: Stored) =>
    name === record.deployment && records.length === 1 && records[0]?.id === record.id;
  return { judged, holdsFor };
}

const contention = (name: string) =>
  new Error(`deployment ${name} changed ${MAX_CONTENTION} times while it was written`);
