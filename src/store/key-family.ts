/** One prefix with a hash tag: all keys, BullMQ's too, lie in one slot of a Redis Cluster. */
export let PREFIX = '{shiplog}';

/** Before any key is made: another installation in the same Redis has another name. */
export function nameKeys(name: string): void {
  PREFIX = `{${name}}`;
}

interface About {
  readonly type: 'string' | 'hash' | 'list' | 'set' | 'zset' | 'stream' | 'BullMQ';
  readonly content: string;
  /** Paths below src/. */
  readonly writtenBy: string;
  readonly ends: string;
  /** Every key has a time to live. Absent: the key stays, and `ends` describes what bounds its content. */
  readonly expires?: true;
}

type Placeholders<Pattern extends string> = Pattern extends `${string}<${string}>${infer Rest}`
  ? [value: string, ...Placeholders<Rest>]
  : [];

export interface KeyFamily<Pattern extends string = string> extends About {
  /** With `<name>` for each value that differs. */
  readonly pattern: string;
  (...values: Placeholders<Pattern>): string;
}

/**
 * A group of keys that differ in some values only. The function that is returned makes one of them.
 *
 * @param pattern what follows the prefix
 * @example family('feed:<day>', …)('monday') // {shiplog}:feed:monday
 */
export function family<const Pattern extends string>(pattern: Pattern, about: About): KeyFamily<Pattern> {
  const [first = '', ...texts] = pattern.split(/<[^<>]+>/);
  const make = (...values: readonly string[]) =>
    texts.reduce((key, text, at) => `${key}${values[at] ?? ''}${text}`, `${PREFIX}:${first}`);
  return Object.assign(make, about, { pattern: `${PREFIX}:${pattern}` });
}
