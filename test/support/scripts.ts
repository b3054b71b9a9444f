import { readdirSync, readFileSync } from 'node:fs';
import { type KeyName, keys } from '../../src/store/keys.ts';
import { readScript } from '../../src/store/script.ts';

const FOLDER = 'src/store/scripts';

/** One line of a header, with the lines that go on from it. `open`: it stands for this and all that follow. */
interface Parameter {
  readonly kind: 'KEYS' | 'ARGV';
  readonly first: number;
  readonly open: boolean;
  readonly text: string;
}

export interface ScriptFile {
  readonly name: string;
  readonly lua: string;
  /** Without its header. */
  readonly code: string;
  readonly about: string;
  readonly parameters: readonly Parameter[];
  readonly reply: string;
}

export const scriptFiles = (): ScriptFile[] =>
  readdirSync(FOLDER)
    .filter((file) => file.endsWith('.lua'))
    .sort()
    .map((file) => parse(file.slice(0, -'.lua'.length)));

function parse(name: string): ScriptFile {
  const lua = readScript(name);
  const [, header = '', code = ''] = /^--\[\[\n([\s\S]*?)\n\]\]\n([\s\S]*)$/.exec(lua) ?? [];
  const at = header.search(/^(?:KEYS|ARGV|Reply)/m);
  const entries = header
    .slice(at)
    .replace(/\n {2,}/g, ' ')
    .split('\n');
  const parameters = entries.flatMap((entry): Parameter[] => {
    const [, kind, first, open, text = ''] = /^(KEYS|ARGV)\[(\d+)(\.\.\.)?\] +(\S.*)$/.exec(entry) ?? [];
    if (kind !== 'KEYS' && kind !== 'ARGV') return [];
    return [{ kind, first: Number(first), open: open !== undefined, text: text.replace(/ {2,}/g, ' ') }];
  });
  const reply = entries.find((entry) => entry.startsWith('Reply'))?.replace(/^Reply +/, '') ?? '';
  return { name, lua, code, about: header.slice(0, at).trim(), parameters, reply };
}

/** The family that a key in a header is of: its first word. */
export const familyOf = ({ text }: Parameter): KeyName | undefined => {
  const [word = ''] = text.split(' ');
  return word in keys ? (word as KeyName) : undefined; // asked in the line before
};

/** Where a script is used. */
export const usersOf = (name: string): string[] =>
  readdirSync('src/store', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => readFileSync(`src/store/${file}`, 'utf8').match(`create(?:Binary)?Script\\('${name}'\\)`))
    .map((file) => `store/${file}`)
    .sort();

const patterns = (Object.entries(keys) as [KeyName, (typeof keys)[KeyName]][]).map(([name, { pattern }]) => ({
  name,
  literal: pattern.replace(/<[^>]+>/g, '').length,
  regexp: new RegExp(
    `^${pattern
      .split(/<[^>]+>/)
      .map((text) => text.replace(/[{}&.]/g, '\\$&'))
      .join('[^]+')}$`,
  ),
}));

/** The family that a key in Redis is of: of those that fit, the one that says most of it. */
export const familyOfKey = (key: string): KeyName | undefined =>
  patterns.filter(({ regexp }) => regexp.test(key)).sort((a, b) => b.literal - a.literal)[0]?.name;
