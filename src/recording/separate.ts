import type { DeploymentView } from '../domain/view.ts';
import type { AppliedChange, ChangeLog } from './change-log.ts';
import type { Joins } from './joins.ts';
import type { Repeats } from './repeats.ts';
import type { Separated } from './separated-repeats.ts';

export interface SeparateParts {
  readonly changeLog: Pick<ChangeLog, 'apply' | 'get' | 'take' | 'refresh'>;
  readonly joins: Pick<Joins, 'assign'>;
  readonly repeats: Pick<Repeats, 'assign' | 'separated'>;
}

/** Moving one record may move others. This is far above the number of deployments of one lineage in an hour. */
const MAX_MOVES = 200;

/**
 * Makes a record that was treated as a repeat a deployment of its own, once another one is known to have run between.
 * @returns the deployments that it changed.
 */
export async function separate(parts: SeparateParts, view: AppliedChange): Promise<readonly DeploymentView[]> {
  const changed = new Set<string>();
  const open = [view];
  for (let moves = 0; moves < MAX_MOVES; ) {
    const next = open.shift();
    if (!next) break;
    for (const found of await parts.repeats.separated(next)) {
      const moved = await move(parts, found);
      open.push(moved.view);
      for (const key of [found.from, moved.view.deployment.key, ...moved.others]) changed.add(key);
      moves += 1;
    }
  }
  const views = await Promise.all([...changed].map((key) => parts.changeLog.get(key)));
  return views.filter((one) => one !== undefined);
}

/** Writes the record to its new deployment first: if the process ends before the old one is removed, it is redone. */
async function move(
  { changeLog, joins, repeats }: SeparateParts,
  { record, from, id }: Separated,
): Promise<{ readonly view: AppliedChange; readonly others: readonly string[] }> {
  const join = await joins.assign(await repeats.assign(record, { anew: true }));
  const view = await changeLog.apply(join.record, join);
  const others = await join.settle();
  if (view.deployment.key !== from) {
    await changeLog.take({ name: from, ids: [id], to: view.deployment.key });
    await changeLog.refresh(from);
  }
  return { view, others: others.map(({ deployment }) => deployment.key) };
}
