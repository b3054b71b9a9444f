import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { AnySink } from '../src/sinks/index.ts';
import { AnySource } from '../src/sources/index.ts';
import { PAYLOADS } from './support/every-source.ts';

const readme = readFileSync('README.md', 'utf8');
const recipes = readFileSync('docs/recipes.md', 'utf8');
const configuration = readFileSync('docs/configuration.md', 'utf8');

const foldersIn = (path: string) =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();

const typesOf = (union: typeof AnySource | typeof AnySink) =>
  union.options.map((option) => option.in.shape.type.value).sort();

const typesIn = (file: string, list: 'sources' | 'sinks') => {
  const config: { [list: string]: { type: string }[] } = parse(readFileSync(file, 'utf8'));
  return (config[list] ?? []).map(({ type }) => type).sort();
};

describe.each([
  ['sources', AnySource],
  ['sinks', AnySink],
] as const)('the %s', (list, union) => {
  const folders = foldersIn(join('src', list));

  it('each have a folder and a name in the list', () => {
    expect(typesOf(union)).toEqual(folders);
  });

  it.each(folders)('%s has a README, which the main one links', (folder) => {
    const path = join('src', list, folder, 'README.md');
    expect(existsSync(path)).toBe(true);
    expect(readme).toContain(`(${path})`);
  });

  it('are all in the shipped configuration and in the example', () => {
    expect(typesIn('config/shiplog.yaml', list)).toEqual(folders);
    expect(typesIn('config/shiplog.example.yaml', list)).toEqual(folders);
  });
});

it('every source has a payload for the tests of secrets and hostile texts', () => {
  expect([...new Set(PAYLOADS.map(([type]) => type))].sort()).toEqual(typesOf(AnySource));
});

describe('the documents', () => {
  it("have the same Bitbucket step as the source's README", () => {
    const stepIn = (text: string) => /- step:\n[\s\S]*?\n```/.exec(text)?.[0];
    expect(stepIn(recipes)).toBe(stepIn(readFileSync('src/sources/bitbucket/README.md', 'utf8')));
  });

  it('name every environment variable of the shipped configuration', () => {
    const named = [...readFileSync('config/shiplog.yaml', 'utf8').matchAll(/\$\{([A-Z0-9_]+)/g)].map(
      ([, name]) => name ?? '',
    );
    for (const name of named) expect(configuration).toContain(`\`${name}\``);
  });
});
