import { RE2JS, RE2JSException } from 're2js';
import safeRegex from 'safe-regex2';

/** RE2 needs at most this many steps a character: 1,000 characters stay under a tenth of a second. */
const MAX_PROGRAM_SIZE = 5_000;

/** Why a pattern cannot be used. `kind` selects the caller's advice, `why` is the parser's message. */
export interface PatternFault {
  readonly kind: 'invalid' | 'unsupported' | 'catastrophic' | 'too-large';
  readonly why: string;
}

/**
 * A regular expression of the configuration, run by RE2 in linear time, whatever the text. Nested repetition is refused
 * as well: it is always a mistake.
 */
export function compilePattern(
  body: string,
  { ignoreCase = false, syntax = 'javascript' }: { ignoreCase?: boolean; syntax?: 'javascript' | 're2' } = {},
): RE2JS | PatternFault {
  const invalid = syntax === 'javascript' ? whyInvalid(body) : undefined;
  if (invalid !== undefined) return { kind: 'invalid', why: invalid };
  const compiled = compileRe2(body, { ignoreCase });
  if (!(compiled instanceof RE2JS)) return compiled;
  if (!safeRegex(body)) return { kind: 'catastrophic', why: 'a repetition is inside a repetition, as in (a+)+' };
  if (compiled.programSize() > MAX_PROGRAM_SIZE) return { kind: 'too-large', why: 'it repeats too often' };
  return compiled;
}

/** For our own patterns and those that were checked before: without the test for nested repetition. */
export function compileRe2(body: string, { ignoreCase }: { readonly ignoreCase: boolean }): RE2JS | PatternFault {
  try {
    return RE2JS.compile(body, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return { kind: 'unsupported', why: error.message.replace('error parsing regexp: ', '') };
  }
}

/** JavaScript's own parser first: it knows the syntax that people write, without (?i) or (?P<name>…). */
function whyInvalid(body: string): string | undefined {
  try {
    new RegExp(body);
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.message.split(': ').at(-1) ?? error.message) : String(error);
  }
}
