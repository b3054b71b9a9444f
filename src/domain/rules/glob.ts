import picomatch from 'picomatch';
import { RE2JS } from 're2js';
import { compileRe2 } from '../../values/pattern.ts';
import { NOTHING_CAPTURED, type Pattern } from './regex.ts';

const OPTIONS = { dot: true, nocase: true };

/**
 * Picomatch's assertions that a path part is not empty, `.` or `..`: RE2 has none, and no name that is matched has such
 * a part.
 */
const ASSERTIONS = [String.raw`(?!(?:^|\/)\.{1,2}(?:\/|$))`, String.raw`(?!\.{1,2}(?:\/|$))`, '(?=.)'];

/** A part that is only `*`: without the assertion it could be empty after the end, which `**` may stand for. */
const STAR_ALONE = /\(\?=\.\)\[\^\/\]\*\?(?=\\\/|\(\?:\\\/|\)|$)/g;

/**
 * Limit where picomatch itself must match: it takes length^stars steps, which is 70 ms for 1,000 characters and three
 * stars.
 */
const MAX_STARS = 3;

/**
 * A glob as picomatch reads it, run by RE2: picomatch's own expression takes hours over `*-*-*-*-*-prod` and a long
 * branch of dashes.
 * @returns what is wrong, as a sentence, when it cannot be used.
 */
export function compileGlob(text: string): Pattern | { readonly wrong: string } {
  const linear = toRe2(picomatch.makeRe(text, OPTIONS).source);
  if (!linear && !isCheap(text)) return { wrong: 'too costly a glob; use fewer stars, or `not` instead of "!"' };
  const fits = linear ? (candidate: string) => linear.test(candidate) : picomatch(text, OPTIONS);
  return {
    text,
    groups: [],
    match: (candidate) => (candidate === text || fits(candidate) ? NOTHING_CAPTURED : undefined),
  };
}

/** `!(…)` and `!…` are look-aheads, which RE2 does not have. */
function toRe2(source: string): RE2JS | undefined {
  const whole = source.replaceAll(STAR_ALONE, '[^/]+?');
  const compiled = compileRe2(
    ASSERTIONS.reduce((pattern, assertion) => pattern.replaceAll(assertion, ''), whole),
    { ignoreCase: true },
  );
  return compiled instanceof RE2JS ? compiled : undefined;
}

/** Few stars, and no group that is repeated: `(a+)+` is a glob to picomatch, and a catastrophic one. */
function isCheap(glob: string): boolean {
  return (glob.match(/[*+]+/g) ?? []).length <= MAX_STARS && !/\)[*+?{]/.test(glob);
}
