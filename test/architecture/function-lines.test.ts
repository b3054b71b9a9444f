import { readFileSync } from 'node:fs';
import { parseSync } from 'oxc-parser';
import { expect, it } from 'vitest';
import { sourceFiles } from '../support/regex-literals.ts';

const MOST_LINES = 40;

interface Found {
  readonly name: string;
  readonly start: number;
  readonly body: Span;
  /** Functions with a name that lie in it. */
  readonly inner: Found[];
}

interface Span {
  readonly start: number;
  readonly end: number;
}

interface Node extends Span {
  readonly type?: string;
  readonly body?: Span & { readonly type: string };
  readonly id?: { readonly name?: string } | null;
  readonly key?: { readonly name?: string };
}

const FUNCTION = /^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/;
/** What gives the function in it a name, or makes it the result. A callback has neither: it belongs to what is around it. */
const NAMING = /^(?:VariableDeclarator|Property|MethodDefinition|ReturnStatement)$/;

/**
 * The lines of a function: its body without blank lines and comments, and without the functions with a name that it
 * makes. These are counted by themselves: a factory is as long as what it does itself.
 */
function longFunctions(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const { program, comments, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file} cannot be parsed: ${errors[0]?.message}`);
  const code = withoutComments(text, comments);
  const linesOf = ({ start, end }: Span) =>
    code
      .slice(start, end)
      .split('\n')
      .filter((line) => line.trim() !== '').length;
  const ownLines = ({ body, inner }: Found): number =>
    inner.reduce((lines, { body }) => lines - Math.max(0, linesOf(body) - 1), linesOf(body) - 2);
  return functionsOf(program)
    .filter((found) => ownLines(found) > MOST_LINES)
    .map((found) => `${file}:${text.slice(0, found.start).split('\n').length} ${found.name} has ${ownLines(found)}`);
}

function withoutComments(text: string, comments: readonly Span[]): string {
  let code = '';
  for (const { start, end } of comments)
    code += text.slice(code.length, start) + text.slice(start, end).replace(/[^\n]/g, ' ');
  return code + text.slice(code.length);
}

function functionsOf(program: unknown): readonly Found[] {
  const all: Found[] = [];
  const look = (node: unknown, parent: Node | undefined, around: Found | undefined): void => {
    if (typeof node !== 'object' || node === null) return;
    if (Array.isArray(node)) {
      for (const one of node) look(one, parent, around);
      return;
    }
    const one = node as Node;
    const isFunction = one.type !== undefined && one.body != null && FUNCTION.test(one.type);
    const isNamed = one.type === 'FunctionDeclaration' || NAMING.test(parent?.type ?? '');
    const found = isFunction && (isNamed || !around) ? toFound(one, parent) : undefined;
    if (found) all.push(found);
    if (found) around?.inner.push(found);
    for (const child of Object.values(node)) look(child, one.type === undefined ? parent : one, found ?? around);
  };
  look(program, undefined, undefined);
  return all;
}

const toFound = ({ id, start, end, body }: Node, parent: Node | undefined): Found => ({
  name: id?.name ?? parent?.id?.name ?? parent?.key?.name ?? 'a function',
  start,
  body: body ?? { start, end },
  inner: [],
});

it(`no function has more than ${MOST_LINES} lines of its own`, () => {
  expect(sourceFiles('src').flatMap(longFunctions)).toEqual([]);
});
