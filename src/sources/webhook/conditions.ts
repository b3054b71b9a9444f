import { z } from 'zod';
import { matchAny, Patterns } from '../../domain/rules/pattern.ts';
import type { Pattern } from '../../domain/rules/regex.ts';
import { parsePath, valueAt } from '../../templates/path.ts';
import type { Scope } from '../../templates/shape.ts';
import { excerpt } from '../../values/text.ts';

/** Items of a list that are checked. */
const MAX_ITEMS = 100;
/** How much of a foreign word a sentence quotes. */

const Texts = z.union([z.string(), z.array(z.string()).min(1)]);

/** The types are checked before the patterns, because a union hides what is wrong. */
const Condition = z
  .union(
    [Texts, z.boolean(), z.number(), z.strictObject({ known: z.boolean() }), z.strictObject({ not: Texts })],
    'write a text, a pattern, a list of them, { known: true }, or { not: … }',
  )
  .transform((written, context) => {
    if (typeof written === 'string' || Array.isArray(written)) return patternsOf(written, context);
    return typeof written === 'object' && 'not' in written ? { not: patternsOf(written.not, context) } : written;
  });
type Condition = z.infer<typeof Condition>;

function patternsOf(written: string | string[], context: Pick<z.RefinementCtx, 'issues'>): readonly Pattern[] {
  const parsed = Patterns.safeParse(written);
  for (const { path, message } of parsed.error?.issues ?? [])
    context.issues.push({ code: 'custom', path, message, input: written });
  return parsed.data ?? [];
}

/** Path of the payload → the expected value. All of them must hold. */
const All = z.record(z.string().min(1), Condition, 'write paths with what stands there, such as { action: created }');

/** One set of conditions, or several of which one holds. Not a union, which hides what is wrong. */
export const Conditions = z.unknown().transform((written, context) => {
  const isList = Array.isArray(written);
  const sets: readonly unknown[] = isList ? written : [written];
  return sets.flatMap((set, index): readonly z.infer<typeof All>[] => {
    const parsed = All.safeParse(set);
    for (const { path, message } of parsed.error?.issues ?? [])
      context.issues.push({ code: 'custom', path: [...(isList ? [index] : []), ...path], message, input: written });
    return parsed.data ? [parsed.data] : [];
  });
});
export type Conditions = z.infer<typeof Conditions>;

export const holds = (conditions: Conditions, scope: Scope): boolean =>
  conditions.some((all) => firstUnmet(all, scope) === undefined);

/** Why none of them holds, as a sentence about the one that came closest. */
export function whyNot(conditions: Conditions, scope: Scope): string {
  const unmet = conditions.map((all) => ({ met: countMet(all, scope), path: firstUnmet(all, scope) ?? '' }));
  const [closest] = unmet.toSorted((a, b) => b.met - a.met);
  const path = closest?.path ?? '';
  const found = textsAt(path, scope)[0];
  const what = path.startsWith(HEADERS) ? `the header ${path.slice(HEADERS.length)}` : path;
  return found === undefined ? `${what} is missing` : `${what} is ${excerpt(found)}`;
}

const HEADERS = '$headers.';

const countMet = (all: z.infer<typeof All>, scope: Scope): number =>
  Object.entries(all).filter(([path, condition]) => isMet(condition, path, scope)).length;

const firstUnmet = (all: z.infer<typeof All>, scope: Scope): string | undefined =>
  Object.entries(all).find(([path, condition]) => !isMet(condition, path, scope))?.[0];

function isMet(condition: Condition, path: string, scope: Scope): boolean {
  if (typeof condition === 'boolean' || typeof condition === 'number')
    return valueAt(scope, parsePath(path)) === condition;
  if ('known' in condition) return isKnown(path, scope) === condition.known;
  if ('not' in condition) return !fits(condition.not, path, scope);
  return fits(condition, path, scope);
}

const fits = (patterns: readonly Pattern[], path: string, scope: Scope): boolean =>
  matchAny(patterns, textsAt(path, scope)) !== undefined;

function isKnown(path: string, scope: Scope): boolean {
  const value = valueAt(scope, parsePath(path));
  return value !== undefined && value !== null && value !== '';
}

/** In a list any item counts. */
function textsAt(path: string, scope: Scope): string[] {
  const value = valueAt(scope, parsePath(path));
  const items = Array.isArray(value) ? value.slice(0, MAX_ITEMS) : [value];
  return items.flatMap((item) =>
    item === undefined || item === null || typeof item === 'object' ? [] : [String(item)],
  );
}
