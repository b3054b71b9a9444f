import type { ChangeRecord, Witness } from '../domain/change-record.ts';
import { type Deployment, isFinal } from '../domain/deployment.ts';
import { fold } from '../domain/fold.ts';
import { joined, related } from '../domain/join.ts';
import type { JoinOptions } from '../domain/join-fit.ts';
import { awaitsAnother } from '../domain/join-wait.ts';
import { memberOf, type NewMember } from '../domain/member.ts';
import { type RoutingOptions, type Rule, route } from '../domain/rules/routing.ts';
import type { DeploymentView } from '../domain/view.ts';
import type { JoinGroups, Place, StoredMember } from '../store/changes/join-groups.ts';
import type { ChangeLog } from './change-log.ts';
import { type FormerName, withFormerName } from './former-name.ts';

export interface JoinParts {
  readonly groups: JoinGroups;
  readonly changeLog: ChangeLog;
  readonly rules: readonly Rule[];
  readonly routing: RoutingOptions;
  readonly options: JoinOptions;
  /** Signals of the same end usually arrive within this time, milliseconds. 0: do not wait for them. */
  readonly settleMs: number;
  /** The kind of witness that a configured source is. */
  readonly witnessOf: (instance: string) => Witness | undefined;
  /** Absent: no repository was renamed. */
  readonly formerName?: FormerName;
}

/** A record with its final key, and what remains to be done after it was stored. */
export interface JoinedRecord {
  /** The record, with the key of the deployment that it reports. */
  readonly record: ChangeRecord;
  /** No signal with its key was heard before. */
  readonly isFirst: boolean;
  /** To be called when the record is stored: asks whether it still belongs there. */
  onStored(): void;
  /**
   * Moves the records of signals that, after this one, belong to another deployment.
   * @returns the deployments that it changed.
   */
  settle(): Promise<readonly DeploymentView[]>;
  /** How long to delay the delivery: another signal of the same end is likely to arrive soon. */
  readonly delayMs: number;
}

/** Joins the signals of several tools into one deployment where they certainly report the same one (domain/join.ts). */
export interface Joins {
  assign(record: ChangeRecord): Promise<JoinedRecord>;
  /** How long to delay the delivery of a failure: another signal may report that the job never ran. */
  failureDelayMs(deployment: Deployment): number;
  /** Keys of deployments that may be the same one, but not certainly enough to join them. */
  related(deployment: Deployment): Promise<readonly string[]>;
}

/** Moving one signal may move others, and two workers may do it at the same time: rounds until nothing moves. */
const MAX_ROUNDS = 8;

export function createJoins(parts: JoinParts): Joins {
  const { groups, changeLog, rules, routing, options, settleMs, witnessOf, formerName } = parts;
  const memberIn = async (record: ChangeRecord): Promise<NewMember | undefined> => {
    const witness = witnessOf(record.instance) && (record.witness ?? witnessOf(record.instance));
    if (!witness || record.madeByApi) return undefined;
    const own = ownRecord(record);
    const reported = await withFormerName(fold(own.deployment, [own]), formerName);
    const { deployment, join } = route(reported, rules, routing);
    const end = isFinal(own.state) ? own.signal : undefined;
    const { signal, endsOnce, app = own.history?.of, doubts, stage } = own;
    const facts = { signal, endsOnce, app, isInferred: doubts?.service !== undefined, join, end };
    return memberOf({ deployment, witness, ...facts, ...(stage && { stage }) });
  };
  /** Moves that are due, and those that were interrupted. */
  const misplaced = (members: readonly StoredMember[], plan = joined(members, options)) =>
    members.flatMap((member): Move[] => {
      const to = plan.get(member.key) ?? member.key;
      const { key, under, left } = member;
      if (to !== under && !isSettled(member, to, members)) return [{ member, from: under, to, isNew: true }];
      return left
        .filter((place) => place !== under)
        .map((from) => ({ member: { path: member.path, key }, from, to: under }));
    });
  /** Other workers may move the records at the same time: they are moved on until they are where they belong. */
  const move = async ({ member, from, to }: Move, changed: Set<string>) => {
    for (let [place, next, round] = [from, to, 0]; place !== next && round < MAX_ROUNDS; round++) {
      await moveRecords(changeLog, { key: member.key, from: place, to: next });
      changed.add(place).add(next);
      [place, next] = [next, await groups.leave(member, { from: place, to: next })];
    }
  };
  let assigned = 0; // by this process
  const assign = async (member: Move['member'], place: Place, changed: Set<string>) => {
    assigned += 1;
    const from = await groups.assign(member, place);
    if (from !== '') await move({ member, from, to: place.to }, changed);
  };
  const settle = async (member: NewMember, changed: Set<string>) => {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const moves = misplaced(await groups.read(member));
      if (moves.length === 0) break;
      for (const one of moves) await (one.isNew ? assign(one.member, one, changed) : move(one, changed));
    }
  };
  return {
    async assign(record) {
      const member = await memberIn(record);
      if (!member) return { record, isFirst: false, onStored() {}, settle: async () => [], delayMs: 0 };
      const before = assigned;
      const members = await groups.add(member);
      const known = members.find(({ key }) => key === member.key);
      const plan = joined(members, options);
      const planned = plan.get(member.key) ?? member.key;
      const to = known && isSettled(known, planned, members) ? known.under : planned;
      const changed = new Set<string>();
      const isFirst = known?.under === member.key && to !== member.key && (await isEmpty(changeLog, member.key));
      // All its records are in one place before another one is written there.
      if (known && known.under !== to) await assign(member, { to, isFirst }, changed);
      // A member that is added later sees this one and runs its own `settle`.
      const isAlone = !members.some(({ key }) => key !== member.key && plan.get(key) === planned);
      const isSettledNow = isAlone && misplaced(members, plan).length === 0;
      // Another worker may have moved its records while this one was written to their former place.
      const isFirstOfAll = known?.isNew && known.order === 1;
      const askPlace = async () => (isFirstOfAll && assigned === before ? to : groups.leave(member, { from: '', to }));
      let asked: Promise<string> | undefined;
      const place = () => {
        asked ??= askPlace();
        return asked;
      };
      return {
        record: under({ ...record, witness: member.witness }, to),
        isFirst: known?.isNew === true,
        onStored: () => void place().catch(() => {}), // settle() handles it
        async settle() {
          await move({ member, from: to, to: await place() }, changed);
          if (!isSettledNow) await settle(member, changed);
          const views = await Promise.all([...changed].map((key) => changeLog.get(key)));
          return views.filter((view) => view !== undefined);
        },
        delayMs: member.endedBy && awaitsAnother(member.key, members, { plan, withinMs: settleMs }) ? settleMs : 0,
      };
    },
    failureDelayMs: (deployment) =>
      witnessOf(deployment.instance) === 'job' && perhapsNeverRan(deployment) ? settleMs : 0,
    async related(deployment) {
      const place = memberOf({ deployment, witness: 'job', join: undefined });
      const members = place ? await groups.read(place) : [];
      const own = members.find(({ under }) => under === deployment.key);
      return own ? related(own.key, members, options) : [];
    },
  };
}

/** No signal has reported its start. Another signal of the same job, which follows soon, says whether it ran. */
const perhapsNeverRan = ({ state, startedAt, endReason }: Deployment): boolean =>
  state === 'failed' && startedAt === undefined && endReason === undefined;

/** The members that it was joined with have expired. A join is kept even when its reason can no longer be computed. */
const isSettled = (member: StoredMember, to: string, members: readonly StoredMember[]): boolean =>
  to === member.key && member.under !== member.key && !members.some(({ key }) => key === member.under);

const isEmpty = async (changeLog: ChangeLog, key: string) => (await changeLog.stored(key)).records.length === 0;

interface Move {
  readonly member: Pick<StoredMember, 'path' | 'key'>;
  readonly from: string;
  readonly to: string;
  /** False when the move was begun before, perhaps by a process that was killed. */
  readonly isNew?: boolean;
}

type MoveRecords = Pick<Move, 'from' | 'to'> & Pick<StoredMember, 'key'>;

/** May run again after it was interrupted. */
async function moveRecords(changeLog: ChangeLog, { key, from, to }: MoveRecords): Promise<void> {
  const { name, records } = await changeLog.stored(from);
  const own = records.filter((record) => (record.joinedFrom ?? record.deployment) === key);
  let place = to;
  for (const record of own) place = (await changeLog.apply(under(record, to))).deployment.key;
  if (name === place) return;
  const ids = own.map(({ id }) => id);
  if (ids.length > 0 || records.length === 0) await changeLog.take({ name, ids, to: place, areCopied: true });
  await changeLog.refresh(name);
}

/** The record as its source reported it, before any join. */
function ownRecord(record: ChangeRecord): ChangeRecord {
  const { joinedFrom, ...rest } = record;
  return joinedFrom === undefined ? rest : { ...rest, deployment: joinedFrom };
}

function under(record: ChangeRecord, key: string): ChangeRecord {
  const own = ownRecord(record);
  if (key === own.deployment) return own;
  const { occurrence: _, ...joinable } = own; // an occurrence counts deployments of its own key, not of the joined one
  return { ...joinable, deployment: key, joinedFrom: own.deployment, aliases: [...own.aliases, own.deployment] };
}
