import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const architecture = readFileSync('docs/architecture.md', 'utf8');

describe('docs/architecture.md', () => {
  it('shows the tree of src/ as it is', () => {
    const tree = /## Tree\n\n```\nsrc\/\n([\s\S]*?)```/.exec(architecture)?.[1] ?? '';
    const named = [...tree.matchAll(/^ {2}(\S+?)\/? /gm)].map(([, name]) => name ?? '');
    const there = readdirSync('src').filter((name) => !name.startsWith('.'));
    expect(named.toSorted()).toEqual(there.toSorted());
  });

  it('names only files that exist', () => {
    const paths = [...architecture.matchAll(/`(src\/[\w./-]+\.(?:ts|tsx|lua))`/g)].map(([, path]) => path ?? '');
    expect(paths.length).toBeGreaterThan(10);
    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  });

  it('is linked from the README', () => {
    expect(readFileSync('README.md', 'utf8')).toContain('(docs/architecture.md)');
    expect(readFileSync('README.md', 'utf8')).toContain('(CONTRIBUTING.md)');
  });
});
