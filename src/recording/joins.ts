import type { ChangeRecord, Witness } from '../domain/change-record.ts';
import { type Deployment, isFinal } from '../domain/deployment.ts';
import { fold } from '../domain/fold.ts';
import { type JoinOptions, joined, related } from '../domain/join.ts';
import { awaitsAnother } from '../domain/join-wait.ts';
import { memberOf, type NewMember } from '../domain/member.ts';
import { type RoutingOptions, type Rule, route } from '../domain/routing.ts';
import type { DeploymentView } from '../domain/view.ts';
import type { JoinGroups, StoredMember } from '../store/changes/join-groups.ts';
import type { ChangeLog } from './change-log.ts';

export interface JoinParts {
  readonly groups: JoinGroups;
  readonly changeLog: ChangeLog;
  readonly rules: readonly Rule[];
  readonly routing: RoutingOptions;
  readonly options: JoinOptions;
  /** So soon after one another the signals of one end come. 0: nobody waits. */
  readonly settleMs: number;
  /** As what kind of witness a configured source tells. */
  readonly witnessOf: (instance: string) => Witness | undefined;
}

/** A record as it goes into the change log, and what is left to do once it is there. */
export interface JoinedRecord {
  /** Under the key of the deployment that it reports. */
  readonly record: ChangeRecord;
  /**
   * Moves the records of those that belong elsewhere, now that more is known.
   * @returns the deployments that it changed.
   */
  settle(): Promise<readonly DeploymentView[]>;
  /** Delivery is delayed by so many milliseconds: another signal is likely to report the same end in a moment. */
  readonly tellAfterMs: number;
}

/** Makes the signals of several tools one deployment, where it is certain that they report one (domain/join.ts). */
export interface Joins {
  assign(record: ChangeRecord): Promise<JoinedRecord>;
  /** Delivery of a failure is delayed by so many milliseconds where the job may turn out never to have run. */
  untilItIsKnownMs(deployment: Deployment): number;
  /** Those that may be the same deployment, though it is not certain enough to make them one: their keys. */
  related(deployment: Deployment): Promise<readonly string[]>;
}

/** What one signal changes may change another one's place; two workers may meet in it. */
const MAX_ROUNDS = 8;

export function createJoins(parts: JoinParts): Joins {
  const { groups, changeLog, rules, routing, options, settleMs, witnessOf } = parts;
  const memberIn = (record: ChangeRecord): NewMember | undefined => {
    const witness = witnessOf(record.instance);
    if (!witness || record.madeByApi) return undefined;
    const own = ownRecord(record);
    const { deployment, join } = route(fold(own.deployment, [own]), rules, routing);
    const end = isFinal(own.state) ? own.signal : undefined;
    return memberOf({ deployment, witness, join, end, ...(own.stage && { stage: own.stage }) });
  };
  const misplaced = (members: readonly StoredMember[], plan = joined(members, options)) => {
    return members.flatMap((member) => {
      const to = plan.get(member.key) ?? member.key;
      return to === member.under || isSettled(member, to, members) ? [] : [{ member, to }];
    });
  };
  const settle = async (member: NewMember) => {
    const changed = new Set<string>();
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const moves = misplaced(await groups.read(member));
      if (moves.length === 0) break;
      for (const move of moves) {
        await moveRecords(parts, move);
        changed.add(move.member.under).add(move.to);
      }
    }
    const views = await Promise.all([...changed].map((key) => changeLog.get(key)));
    return views.filter((view) => view !== undefined);
  };
  return {
    async assign(record) {
      const member = memberIn(record);
      if (!member) return { record, settle: async () => [], tellAfterMs: 0 };
      const members = await groups.add(member);
      const known = members.find(({ key }) => key === member.key);
      const plan = joined(members, options);
      const planned = plan.get(member.key) ?? member.key;
      const to = known && isSettled(known, planned, members) ? known.under : planned;
      const isFirst = known?.under === member.key && to !== member.key && (await isEmpty(changeLog, member.key));
      if (isFirst) await groups.assign(member, to);
      // Whoever is added later sees this one: a partner that comes meanwhile looks again.
      const isAlone = !members.some(({ key }) => key !== member.key && plan.get(key) === planned);
      const isSettledNow = isAlone && misplaced(members, plan).length === 0;
      return {
        record: under({ ...record, witness: member.witness }, to),
        settle: async () => (isSettledNow ? [] : settle(member)),
        tellAfterMs: member.endedBy && awaitsAnother(member.key, members, { plan, withinMs: settleMs }) ? settleMs : 0,
      };
    },
    untilItIsKnownMs: (deployment) =>
      witnessOf(deployment.instance) === 'job' && perhapsNeverRan(deployment) ? settleMs : 0,
    async related(deployment) {
      const place = memberOf({ deployment, witness: 'job', join: undefined });
      const members = place ? await groups.read(place) : [];
      const own = members.find(({ under }) => under === deployment.key);
      return own ? related(own.key, members, options) : [];
    },
  };
}

/** Nobody has said that it began: another signal of the job knows whether it did, and comes a moment later. */
const perhapsNeverRan = ({ state, startedAt, endReason }: Deployment): boolean =>
  state === 'failed' && startedAt === undefined && endReason === undefined;

/** Its partners are forgotten, or it is not known any more why it was joined: what is one stays one. */
const isSettled = (member: StoredMember, to: string, members: readonly StoredMember[]): boolean =>
  to === member.key && member.under !== member.key && !members.some(({ key }) => key === member.under);

const isEmpty = async (changeLog: ChangeLog, key: string) => (await changeLog.stored(key)).records.length === 0;

async function moveRecords(
  { changeLog, groups }: JoinParts,
  { member, to }: { readonly member: StoredMember; readonly to: string },
): Promise<void> {
  const from = member.under;
  const { name, records } = await changeLog.stored(from);
  const own = records.filter((record) => (record.joinedFrom ?? record.deployment) === member.key);
  await groups.assign(member, to);
  for (const record of own) await changeLog.apply(under(record, to));
  if (own.length === 0 || name === to) return;
  const ids = own.map(({ id }) => id);
  await changeLog.take(name, ids, to);
  await changeLog.refresh(name);
}

/** As its source told it, before it was joined with others. */
function ownRecord(record: ChangeRecord): ChangeRecord {
  const { joinedFrom, ...rest } = record;
  return joinedFrom === undefined ? rest : { ...rest, deployment: joinedFrom };
}

function under(record: ChangeRecord, key: string): ChangeRecord {
  const own = ownRecord(record);
  if (key === own.deployment) return own;
  const { occurrence: _, ...joinable } = own; // which of several of its own name it is says nothing of another's
  return { ...joinable, deployment: key, joinedFrom: own.deployment, aliases: [...own.aliases, own.deployment] };
}
