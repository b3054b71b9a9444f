import type { Json } from '../values/json.ts';
import { compileModifiers, type Modifier } from './modifiers.ts';
import { operatorOf } from './operator.ts';
import { kindAt, type Path, parsePath, valueAt } from './path.ts';
import { isEmptyValue, type ValueType } from './shape.ts';
import { type Computed, inside, type Template, type TemplateContext, ValueMissing } from './template-context.ts';
import { compileText, type Texts } from './text.ts';

const MISSING: Template = () => undefined;

/** A plain text with braces, where `text` was probably meant. */
const FORGOTTEN = /\{[a-z_]+(?:[.^[][\w.^[\]]*)?\}/;

/** Compiles a template of the configuration. Errors go to `place.complain`. */
export function compile(written: unknown, at: TemplateContext): Template {
  if (written === undefined) return MISSING;
  if (typeof written === 'string') return compileLiteral(written, at);
  if (typeof written !== 'object' || written === null) return () => written as Json; // a number, a boolean or null
  // Empty variables leave null; { const: {} } means an empty object.
  if (Object.keys(written).length === 0) return MISSING;
  if (Array.isArray(written)) return compileList(written, at);
  const operator = operatorOf(written, at);
  if (operator === undefined) return compileObject(written, at);
  switch (operator.name) {
    case 'wrong':
      return MISSING;
    case 'const':
      return () => operator.value as Json; // the configuration is YAML, which holds what JSON holds
    case 'object':
      return compileObject(operator.value, inside(at, 'object'));
    case 'if_known':
      return compileIfKnown(operator, at);
    case 'each':
      return finish(compileEach(operator, at), operator, at);
    case 'path':
      return finish(compilePath(operator.value, inside(at, 'path')), operator, at);
    case 'text': {
      // the modifier applies to the inserted value, not to the text
      const { escape: language, with: own = {}, ...rest } = operator;
      return finish(compileOwnText(operator.value, { ...at, own, language }), rest, at);
    }
    case 'first':
      return finish(compileFirst(operator.value, inside(at, 'first')), operator, at);
  }
}

/** The body itself: its own keys are never taken for an operator, because a text or a number is no body. */
export function compileBody(written: unknown, at: TemplateContext): Template {
  if (Array.isArray(written)) return compileList(written, at);
  if (typeof written === 'object' && written !== null) {
    if ('each' in written && typeof written.each === 'string') return compile(written, at);
    return compileObject(written, at);
  }
  at.complain(at.path, 'a body is an object or a list');
  return MISSING;
}

function compileLiteral(text: string, at: TemplateContext): Template {
  if (FORGOTTEN.test(text))
    at.complain(
      at.path,
      'plain text is sent as it is, with its braces: write { text: "…" } to have values in it, { const: "…" } to ' +
        'mean the braces',
    );
  return () => text;
}

function compileList(written: readonly unknown[], at: TemplateContext): Template {
  const items = written.map((item, index) => compile(item, inside(at, index)));
  return (scope) => {
    const values = items.map((item) => item(scope)).filter((value) => value !== undefined);
    return items.length > 0 && values.length === 0 ? undefined : values;
  };
}

function compileObject(written: object, at: TemplateContext): Template {
  const entries = Object.entries(written).map(([key, value]) => [key, compile(value, inside(at, key))] as const);
  return (scope) => {
    const values = entries.flatMap(([key, template]) => {
      const value = template(scope);
      return value === undefined ? [] : [[key, value] as const];
    });
    return entries.length > 0 && values.length === 0 ? undefined : Object.fromEntries(values);
  };
}

/** `own`: values that only this text can name, as they are inserted. */
function compileOwnText(
  text: string,
  { own, language, ...at }: TemplateContext & Pick<Texts, 'language'> & { own: Readonly<Record<string, unknown>> },
): Computed {
  const entries = Object.entries(own).map(([name, value]) => [name, compile(value, inside(at, 'with', name))] as const);
  const named = Object.fromEntries(entries.map(([name]) => [name, 'text' as const]));
  const shape = { ...at.shape, fields: { ...at.shape.fields, ...named } };
  return compileText(text, { ...inside(at, 'text'), shape, language, own: new Map(entries) });
}

function compilePath(text: string, at: TemplateContext): Computed {
  const path = parsePath(text);
  const found = kindAt(path, at.shape);
  if ('wrong' in found) {
    at.complain(at.path, found.wrong);
    return { value: MISSING, names: text };
  }
  return { value: (scope) => withoutBlank(valueAt(scope, path)), type: found.kind, names: text };
}

function compileFirst(written: readonly unknown[], at: TemplateContext): Computed {
  const choices = written.map((choice, index) => compile(choice, inside(at, index)));
  const value: Template = (scope) => {
    for (const choice of choices) {
      const found = choice(scope);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return { value, names: written.map(nameOf).join(' or ') };
}

const nameOf = (written: unknown): string =>
  typeof written === 'object' && written !== null && 'path' in written ? String(written.path) : 'a computed value';

function compileEach({ value: text, item }: { value: string; item: unknown }, at: TemplateContext): Computed {
  const path = parsePath(text);
  const found = kindAt(path, at.shape);
  const of = 'kind' in found ? itemOf(found.kind) : undefined;
  if (of === undefined) {
    at.complain(
      [...at.path, 'each'],
      'wrong' in found ? found.wrong : `${text} is no list; lists are artifacts, tags, notes`,
    );
    return { value: MISSING, names: text };
  }
  const shape = { ...at.shape, fields: { ...at.shape.fields, item: of } };
  const template = compile(item, { ...inside(at, 'item'), shape });
  return { value: (scope) => mapList(valueAt(scope, path), (one) => template({ ...scope, item: one })), names: text };
}

const itemOf = (kind: ValueType): ValueType | undefined => {
  if (kind === 'any') return 'any';
  return typeof kind === 'object' && 'list' in kind ? kind.list : undefined;
};

function mapList(list: Json | undefined, map: (item: Json) => Json | undefined): Json | undefined {
  if (!Array.isArray(list)) return undefined;
  const values = list.map(map).filter((value) => value !== undefined);
  return values.length > 0 ? values : undefined;
}

function compileIfKnown({ paths, value }: { paths: readonly string[]; value: unknown }, at: TemplateContext): Template {
  const asked = paths.map((text): Path => {
    const path = parsePath(text);
    const found = kindAt(path, at.shape);
    if ('wrong' in found) at.complain([...at.path, 'if_known'], found.wrong);
    return path;
  });
  const template = compile(value, inside(at, 'value'));
  return (scope) =>
    asked.every((path) => withoutBlank(valueAt(scope, path)) !== undefined) ? template(scope) : undefined;
}

function finish({ value, type: kind, names }: Computed, operator: Modifier, at: TemplateContext): Template {
  const modify = compileModifiers(operator, kind, { ...at, compile });
  const fallback = compile(operator.default, inside(at, 'default'));
  return (scope) => {
    const found = value(scope);
    const result = (found === undefined ? undefined : modify(found, scope)) ?? fallback(scope);
    if (result !== undefined || !operator.required) return result;
    throw new ValueMissing(at.path.join('.'), names);
  };
}

/** A setting may consist of white space. */
const withoutBlank = (value: Json | undefined): Json | undefined =>
  value === undefined || value === null || isEmptyValue(value) ? undefined : value;
