import { RE2JS, RE2JSException } from 're2js';
import safeRegex from 'safe-regex2';

/** The named groups of a text that matched. A group that took no part is not in it. */
export type Captures = ReadonlyMap<string, string>;

/** Something that a text fits or does not. */
export interface Pattern {
  /** As the configuration writes it. */
  readonly text: string;
  /** The names of its groups, for computed values. */
  readonly groups: readonly string[];
  /** Absent: it does not fit. */
  readonly match: (text: string) => Captures | undefined;
}

export const NOTHING_CAPTURED: Captures = new Map();

/** Written between slashes; `i` ignores case. The body is greedy, so that a path may stand in it as it is. */
const WRITTEN = /^\/(?<body>.+)\/(?<flags>[dgimsuvy]*)$/s;

/** RE2 needs at most this many steps a character: 1,000 characters stay under a tenth of a second. */
const MAX_PROGRAM_SIZE = 5_000;

export const isRegex = (text: string): boolean => WRITTEN.test(text);

/**
 * Runs in linear time, whatever the text (RE2). It searches: `^` and `$` bind it to the ends.
 * @returns what is wrong, as a sentence, when it cannot be used.
 */
export function compileRegex(text: string): Pattern | { readonly wrong: string } {
  const { body = '', flags = '' } = WRITTEN.exec(text)?.groups ?? {};
  if (flags !== '' && flags !== 'i') return { wrong: `the only flag is "i" (/…/i), not "${flags}"` };
  const invalid = whyInvalid(body);
  if (invalid) return { wrong: `not a valid regular expression: ${invalid}` };
  if (!safeRegex(body))
    return {
      wrong:
        'a catastrophic regular expression: write no repetition inside a repetition, as in (a+)+, and at most 25 of them',
    };
  return compileRe2(text, body, flags === 'i');
}

/** JavaScript's own parser first: it knows the syntax that people write, and (?i) or (?P<name>…) is not in it. */
function whyInvalid(body: string): string | undefined {
  try {
    new RegExp(body);
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.message.split(': ').at(-1) ?? error.message) : String(error);
  }
}

function compileRe2(text: string, body: string, ignoreCase: boolean): Pattern | { readonly wrong: string } {
  try {
    const regex = RE2JS.compile(body, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
    if (regex.programSize() > MAX_PROGRAM_SIZE)
      return { wrong: 'it repeats too often; make the counts in { } smaller' };
    return { text, groups: Object.keys(regex.namedGroups()), match: (candidate) => search(regex, candidate) };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    const why = error.message.replace(/^error parsing regexp: /, '');
    return {
      wrong: `not supported: ${why} (to run in linear time: no look-around, no back-reference, no count above 1,000)`,
    };
  }
}

function search(regex: RE2JS, text: string): Captures | undefined {
  const matcher = regex.matcher(text);
  if (!matcher.find()) return undefined;
  return new Map(
    Object.entries(matcher.getNamedGroups()).filter((group): group is [string, string] => group[1] !== null),
  );
}
