import type { Redis } from 'ioredis';
import { tiesOf } from '../../domain/join.ts';
import type { Member } from '../../domain/join-member.ts';
import { groupOf, type NewMember } from '../../domain/member.ts';
import { DAY_SECONDS } from '../../values/units.ts';
import { toJson } from '../json.ts';
import { keys } from '../keys.ts';
import { createScript } from '../script.ts';
import { unpackUnder } from './packed/archive.ts';
import { namePlace } from './packed/packed-names.ts';

/** A member, and the deployment that holds its records. */
export interface StoredMember extends Member {
  readonly under: string;
  /** Deployments that may still have records of it: moving them was interrupted, or is under way. */
  readonly left: readonly string[];
  /** `add` has added it: it was not in the group. */
  readonly isNew?: true;
}

export interface Place {
  readonly to: string;
  /** No record of the member has been stored under its own key yet. */
  readonly isFirst?: boolean;
}

/** What is known of the keys of each repository that may report one deployment. */
export interface JoinGroups {
  /**
   * Adds a member, and reads those of its group that it may be joined with, and those that ended last in its
   * environment if other signals have ended them. Running it twice changes nothing.
   */
  add(member: NewMember): Promise<readonly StoredMember[]>;
  /** The whole group, without adding to it. */
  read(member: Pick<Member, 'path'>): Promise<readonly StoredMember[]>;
  /**
   * Its records are stored under this deployment from now on. The former one is remembered until `leave`.
   * @returns the former one, from which they have to be moved; '' if there is none
   */
  assign(member: Pick<Member, 'path' | 'key'>, place: Place): Promise<string>;
  /**
   * All its records were moved from one deployment to another; or one was written to `to`, with '' as `from`.
   * @returns where they belong now: they have to be moved on if that is another deployment, which is remembered.
   */
  leave(member: Pick<Member, 'path' | 'key'>, moved: { readonly from: string; readonly to: string }): Promise<string>;
}

/** Signals of one deployment that are further apart are not joined. */
const KEEP_SECONDS = 7 * DAY_SECONDS;
/** Signals of one deployment are hours apart, not dozens of deployments. */
const MAX_MEMBERS = 64;
/** A member has about five. A larger group is read whole, and entries beyond its limit are deleted. */
const MAX_FIELDS = 600;

/** Marks a reply that holds the whole group. */
const COUNT = '#';

/** The field of a reply that says which member was added. */
const NEW = 'new';

const addMember = createScript('add-member');
const assignMember = createScript('assign-member');
const leaveDeployment = createScript('leave-deployment');

export function createJoinGroups(redis: Redis): JoinGroups {
  return {
    async add(member) {
      const group = keys.joinGroup(groupOf(member));
      const alias = keys.alias(member.key);
      const place = namePlace(alias);
      let reply: string[] = [];
      while (reply.length === 0) {
        const facts = toJson({ ...member, ties: tiesOf(member) });
        const args = [member.key, facts, KEEP_SECONDS, place.field, MAX_FIELDS];
        reply = (await addMember(redis, [group, alias, place.key], ...args)) as string[]; // the script's reply
        if (reply.length === 0) await unpackUnder(redis, alias);
      }
      const fields = pairsOf(reply);
      const members = parse(fields);
      const isWhole = fields.has(COUNT);
      return isWhole && members.length > MAX_MEMBERS ? forgetOldest(redis, group, { fields, members }) : members;
    },
    async read(member) {
      return parse(new Map(Object.entries(await redis.hgetall(keys.joinGroup(groupOf(member))))));
    },
    async assign(member, { to, isFirst }) {
      const group = keys.joinGroup(groupOf(member));
      const from = await assignMember(redis, [group], member.key, to, isFirst ? 'first' : '');
      return from as string; // the script's reply
    },
    async leave(member, { from, to }) {
      const under = await leaveDeployment(redis, [keys.joinGroup(groupOf(member))], member.key, from, to);
      return under as string; // the script's reply
    },
  };
}

function pairsOf(listed: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (let at = 0; at + 1 < listed.length; at += 2) fields.set(listed[at] ?? '', listed[at + 1] ?? '');
  return fields;
}

function parse(fields: ReadonlyMap<string, string>): readonly StoredMember[] {
  return [...fields].flatMap(([field, json]): StoredMember[] => {
    if (!field.startsWith('m:')) return [];
    const member = JSON.parse(json) as Member; // written by add() alone
    const left = fields.get(`l:${member.key}`);
    const under = fields.get(`u:${member.key}`) ?? member.key;
    const places = left ? (JSON.parse(left) as string[]) : []; // written by the scripts alone
    return [{ ...member, under, left: places, ...(fields.get(NEW) === member.key && { isNew: true }) }];
  });
}

async function forgetOldest(
  redis: Redis,
  group: string,
  { fields, members }: { readonly fields: ReadonlyMap<string, string>; readonly members: readonly StoredMember[] },
): Promise<readonly StoredMember[]> {
  const kept = members.toSorted((a, b) => b.order - a.order).slice(0, MAX_MEMBERS);
  const named = new Set(
    kept.flatMap((member) => [
      ...['m', 'u', 'l'].map((field) => `${field}:${member.key}`),
      ...['e', 'b'].map((field) => `${field}:${member.environment ?? ''}`),
      ...tiesOf(member).map((tie) => `t:${tie}`),
    ]),
  );
  const gone = [...fields.keys()].filter((field) => field !== COUNT && !named.has(field));
  await redis.hdel(group, ...gone);
  return kept;
}
