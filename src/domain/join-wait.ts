import type { Member } from './join-member.ts';

/** How many earlier deployments of the same environment are considered. */
const LOOKED_AT = 3;

/**
 * Whether another signal will probably report the end of this deployment soon: in the same environment, one of the last
 * deployments was reported by a signal that has ended this one, and within `withinMs` of it by one that is still
 * missing here. A destination that accepts a state only once should then get it later, with what all signals report.
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
    .filter((member) => rootOf(member) !== rootOf(own) && isSameSlot(member, own) && member.endedBy)
    .toSorted((a, b) => b.order - a.order);
  const before = [...new Set(others.map(rootOf))].slice(0, LOOKED_AT);
  return before.some((root) => {
    const ends = endsOf(members.filter((member) => rootOf(member) === root));
    const here = [...ends].filter(([signal]) => ownEnds.has(signal));
    const missing = [...ends].filter(([signal]) => !ownEnds.has(signal));
    return missing.some(([, at]) => here.some(([, ownAt]) => Math.abs(at - ownAt) <= withinMs));
  });
}

const isSameSlot = (a: Member, b: Member): boolean => a.path === b.path && a.environment === b.environment;

/** When each signal first reported the end: two members may have the same one, at different times. */
function endsOf(members: readonly Member[]): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  for (const [signal, at] of members.flatMap(({ endedBy }) => Object.entries(endedBy ?? {})))
    ends.set(signal, Math.min(at, ends.get(signal) ?? at));
  return ends;
}
