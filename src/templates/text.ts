import { Value } from '../domain/rules/value.ts';
import type { Json } from '../values/json.ts';
import { type Escape, escapeFor } from './modifiers.ts';
import { kindAt, type Path, parsePath, valueAt } from './path.ts';
import type { Scope } from './shape.ts';
import type { Computed, Template, TemplateContext } from './template-context.ts';

export type TextPart = { readonly text: string } | { readonly name: string; readonly path: Path };

/** `Deployed {service} to {environment.name}` in its parts; `{{` is a brace. Absent after a complaint. */
export function partsOf(written: string, at: TemplateContext): readonly TextPart[] | undefined {
  const parsed = Value.safeParse(written);
  if (!parsed.success) {
    at.complain(at.path, parsed.error.issues[0]?.message ?? 'not a text');
    return undefined;
  }
  return parsed.data.parts.map((part) => {
    if ('text' in part) return part;
    const path = parsePath(part.name);
    const found = kindAt(path, at.shape);
    if ('wrong' in found) at.complain(at.path, found.wrong);
    else if (typeof found.kind === 'object' && !('oneOf' in found.kind))
      at.complain(at.path, `{${part.name}} is several values, and a text takes one`);
    return { name: part.name, path };
  });
}

export interface Texts extends TemplateContext {
  /** Paths of the deployment. */
  readonly language: Escape | undefined;
  readonly own: ReadonlyMap<string, Template>;
}

/** A text with a missing part is missing as a whole: half a sentence would say something else. */
export function compileText(written: string, { language, own, ...at }: Texts): Computed {
  const parts = partsOf(written, at) ?? [];
  const reported = (path: Path, scope: Scope) => {
    const found = pieceOf(valueAt(scope, path));
    return found !== undefined && language ? escapeFor(language, found) : found;
  };
  const pieces = parts.map((part): ((scope: Scope) => string | undefined) => {
    if ('text' in part) return () => part.text;
    const template = own.get(part.name);
    return template ? (scope) => pieceOf(template(scope)) : (scope) => reported(part.path, scope);
  });
  const value = (scope: Scope) => {
    const found = pieces.map((piece) => piece(scope));
    return found.includes(undefined) ? undefined : found.join('');
  };
  return { value, type: 'text', names: parts.flatMap((part) => ('name' in part ? [part.name] : [])).join(', ') };
}

export function pieceOf(value: Json | undefined): string | undefined {
  if (value === undefined || value === null || typeof value === 'object') return undefined;
  const text = String(value);
  return text.trim() === '' ? undefined : text;
}
