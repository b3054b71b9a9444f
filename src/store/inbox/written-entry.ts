import { toJson } from '../json.ts';
import type { InboxEntry } from './entry.ts';

/** An entry as it is stored, as JSON: what was received, and the verdict, which the worker replaces. */
export interface WrittenEntry {
  readonly entry: string;
  readonly conclusion: string;
}

export const writtenEntry = ({ verdict, reason, detail, ...entry }: InboxEntry): WrittenEntry => ({
  entry: toJson(entry),
  conclusion: toJson({ verdict, reason, detail }),
});
