import { z } from 'zod';
import { compileGlob } from './glob.ts';
import { type Captures, compileRegex, isRegex, NOTHING_CAPTURED, type Pattern } from './regex.ts';

/** A longer pattern is a program. */
const MAX_PATTERN_CHARS = 300;
/** Longer texts are cut before any pattern is applied: names are short, and a sender must not cause work. */
const MAX_TEXT_CHARS = 1_000;

/**
 * One pattern or several, any of which may match: globs (`*` stays within a path part, `**` does not, case is ignored)
 * and regular expressions between slashes. The types are checked before the patterns, because a union hides what is
 * wrong.
 */
export const Patterns = z
  .union([z.string(), z.array(z.string()).min(1)], 'write a pattern in quotation marks, or a list of them')
  .transform((written, context): readonly Pattern[] =>
    [written].flat().flatMap((text, index) => {
      const pattern = compile(text);
      if (!('wrong' in pattern)) return pattern;
      const path = Array.isArray(written) ? [index] : [];
      context.addIssue({ code: 'custom', path, message: pattern.wrong, input: written });
      return [];
    }),
  );

function compile(text: string): Pattern | { readonly wrong: string } {
  if (text === '') return { wrong: 'an empty pattern matches nothing; leave it out' };
  if (text.length > MAX_PATTERN_CHARS) return { wrong: `write at most ${MAX_PATTERN_CHARS} characters` };
  return isRegex(text) ? compileRegex(text) : compileGlob(text);
}

/**
 * Absent: none matches any of the texts; an unknown value matches nothing. Of several that match, each gives its
 * groups, and the first one wins.
 */
export function matchAny(patterns: readonly Pattern[], texts: readonly (string | undefined)[]): Captures | undefined {
  const cut = texts.flatMap((text) => text?.slice(0, MAX_TEXT_CHARS) ?? []);
  const found = patterns.flatMap((pattern) => firstOf(cut, pattern.match) ?? []);
  return found.length > 0 ? mergeCaptures(found) : undefined;
}

/** The earlier one wins where two have a group of one name. */
export function mergeCaptures(found: readonly Captures[]): Captures {
  if (found.every(({ size }) => size === 0)) return NOTHING_CAPTURED;
  return new Map(found.toReversed().flatMap((captures) => [...captures]));
}

function firstOf(texts: readonly string[], match: Pattern['match']): Captures | undefined {
  for (const text of texts) {
    const captures = match(text);
    if (captures) return captures;
  }
  return undefined;
}
