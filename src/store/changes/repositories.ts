import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import type { ChangeRecord } from '../../domain/change-record.ts';
import { DAY_SECONDS, HOUR_MS } from '../../values/units.ts';
import { keys } from '../keys.ts';

/** A repository as one signal names it. The forge's own id of it stays when it is renamed or moved. */
type Named = Pick<NonNullable<ChangeRecord['repository']>, 'id' | 'name'>;

type Identified = Named & { readonly id: string };

/** Under which names each repository has been known. */
export interface Repositories {
  /**
   * Notes the name of a repository.
   * @param at when it was reported: ISO 8601 UTC
   * @returns true when it is a new name, until `followed` is called: the process may end in between
   */
  note(repository: Identified, at: string): Promise<boolean>;
  /** What depends on the new name was read again. */
  followed(repository: Identified): Promise<void>;
  /** The first name of a repository, under which its deployments are grouped, where that is another one. */
  formerName(repository: Named): Promise<string | undefined>;
}

interface Known {
  /** What its deployments are grouped by. It never changes. */
  readonly first?: string;
  readonly name?: string;
  /** When it was reported under that name last, to within an hour. */
  readonly at?: string;
}

/** Which repository has, or had last, a name. */
interface Owner {
  readonly id?: string;
  readonly first?: string;
  readonly at?: string;
  /** `1` after `followed`. */
  readonly followed?: string;
}

/** A name that is reported with each webhook is written once in this time. */
const WRITE_EVERY_MS = HOUR_MS;
/** Repositories that are active at the same time. */
const MOST_CACHED = 10_000;

/** @param keepDays after the last signal of a repository */
export function createRepositories(redis: Redis, keepDays: number): Repositories {
  const seconds = Math.ceil(keepDays * DAY_SECONDS);
  const notedAt = new LRUCache<string, number>({ max: MOST_CACHED });
  const firstNames = new LRUCache<string, string>({ max: MOST_CACHED });
  const known = async (id: string): Promise<Known> => redis.hgetall(keys.repository(id));
  const ownerOf = async (name: string): Promise<Owner> => redis.hgetall(keys.repositoryName(name));
  /** Another repository has this name since its own was renamed: their deployments have nothing in common. */
  const firstNameOf = async (id: string, name: string, owner: Owner): Promise<string> => {
    if (owner.id === undefined || owner.id === id) return name;
    const other = await known(owner.id);
    return other.name === undefined || isSame(other.name, name) ? name : `${name}~${id}`;
  };
  const firstNameById = async (id: string): Promise<string | undefined> => {
    const cached = firstNames.get(id);
    if (cached !== undefined) return cached;
    const { first } = await known(id);
    if (first !== undefined) firstNames.set(id, first);
    return first;
  };
  return {
    async note({ id, name }, at) {
      const place = `${id}\n${nameKey(name)}`;
      const atMs = Date.parse(at);
      if (atMs < (notedAt.get(place) ?? Number.NEGATIVE_INFINITY) + WRITE_EVERY_MS) return false;
      const [before, owner] = await Promise.all([known(id), ownerOf(nameKey(name))]);
      const [repository, ofName] = [keys.repository(id), keys.repositoryName(nameKey(name))];
      await redis.hsetnx(repository, 'first', before.first ?? (await firstNameOf(id, name, owner)));
      const first = (await redis.hget(repository, 'first')) ?? name;
      const writing = redis.multi();
      if (at > (before.at ?? '')) writing.hset(repository, { name, at });
      const isOwner = owner.id === id;
      if (isOwner || at > (owner.at ?? '')) writing.hset(ofName, { id, first, at, ...(!isOwner && { followed: '' }) });
      await writing.expire(repository, seconds).expire(ofName, seconds).exec();
      const isNew = !isSame(first, name) && !(isOwner && owner.followed === '1');
      if (!isNew) notedAt.set(place, atMs);
      return isNew;
    },
    followed: async ({ name }) => void (await redis.hset(keys.repositoryName(nameKey(name)), 'followed', '1')),
    async formerName({ id, name }) {
      const first = id === undefined ? (await ownerOf(nameKey(name))).first : await firstNameById(id);
      return first === undefined || isSame(first, name) ? undefined : first;
    },
  };
}

/** Forges do not distinguish names by case. */
const nameKey = (name: string): string => name.toLowerCase();
const isSame = (one: string, other: string): boolean => nameKey(one) === nameKey(other);
