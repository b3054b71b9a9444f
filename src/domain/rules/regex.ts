import { RE2JS } from 're2js';
import { compilePattern, type PatternFault } from '../../values/pattern.ts';

/** The named groups of a match. A group that took no part is not in it. */
export type Captures = ReadonlyMap<string, string>;

/** A test of a text. */
export interface Pattern {
  /** As the configuration writes it. */
  readonly text: string;
  /** The names of its groups, for computed values. */
  readonly groups: readonly string[];
  /** Absent: it does not match. */
  readonly match: (text: string) => Captures | undefined;
}

export const NOTHING_CAPTURED: Captures = new Map();

/** Written between slashes; `i` ignores case. The body is greedy, so that it may contain a path unescaped. */
const WRITTEN = /^\/(?<body>.+)\/(?<flags>[dgimsuvy]*)$/s;

export const isRegex = (text: string): boolean => WRITTEN.test(text);

/**
 * Runs in linear time, whatever the text (RE2). It searches: `^` and `$` anchor it to the ends.
 * @returns what is wrong, as a sentence, when it cannot be used.
 */
export function compileRegex(text: string): Pattern | { readonly wrong: string } {
  const { body = '', flags = '' } = WRITTEN.exec(text)?.groups ?? {};
  if (flags !== '' && flags !== 'i') return { wrong: `the only flag is "i" (/…/i), not "${flags}"` };
  const regex = compilePattern(body, { ignoreCase: flags === 'i' });
  if (!(regex instanceof RE2JS)) return { wrong: sentenceOf(regex) };
  return { text, groups: Object.keys(regex.namedGroups()), match: (candidate) => search(regex, candidate) };
}

function sentenceOf({ kind, why }: PatternFault): string {
  switch (kind) {
    case 'invalid':
      return `not a valid regular expression: ${why}`;
    case 'catastrophic':
      return (
        'a catastrophic regular expression: write no repetition inside a repetition, as in (a+)+, and at ' +
        'most 25 of them'
      );
    case 'too-large':
      return 'it repeats too often; make the counts in { } smaller';
    case 'unsupported':
      return `not supported: ${why} (to run in linear time: no look-around, no back-reference, no count above 1,000)`;
  }
}

function search(regex: RE2JS, text: string): Captures | undefined {
  const matcher = regex.matcher(text);
  if (!matcher.find()) return undefined;
  return new Map(
    Object.entries(matcher.getNamedGroups()).filter((group): group is [string, string] => group[1] !== null),
  );
}
