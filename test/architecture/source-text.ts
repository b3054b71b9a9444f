import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

/** A source file as text. TypeScript 7 has no parser for JavaScript, so that what reads types reads nothing here. */
export interface SourceFile {
  /** `src/store/deliveries/ledger.ts` */
  readonly path: string;
  readonly text: string;
  /** The same without comments; lines stay where they are. */
  readonly code: string;
}

export interface Import {
  /** A path of ours, `src/…`, or a package. */
  readonly to: string;
  /** Only types: nothing is loaded for it. */
  readonly typeOnly: boolean;
}

const ROOT = resolve('.');

export const sourceFiles = (folder: string, names = /\.(?:ts|tsx)$/): SourceFile[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => names.test(name))
    .map((name) => join(folder, name).split(sep).join('/'))
    .sort()
    .map((path) => {
      const text = readFileSync(path, 'utf8');
      return { path, text, code: withoutComments(text) };
    });

/** Strings end with their line at the latest, so that an apostrophe in the text of a page hides one line, not the file. */
function withoutComments(text: string): string {
  let code = '';
  let at = 0;
  while (at < text.length) {
    const end = endOfPart(text, at);
    const part = text.slice(at, end);
    code += part.startsWith('//') || part.startsWith('/*') ? part.replace(/[^\n]/g, ' ') : part;
    at = end;
  }
  return code;
}

function endOfPart(text: string, at: number): number {
  const one = text[at] ?? '';
  if (text.startsWith('//', at)) return endAt(text, '\n', at);
  if (text.startsWith('/*', at)) return endAt(text, '*/', at) + 2;
  if (one === '`') return endOfQuoted(text, at, '`', false);
  if (one === "'" || one === '"') return endOfQuoted(text, at, one, true);
  if (one === '/' && /[(,=:[!&|?{};\n]\s*$/.test(text.slice(Math.max(0, at - 20), at))) return endOfPattern(text, at);
  return at + 1;
}

const endAt = (text: string, mark: string, from: number): number => {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : found;
};

function endOfQuoted(text: string, start: number, quote: string, isOneLine: boolean): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === quote || (isOneLine && text[at] === '\n')) return at + 1;
  }
  return text.length;
}

function endOfPattern(text: string, start: number): number {
  let inClass = false;
  for (let at = start + 1; at < text.length; at += 1) {
    const one = text[at];
    if (one === '\n') return start + 1; // a division
    if (one === '\\') at += 1;
    else if (one === '[') inClass = true;
    else if (one === ']') inClass = false;
    else if (one === '/' && !inClass) return at + 1;
  }
  return text.length;
}

const STATEMENT = /^(?:import|export)\s+(type\s+)?([^'";=]*?\bfrom\s+)?'([^']+)'/gm;
const DYNAMIC = /\bimport\('([^']+)'\)/g;

export function importsOf({ path, code }: SourceFile): Import[] {
  const toOurs = (specifier: string) =>
    specifier.startsWith('.')
      ? relative(ROOT, resolve(dirname(path), specifier))
          .split(sep)
          .join('/')
      : specifier;
  return [
    ...[...code.matchAll(STATEMENT)].map(([, type, names, specifier = '']) => ({
      to: toOurs(specifier),
      typeOnly: type !== undefined || isTypesOnly(names),
    })),
    ...[...code.matchAll(DYNAMIC)].map(([, specifier = '']) => ({ to: toOurs(specifier), typeOnly: false })),
  ];
}

/** `{ type A, type B } from` */
function isTypesOnly(names: string | undefined): boolean {
  const inside = /^\{([^}]*)\}/.exec(names ?? '')?.[1];
  const all = inside?.split(',').filter((name) => name.trim() !== '');
  return all !== undefined && all.length > 0 && all.every((name) => name.trim().startsWith('type '));
}

/** The folder in `src`, or for what lies there alone the file: `store`, `record.ts`. */
export const folderOf = (path: string): string => path.split('/')[1] ?? '';
