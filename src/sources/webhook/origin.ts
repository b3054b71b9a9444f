import type { Scope } from '../../templates/shape.ts';
import { compile } from '../../templates/template.ts';
import { ANY, type Reader } from './compile.ts';
import { FIELD_NAMES, FIELDS } from './field-names.ts';
import { eventOf } from './map.ts';

/** From which path of the payload each field of the record was made, by the field's name. For `explain`. */
export function fieldPaths(reader: Reader, scope: Scope): Readonly<Record<string, string>> {
  const event = eventOf(reader, scope);
  if (typeof event === 'string') return {};
  const entries = FIELD_NAMES.flatMap((name) => {
    const field = FIELDS[name];
    const written = event.written[name];
    const from = field === undefined || written === undefined ? undefined : originOf(written, scope);
    return field === undefined || from === undefined ? [] : [[field, from] as const];
  });
  return Object.fromEntries(entries);
}

/** Undefined: it has no value in this payload. */
function originOf(written: unknown, scope: Scope): string | undefined {
  if (computed(written, scope) === undefined) return undefined;
  if (typeof written !== 'object' || written === null) return 'the configuration';
  if (Array.isArray(written)) return listed(written.flatMap((item) => originOf(item, scope) ?? []));
  const { default: _, ...rest } = written as Readonly<Record<string, unknown>>; // an object
  if (computed(rest, scope) === undefined) return 'the default';
  if (typeof rest['path'] === 'string') return rest['path'];
  if (typeof rest['each'] === 'string') return rest['each'];
  if (Array.isArray(rest['first']))
    return originOf(
      rest['first'].find((choice: unknown) => computed(choice, scope) !== undefined),
      scope,
    );
  if (typeof rest['text'] === 'string') return listed(namesIn(rest['text'], rest['with'], scope));
  return 'the configuration';
}

function namesIn(text: string, own: unknown, scope: Scope): string[] {
  const named = (typeof own === 'object' && own !== null ? own : {}) as Readonly<Record<string, unknown>>; // an object
  return (text.match(/\{[^{}]+\}/g) ?? []).flatMap((braces) => {
    const name = braces.slice(1, -1);
    return Object.hasOwn(named, name) ? (originOf(named[name], scope) ?? []) : name;
  });
}

const listed = (names: readonly string[]): string | undefined =>
  names.length > 0 ? [...new Set(names)].join(' + ') : 'the configuration';

function computed(written: unknown, scope: Scope): unknown {
  try {
    return compile(written, { shape: ANY, path: [], complain: () => {} })(scope);
  } catch {
    return undefined; // a required value that is missing: the webhook was refused for it
  }
}
