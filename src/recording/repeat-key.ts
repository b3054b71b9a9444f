import { type ChangeRecord, recordId } from '../domain/change-record.ts';
import { postedKeyOf } from './posts.ts';

/** Between the key of a post and what distinguishes a further deployment with this key. */
export const AGAIN = '/again/';
export const withoutAgain = (name: string): string => name.split(AGAIN, 1)[0] ?? name;

/** Not one that knows more, and is only found by the key as well. */
export const isNameOf = (key: string, name: string): boolean => name === key || name.startsWith(key + AGAIN);

/** The record with the key of one deployment among those of its key. */
export function named(record: ChangeRecord, name: string): ChangeRecord {
  if (name === record.deployment) return record;
  const id = recordId(name, record.state, record.id);
  if (record.base === undefined) return { ...record, deployment: name, id };
  return { ...record, deployment: name, id, aliases: [...record.aliases, record.deployment] };
}

/** A repeat is stored with the deployment that it repeats: it may turn out to be another deployment (`separated`). */
export function again(record: ChangeRecord, name: string): ChangeRecord {
  const repeat = record.webhook ?? record.receivedAt;
  return { ...record, deployment: name, id: recordId(name, record.state, record.id, repeat), repeated: true };
}

/** The record before it was found to be a repeat, or joined. */
export function asReported(given: ChangeRecord): ChangeRecord {
  const { joinedFrom: _, repeated, ...record } = given;
  return { ...record, deployment: withoutAgain(postedKeyOf(given)) };
}
