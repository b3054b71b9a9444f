import { z } from 'zod';
import { isPlaceholder } from '../../values/placeholder.ts';
import { firstFields, firstItems } from '../../values/text.ts';
import { Text } from './schema.ts';

/**
 * The fields of a body, each under one spelling of its name: `appName`, `app_name` and `app-name` are `appname`. A
 * field of a part has the name of the part before it: `operation.startedat`.
 */
export type Fields = ReadonlyMap<string, unknown>;

/**
 * Parts that only carry the others: GitHub's `repository_dispatch`, a CloudEvent, the details of an alert. Their fields
 * are the body's own.
 */
const WRAPPERS: ReadonlySet<string> = new Set([
  ...['clientpayload', 'payload', 'data', 'body', 'inputs', 'variables'],
  ...['event', 'deployment', 'details', 'customdetails', 'argocd', 'basedata', 'properties', 'attributes'],
]);

export const isWrapper = (name: string): boolean => WRAPPERS.has(plainName(name));

/** Templates write `status.operationState.syncResult.revision` at the deepest. */
export const MAX_DEPTH = 5;
/** Templates write dozens. Names are longer only by mistake. */
const MAX_FIELDS = 2_000;
const NAME_CHARS = 60;

const Part = z.preprocess(firstFields, z.record(z.string(), z.unknown()));

export function fieldsOf(body: unknown): Fields {
  const fields = new Map<string, unknown>();
  collect(body, { fields, part: '', depth: 0 });
  return fields;
}

/** Letters and digits alone, lower case. */
export const plainName = (name: string): string =>
  name
    .slice(0, NAME_CHARS)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');

interface Collected {
  readonly fields: Map<string, unknown>;
  readonly part: string;
  readonly depth: number;
}

/** Of two fields with one name the one of the wrapped part counts, else the first. */
function collect(value: unknown, { fields, part, depth }: Collected): void {
  const entries = Object.entries(Part.safeParse(value).data ?? {}).map(([name, inner]) => ({
    name: plainName(name),
    inner,
  }));
  const isWrapper = ({ name, inner }: { name: string; inner: unknown }) => WRAPPERS.has(name) && isPart(inner);
  for (const { name, inner } of [...entries.filter(isWrapper), ...entries.filter((entry) => !isWrapper(entry))]) {
    if (fields.size >= MAX_FIELDS) return;
    if (isPart(inner)) {
      if (depth < MAX_DEPTH) collect(inner, { fields, part: WRAPPERS.has(name) ? part : name, depth: depth + 1 });
      continue;
    }
    const full = part ? `${part}.${name}` : name;
    if (!fields.has(full)) fields.set(full, inner);
  }
  for (const { inner } of entries.filter(({ name }) => name === 'tags')) {
    for (const [name, text] of tagsIn(inner)) {
      const full = part ? `${part}.${name}` : name;
      if (fields.size < MAX_FIELDS && !fields.has(full)) fields.set(full, text);
    }
  }
}

const TAGS_CHARS = 10_000; // in one text; far more than a record keeps

/** Where events and annotations have room for tags alone: `["app:lark", "env:staging"]`, or the same as one text. */
function tagsIn(value: unknown): readonly (readonly [name: string, text: string])[] {
  const items: unknown = typeof value === 'string' ? value.slice(0, TAGS_CHARS).split(',') : firstItems(value);
  return (Array.isArray(items) ? items : []).flatMap((item: unknown) => {
    const [, name, text] = (typeof item === 'string' && /^([\w .-]{1,60}):(?!\/\/)(.+)$/s.exec(item.trim())) || [];
    return name !== undefined && text !== undefined ? [[plainName(name), text.trim()] as const] : [];
  });
}

const isPart = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of the first fields alone: a body may have a hundred thousand. */
export const namesOf = (body: object): readonly string[] => Object.keys(Object(firstFields(body)));

/** The first of the fields that holds a text. */
export const textIn = (fields: Fields, names: readonly string[]): string | undefined =>
  names.map((name) => Text.parse(fields.get(name))).find((text) => text !== undefined);

/** The same for a field whose value names something: a template may have filled in only the rest of it. */
export const nameIn = (fields: Fields, names: readonly string[]): string | undefined =>
  names.map((name) => textIn(fields, [name])).find((text) => text !== undefined && !isUnfilled(text));

const isUnfilled = (text: string): boolean => text.includes('<no value>') || isPlaceholder(text);

/** The texts of the first of the fields that is a list of them, or a text. */
export function textsIn(fields: Fields, names: readonly string[]): readonly string[] {
  for (const name of names) {
    const value = firstItems(fields.get(name));
    const texts = (Array.isArray(value) ? value : [value]).flatMap((item) => printedList(Text.parse(item)));
    if (texts.length > 0) return texts;
  }
  return [];
}

/** Go prints a list as `[a b]`. */
const printedList = (text = ''): readonly string[] =>
  (/^\[[^[\]"]*\]$/.exec(text) ? text.slice(1, -1).split(/[\s,]+/) : [text]).filter((item) => item !== '');

/** A field that teams write at the top of the body, or in the part about the application. */
export const ownOrApps = (...names: string[]): readonly string[] => [
  ...names,
  ...['app', 'application'].flatMap((part) => names.map((name) => `${part}.${name}`)),
];
