import { z } from 'zod';
import { compileRegex, isRegex, type Pattern } from '../domain/rules/regex.ts';
import { firstCharacters } from '../values/graphemes.ts';
import type { Json } from '../values/json.ts';
import { cutUnits } from '../values/text.ts';
import { isEmptyValue, type Scope, type ValueType } from './shape.ts';
import type { Template, TemplateContext } from './template-context.ts';

/** Longer texts are cut before a regular expression is applied: names are short. */
const MAX_SEARCHED_CHARS = 1_000;
/** Items of a list that are searched. */
const MAX_SEARCHED_ITEMS = 100;

export const Conversion = z.enum(['number', 'string', 'boolean', 'epoch_seconds', 'epoch_ms', 'iso']);
type Conversion = z.infer<typeof Conversion>;

const UNNAMED_GROUP = /(?<!\\)(?:\\\\)*\((?!\?)/;

/** The capture of its first named group, else the whole match. */
export const Capture = z.string().transform((text, context): Pattern => {
  const wrong = (message: string) => {
    context.addIssue({ code: 'custom', message, input: text });
    return z.NEVER;
  };
  if (!isRegex(text)) return wrong('write a regular expression between slashes, such as /^v(?<value>.+)$/');
  const pattern = compileRegex(text);
  if ('wrong' in pattern) return wrong(pattern.wrong);
  if (pattern.groups.length > 0) return pattern;
  if (UNNAMED_GROUP.test(text)) return wrong('name the group that you want, as in /v(?<value>[0-9]+)/, or write (?:…)');
  const end = text.lastIndexOf('/');
  const whole = compileRegex(`/(?<value>${text.slice(1, end)})${text.slice(end)}`);
  return 'wrong' in whole ? wrong(whole.wrong) : whole;
});

/** Modifiers of an operator, applied in this order, and `default` where the value is missing. */
export interface Modifier {
  readonly capture?: Pattern | undefined;
  readonly map?: Readonly<Record<string, unknown>> | undefined;
  readonly as?: Conversion | undefined;
  /** Keys are the values of the payload, values replace them. */
  readonly replace?: Readonly<Record<string, string>> | undefined;
  readonly escape?: Escape | undefined;
  readonly truncate?: number | undefined;
  readonly default?: unknown;
  readonly required?: boolean | undefined;
}

type ModifierStep = (value: Json, scope: Scope) => Json | undefined;

type Compiler = TemplateContext & { readonly compile: (written: unknown, at: TemplateContext) => Template };

export function compileModifiers(written: Modifier, kind: ValueType | undefined, at: Compiler): ModifierStep {
  const { capture, map, as, replace, escape: language, truncate } = written;
  const several = typeof kind === 'object' && !('oneOf' in kind);
  for (const name of ['capture', 'map', 'as', 'replace', 'escape'] as const)
    if (several && written[name] !== undefined)
      at.complain([...at.path, name], 'the path leads to several values; write a path to one of them');
  const steps: ModifierStep[] = [
    ...(capture ? [captured(capture)] : []),
    ...(map ? [mapped(map, kind, at)] : []),
    ...(as ? [(value: Json) => convert(value, as)] : []),
    ...(replace ? [onText((text) => replaced(text, replace))] : []),
    ...(language ? [onText((text) => escapeFor(language, text))] : []),
    ...(truncate ? [(value: Json) => cut(value, truncate)] : []),
  ];
  return (value, scope) => {
    let result: Json | undefined = value;
    for (const step of steps) {
      if (result === undefined) return undefined;
      result = step(result, scope);
    }
    return result === undefined || isEmptyValue(result) ? undefined : result;
  };
}

/** In a list the first item that it matches: some tools put ids of several kinds into one list. */
const captured =
  ({ groups, match }: Pattern): ModifierStep =>
  (value) => {
    for (const item of Array.isArray(value) ? value.slice(0, MAX_SEARCHED_ITEMS) : [value]) {
      if (typeof item === 'object') continue;
      const captures = match(cutUnits(String(item), MAX_SEARCHED_CHARS));
      const found = groups.map((group) => captures?.get(group)).find((text) => text !== undefined);
      if (found !== undefined) return found;
    }
    return undefined;
  };

/** The left side ignores case, as in the maps of environments and services. */
function mapped(map: Readonly<Record<string, unknown>>, kind: ValueType | undefined, at: Compiler): ModifierStep {
  const values = typeof kind === 'object' && 'oneOf' in kind ? kind.oneOf : undefined;
  const choices = new Map<string, Template>();
  for (const [word, written] of Object.entries(map)) {
    const path = [...at.path, 'map', word];
    if (values && !values.includes(word)) at.complain(path, `it is never that: write one of ${values.join(', ')}`);
    choices.set(word.toLowerCase(), at.compile(written, { ...at, path }));
  }
  return (value, scope) => (typeof value === 'object' ? undefined : choices.get(String(value).toLowerCase())?.(scope));
}

const onText =
  (change: (text: string) => string | undefined): ModifierStep =>
  (value) =>
    typeof value === 'string' ? change(value) : value;

const replaced = (text: string, table: Readonly<Record<string, string>>): string =>
  Object.entries(table).reduce((changed, [from, to]) => changed.replaceAll(from, () => to), text);

export const Escape = z.enum(['html', 'quotes'], 'write html or quotes, or leave it out');
export type Escape = z.infer<typeof Escape>;

/** A text escaped for another language. Absent: it cannot be. */
export function escapeFor(language: Escape, text: string): string | undefined {
  // The three characters that Slack, among others, takes for its own markup.
  if (language === 'html') return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  // Query languages differ in how a quotation mark is escaped, and a wrong guess would allow an injection.
  return /["'`\\\p{Cc}]/u.test(text) ? undefined : text;
}

/** A value that cannot be converted is missing: never NaN, never a guess. */
function convert(value: Json, as: Conversion): Json | undefined {
  if (typeof value === 'object') return undefined;
  switch (as) {
    case 'string':
      return String(value);
    case 'number':
      return /^-?\d+(\.\d+)?$/.test(String(value).trim()) ? Number(value) : undefined;
    case 'boolean':
      return { true: true, false: false }[String(value).trim().toLowerCase()];
    default:
      return typeof value === 'string' ? convertTime(Date.parse(value), as) : undefined;
  }
}

function convertTime(ms: number, as: 'epoch_seconds' | 'epoch_ms' | 'iso'): Json | undefined {
  if (Number.isNaN(ms)) return undefined;
  return { epoch_seconds: Math.floor(ms / 1000), epoch_ms: ms, iso: new Date(ms).toISOString() }[as];
}

/** Of a text at most this many code points, in whole characters; of a list at most this many items. */
function cut(value: Json, limit: number): Json {
  if (Array.isArray(value)) return value.slice(0, limit);
  if (typeof value !== 'string' || value.length <= limit) return value;
  const kept = firstCharacters(value, limit);
  return kept === value ? value : kept.trimEnd();
}
