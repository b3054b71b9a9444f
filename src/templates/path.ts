import type { Json } from '../values/json.ts';
import { cutUnits } from '../values/text.ts';
import type { Fields, ValueType } from './shape.ts';

/**
 * `commit.sha`, `artifacts.0` and `artifacts[0]`, and `commit^sha`, as AlertOps writes it. A name with a dot in it is
 * written in brackets and quotes: `labels["app.example.com/name"]`.
 */
export type Path = readonly string[];

/** Longer paths lead nowhere. */
const MAX_PATH_CHARS = 500;

export const parsePath = (text: string): Path => {
  const steps = cutUnits(text.trim(), MAX_PATH_CHARS).match(/\["[^"]*"\]|\['[^']*'\]|\[\d+\]|[.^]|[^.^[]+|\[/g) ?? [];
  const path: string[] = [];
  let isOpen = true; // a name may follow: at the start, and after a dot
  for (const step of steps) {
    if (step === '.' || step === '^') {
      if (isOpen) path.push('');
      isOpen = true;
    } else if (/^\[\d+\]$/.test(step)) path.push(step.slice(1, -1));
    else if (/^\[["']/.test(step)) path.push(step.slice(2, -2));
    else path.push(...(isOpen ? [step] : [`${path.pop() ?? ''}${step}`]));
    if (step !== '.' && step !== '^') isOpen = false;
  }
  return isOpen ? [...path, ''] : path;
};

/** The shape of the value at the path, or a sentence that says why there is none. */
export function kindAt(path: Path, from: Fields): { readonly kind: ValueType } | { readonly wrong: string } {
  let kind: ValueType = from;
  for (const [at, name] of path.entries()) {
    const next = step(kind, name);
    if (next === undefined) return { wrong: unknownStep(path, at, kind) };
    kind = next;
  }
  return { kind };
}

function step(kind: ValueType, name: string): ValueType | undefined {
  if (kind === 'any') return 'any';
  if (typeof kind === 'string' || 'oneOf' in kind) return undefined;
  if ('list' in kind) return /^\d{1,4}$/.test(name) ? kind.list : undefined;
  return Object.hasOwn(kind.fields, name) ? kind.fields[name] : kind.others;
}

function unknownStep(path: Path, at: number, kind: ValueType): string {
  const whole = path.join('.');
  const above = path.slice(0, at).join('.') || 'a deployment';
  if (typeof kind === 'string' || 'oneOf' in kind) return `there is no ${whole}: ${above} has no parts`;
  if ('list' in kind)
    return `there is no ${whole}: ${above} is a list; write ${above}.0 for its first one, or use "each"`;
  const names = Object.keys(kind.fields);
  return `there is no ${whole}: ${above} has ${names.length > 0 ? names.join(', ') : 'nothing'}`;
}

/** Absent when any part of the path is. */
export function valueAt(from: unknown, path: Path): Json | undefined {
  let value: unknown = from;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name]; // an object, and `name` is its own
  }
  return value as Json | undefined; // `from` was made of JSON
}

/** All values at the path: a step into a list that names none of its items goes into each of them. */
export function valuesAt(from: unknown, path: Path): readonly unknown[] {
  const [name, ...rest] = path;
  if (name === undefined) return [from];
  if (Array.isArray(from) && !/^\d+$/.test(name)) return from.flatMap((item) => valuesAt(item, path));
  if (typeof from !== 'object' || from === null || !Object.hasOwn(from, name)) return [];
  return valuesAt(Reflect.get(from, name), rest);
}
