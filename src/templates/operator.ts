import { z } from 'zod';
import { Capture, Conversion, Escape, type Modifier } from './modifiers.ts';
import type { TemplateContext } from './template-context.ts';

const modifiers = {
  capture: Capture.optional(),
  map: z.record(z.string(), z.unknown()).optional(),
  replace: z.record(z.string().min(1), z.string()).optional(),
  default: z.unknown().optional(),
  required: z.boolean().optional(),
  truncate: z.number('write a number of characters').int().positive().optional(),
  as: Conversion.optional(),
  escape: Escape.optional(),
};

const Operators = {
  path: z.strictObject({ path: z.string(), ...modifiers }),
  text: z.strictObject({ text: z.string(), with: z.record(z.string(), z.unknown()).optional(), ...modifiers }),
  first: z.strictObject({ first: z.array(z.unknown()).min(1, 'write at least one value'), ...modifiers }),
  each: z.strictObject({
    each: z.string(),
    item: z.unknown().refine((item) => item !== undefined, 'write what each one becomes, such as { path: item }'),
    truncate: modifiers.truncate,
    default: modifiers.default,
    required: modifiers.required,
  }),
  const: z.strictObject({ const: z.unknown() }),
  object: z.strictObject({ object: z.record(z.string(), z.unknown()) }),
  if_known: z.strictObject({ if_known: z.union([z.string(), z.array(z.string()).min(1)]), value: z.unknown() }),
};
type Name = keyof typeof Operators;

/** Values that a text can name besides those of the deployment. */
type Named = Readonly<Record<string, unknown>>;

export type Operator =
  | ({ readonly name: 'path'; readonly value: string } & Modifier)
  | ({ readonly name: 'text'; readonly value: string; readonly with?: Named | undefined } & Modifier)
  | ({ readonly name: 'first'; readonly value: readonly unknown[] } & Modifier)
  | ({ readonly name: 'each'; readonly value: string; readonly item: unknown } & Modifier)
  | { readonly name: 'const'; readonly value: unknown }
  | { readonly name: 'object'; readonly value: object }
  | { readonly name: 'if_known'; readonly paths: readonly string[]; readonly value: unknown }
  /** A complaint has been made already. */
  | { readonly name: 'wrong' };

/** A key with this name makes an operator only with a value of the right type: `text: { … }` is a field called text. */
const FITS: Readonly<Record<Name, (value: unknown) => boolean>> = {
  path: (value) => typeof value === 'string',
  text: (value) => typeof value === 'string',
  first: Array.isArray,
  each: (value) => typeof value === 'string',
  const: () => true,
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  if_known: (value) => typeof value === 'string' || Array.isArray(value),
};

const namesIn = (written: object): Name[] =>
  // its own keys
  (Object.keys(FITS) as Name[]).filter((name) => name in written && FITS[name](Reflect.get(written, name)));

export const isOperator = (written: object): boolean => namesIn(written).length > 0;

/** Absent for an object that is a plain object. */
export function operatorOf(written: object, at: TemplateContext): Operator | undefined {
  const [name, second] = namesIn(written);
  if (name === undefined) return undefined;
  if (second !== undefined) {
    at.complain(at.path, `write "${name}" or "${second}", not both`);
    return { name: 'wrong' };
  }
  const { error } = Operators[name].safeParse(written);
  for (const issue of error?.issues ?? []) reportIssue(issue, name, at);
  return error ? { name: 'wrong' } : asOperator(name, written);
}

function asOperator(name: Name, written: object): Operator {
  switch (name) {
    case 'path': {
      const { path: value, ...rest } = Operators.path.parse(written);
      return { name, value, ...rest };
    }
    case 'text': {
      const { text: value, ...rest } = Operators.text.parse(written);
      return { name, value, ...rest };
    }
    case 'first': {
      const { first: value, ...rest } = Operators.first.parse(written);
      return { name, value, ...rest };
    }
    case 'each': {
      const { each: value, ...rest } = Operators.each.parse(written);
      return { name, value, ...rest };
    }
    case 'const':
      return { name, value: Operators.const.parse(written).const };
    case 'object':
      return { name, value: Operators.object.parse(written).object };
    case 'if_known': {
      const { if_known, value } = Operators.if_known.parse(written);
      return { name, paths: [if_known].flat(), value };
    }
  }
}

function reportIssue(issue: z.core.$ZodIssue, name: Name, at: TemplateContext): void {
  if (issue.code !== 'unrecognized_keys') at.complain([...at.path, ...issue.path], issue.message);
  for (const key of issue.code === 'unrecognized_keys' ? issue.keys : [])
    at.complain(
      [...at.path, key],
      `unknown beside "${name}". Where ${name} is a field of theirs, not a value to compute, write { object: { ` +
        `${name}: …, ${key}: … } }`,
    );
}
