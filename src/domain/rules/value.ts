import { z } from 'zod';
import type { Deployment } from '../deployment.ts';
import { taggedWith } from './match.ts';
import type { Captures } from './regex.ts';

/** Far longer than any name; templates may repeat what earlier rules computed. */
const MAX_VALUE_CHARS = 1_000;

/** What braces may name besides the groups of the rule's own regular expressions. */
const NAMES: Readonly<Record<string, (deployment: Deployment) => string | undefined>> = {
  'repository.name': ({ repository }) => repository?.name,
  'repository.basename': ({ repository }) => repository?.name.split('/').findLast((part) => part !== ''),
  environment: ({ environment }) => unlessUnknown(environment.name),
  service: ({ service }) => unlessUnknown(service),
  app: (deployment) => taggedWith('app', deployment)[0],
  branch: ({ ref }) => ref,
};

/** Where a source finds no name it writes `unknown`, of which no other name may be built. */
const unlessUnknown = (name: string): string | undefined => (name === 'unknown' ? undefined : name);

type Part = { readonly text: string } | { readonly name: string };

/** A value of `set`: text in which `{name}` stands for a value of the deployment, or of the match. `{{` is a brace. */
export interface Value {
  readonly text: string;
  readonly parts: readonly Part[];
}

export const Value = z
  .string()
  .min(1)
  .transform((text, context): Value => {
    const parts = partsOf(text);
    if (parts) return { text, parts };
    context.addIssue({
      code: 'custom',
      message: 'a "{" opens a name that no "}" closes; write "{{" for the character',
      input: text,
    });
    return z.NEVER;
  });

/** Absent when a brace does not close. */
function partsOf(text: string): Part[] | undefined {
  const tokens: string[] = text.match(/\{\{|\{[^{}]*\}|[^{]+|\{/g) ?? [];
  if (tokens.includes('{')) return undefined;
  return tokens.map((token) => {
    if (token === '{{') return { text: '{' };
    return token.startsWith('{') ? { name: token.slice(1, -1) } : { text: token };
  });
}

export const isComputed = ({ parts }: Value): boolean => parts.some((part) => 'name' in part);

/** A sentence for each name that does not exist. */
export function unknownNames({ parts }: Value, groups: readonly string[]): string[] {
  return parts
    .flatMap((part) => ('name' in part ? [part.name] : []))
    .filter((name) => !groups.includes(name) && !Object.hasOwn(NAMES, name))
    .map((name) => {
      const allowed = [...Object.keys(NAMES), ...groups].map((one) => `{${one}}`);
      return (
        `there is no value {${name}}: write one of ${allowed.join(', ')}, a named group of the match, or ` +
        `"{{" for the character`
      );
    });
}

export type Computed = { readonly value: string } | { readonly missing: string };

/** The value for this deployment, or why there is none: never '', and never the braces themselves. */
export function compute(value: Value, { deployment, captures, groups }: ValueContext): Computed {
  let text = '';
  for (const part of value.parts) {
    const piece = 'text' in part ? part.text : lookUp(part.name, { deployment, captures, groups });
    if (!piece) return { missing: 'name' in part ? `{${part.name}} is not known` : 'it is empty' };
    text += piece;
    if (text.length > MAX_VALUE_CHARS) return { missing: `it is longer than ${MAX_VALUE_CHARS} characters` };
  }
  return text.trim() === '' ? { missing: 'it is empty' } : { value: text };
}

export interface ValueContext {
  readonly deployment: Deployment;
  readonly captures: Captures;
  readonly groups: readonly string[];
}

/** The rule's own group takes precedence over a name of ours, also when it took no part in the match. */
function lookUp(name: string, { deployment, captures, groups }: ValueContext): string | undefined {
  return groups.includes(name) ? captures.get(name) : NAMES[name]?.(deployment);
}
