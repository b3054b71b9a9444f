import { State } from '../../domain/change-record.ts';
import type { Json } from '../../values/json.ts';
import { STATE_WORDS } from '../state-words.ts';
import { textOf } from './text-of.ts';

/** The result of a map, or one of the words that tools have for our states. */
export function stateOf(value: Json | undefined): State | undefined {
  if (typeof value === 'boolean') return undefined;
  const word = textOf(value)?.toLowerCase().replaceAll('-', '_').replaceAll(' ', '_');
  if (word === undefined) return undefined;
  const ours = State.safeParse(word);
  if (ours.success) return ours.data;
  return Object.hasOwn(STATE_WORDS, word) ? STATE_WORDS[word as keyof typeof STATE_WORDS] : undefined; // its own key
}
