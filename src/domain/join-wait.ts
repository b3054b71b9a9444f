import type { Member } from './join.ts';

/** So many of the deployments before it in the same environment are asked who told of their end. */
const LOOKED_AT = 3;

/**
 * Whether the end of a deployment will soon be told by another signal as well: in the same environment, signals that
 * have not come yet told of the end of one of the last deployments within so short a time of each other. Who can be
 * told once alone had better hear of it then, with what all of them know.
 * @param plan each member's key → the key of its deployment
 */
export function awaitsAnother(
  key: string,
  members: readonly Member[],
  { plan, withinMs }: { readonly plan: ReadonlyMap<string, string>; readonly withinMs: number },
): boolean {
  const rootOf = (member: Member) => plan.get(member.key) ?? member.key;
  const own = members.find((member) => member.key === key);
  if (!own) return false;
  const ownEnds = endsOf(members.filter((member) => rootOf(member) === rootOf(own)));
  const others = members
    .filter((member) => rootOf(member) !== rootOf(own) && isSamePlace(member, own) && member.endedBy)
    .toSorted((a, b) => b.order - a.order);
  const before = [...new Set(others.map(rootOf))].slice(0, LOOKED_AT);
  return before.some((root) => {
    const ends = endsOf(members.filter((member) => rootOf(member) === root));
    const first = Math.min(...ends.values());
    return [...ends].some(([signal, at]) => at - first <= withinMs && !ownEnds.has(signal));
  });
}

const isSamePlace = (a: Member, b: Member): boolean => a.path === b.path && a.environment === b.environment;

function endsOf(members: readonly Member[]): ReadonlyMap<string, number> {
  return new Map(members.flatMap(({ endedBy }) => Object.entries(endedBy ?? {})));
}
