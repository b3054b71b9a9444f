import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AnySink } from '../src/sinks/index.ts';
import { AnySource } from '../src/sources/index.ts';

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  ...readdirSync('docs').map((file) => join('docs', file)),
  ...['src/sources', 'src/sinks'].flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name, 'README.md')),
  ),
].filter((path) => path.endsWith('.md'));

/** Without what only looks like a link or a heading. */
const proseOf = (path: string): string => readFileSync(path, 'utf8').replace(/^ *```[\s\S]*?^ *```/gm, '');

const linksIn = (path: string): string[] =>
  [...proseOf(path).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link ?? '')
    .filter((link) => !/^[a-z]+:/.test(link));

/** As GitHub and GitLab name them. */
const headingsOf = (path: string): string[] =>
  [...proseOf(path).matchAll(/^#+ +(.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );

describe.each(PAGES)('%s', (page) => {
  it('links only to files and headings that exist', () => {
    const isBroken = (link: string) => {
      const [file = '', heading] = link.split('#');
      const path = file === '' ? page : join(dirname(page), file);
      return !existsSync(path) || (heading !== undefined && !headingsOf(path).includes(heading));
    };
    expect(linksIn(page).filter(isBroken)).toEqual([]);
  });

  it('names only files that exist', () => {
    const named = [...proseOf(page).matchAll(/`((?:src|test|scripts)\/[\w./-]+)`/g)];
    expect(named.map(([, path = '']) => path).filter((path) => !existsSync(path))).toEqual([]);
  });
});

it('every document is in the index', () => {
  const listed = linksIn('docs/README.md').map((link) => link.split('#')[0]);
  const all = readdirSync('docs').filter((file) => file.endsWith('.md') && file !== 'README.md');
  expect(all.filter((file) => !listed.includes(file))).toEqual([]);
});

describe('the table of products', () => {
  const rows = proseOf('docs/products.md')
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[\s|-]+\|$/.test(line))
    .slice(1)
    .map((line) => line.split('|').slice(1, -1));
  const linked = (cell: string | undefined) =>
    [...(cell ?? '').matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, path]) => relative('.', resolve('docs', path ?? '')));
  const kindsIn = (column: number, folder: string) => {
    const kinds = rows
      .flatMap((row) => linked(row[column]))
      .map((path) => new RegExp(`^${folder}/(.+)/README.md$`).exec(path));
    return [...new Set(kinds.flatMap((kind) => kind?.[1] ?? []))].sort();
  };
  const typesOf = (union: typeof AnySource | typeof AnySink) =>
    union.options.map((option) => option.in.shape.type.value);

  it('has every source and every sink, each with its recipe', () => {
    expect(kindsIn(1, 'src/sources')).toEqual(typesOf(AnySource).sort());
    expect(kindsIn(3, 'src/sinks')).toEqual(typesOf(AnySink).sort());
  });

  it.each(rows.map((row) => [row[0]?.trim() ?? '', row] as const))(
    'shows %s by a test, or says why not, in both directions',
    (_, row) => {
      for (const [recipe, shownBy] of [row.slice(1, 3), row.slice(3, 5)]) {
        if (linked(recipe).length === 0) expect(recipe).toMatch(/^\s*not\b.{20,}/);
        else expect(linked(shownBy).length).toBeGreaterThan(0);
        for (const path of linked(shownBy)) expect(path).toMatch(/^test\/.*\.test\.ts$/);
      }
    },
  );
});

it('Node has the same flags in the image as with npm start', () => {
  const flagsIn = (text = '') => text.match(/--[a-z][\w=-]*/g);
  const start = flagsIn(JSON.parse(readFileSync('package.json', 'utf8')).scripts.start);
  expect(flagsIn(/^ENTRYPOINT .+$/m.exec(readFileSync('Dockerfile', 'utf8'))?.[0])).toEqual(start);
  expect(start).not.toBeNull();
});
