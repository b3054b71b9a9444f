import type { ChangeRecord } from '../domain/change-record.ts';
import type { DeploymentView } from '../domain/view.ts';
import type { JoinGroups } from '../store/changes/join-groups.ts';
import type { Repositories } from '../store/changes/repositories.ts';
import type { ChangeLog } from './change-log.ts';
import type { Joins } from './joins.ts';

export interface FollowRenameParts {
  readonly repositories: Pick<Repositories, 'note' | 'followed'>;
  readonly groups: Pick<JoinGroups, 'read'>;
  readonly changeLog: Pick<ChangeLog, 'stored' | 'get' | 'refresh'>;
  readonly joins: Pick<Joins, 'assign'>;
}

/** @returns the deployments that it changed. */
export type FollowRename = (step: ChangeRecord) => Promise<readonly DeploymentView[]>;

/**
 * Notes the name of a repository that its forge's id identifies. Where it has a new one, signals that know only that
 * name may have arrived before: their deployments become those of the same service, and may be joined with others.
 */
export function createFollowRename({ repositories, groups, changeLog, joins }: FollowRenameParts): FollowRename {
  const follow = async (name: string): Promise<readonly DeploymentView[]> => {
    const path = name.toLowerCase();
    const members = (await groups.read({ path })).filter((one) => one.path === path || one.path.endsWith(`/${path}`));
    const changed = new Set<string>();
    for (const { key, under } of members) {
      const { records } = await changeLog.stored(under);
      const own = records.find((record) => (record.joinedFrom ?? record.deployment) === key);
      if (!own) continue;
      const moved = await (await joins.assign(own)).settle();
      await changeLog.refresh(under);
      for (const view of moved) changed.add(view.deployment.key);
      changed.add(under);
    }
    const views = await Promise.all([...changed].map((key) => changeLog.get(key)));
    return views.filter((view) => view !== undefined);
  };
  return async ({ repository, receivedAt }) => {
    const { id, name } = repository ?? {};
    if (id === undefined || name === undefined) return [];
    if (!(await repositories.note({ id, name }, receivedAt))) return [];
    const changed = await follow(name);
    await repositories.followed({ id, name });
    return changed;
  };
}
