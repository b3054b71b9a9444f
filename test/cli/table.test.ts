import { describe, expect, it } from 'vitest';
import { oneLine, shorten, table, widthOf } from '../../src/cli/table.ts';

const columns = [{ title: 'when' }, { title: 'service', least: 4 }, { title: 'what', least: 6 }];
const rows = [
  ['20:50:01', 'lighthouse-api', 'Turn the lamp faster'],
  ['20:51', 'tide', ''],
];

describe('a table', () => {
  it('aligns its columns, and truncates nothing if the output is no terminal', () => {
    expect(table(columns, rows)).toBe(
      ['WHEN      SERVICE         WHAT', '20:50:01  lighthouse-api  Turn the lamp faster', '20:51     tide', ''].join(
        '\n',
      ),
    );
  });

  it('narrows the widest columns on a narrow terminal, never those that must not be cut', () => {
    const lines = table(columns, rows, 32).trimEnd().split('\n');
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(32);
    expect(lines[1]).toMatch(/^20:50:01 {2}lighthous… {2}Turn the …$/);
    expect(table(columns, rows, 5)).toContain('20:50:01  lig…  Turn …');
  });

  it('uses colours only on a terminal, and they take no width', () => {
    const painted = [{ title: 'state', paint: (cell: string) => `<${cell}>` }, { title: 'who' }];
    expect(table(painted, [['ok', 'mira']], 80)).toContain('<ok>     mira');
    expect(table(painted, [['ok', 'mira']])).toContain('ok     mira');
  });
});

describe('a text on a terminal', () => {
  it('is one line without control characters', () => {
    expect(oneLine('\u001b[31mred\u001b[0m\u0007\nproduction\t\u202enoitcudorp ')).toBe('red production noitcudorp');
  });

  it('is cut between characters, and wide ones count twice', () => {
    expect(widthOf('灯台ab')).toBe(6);
    expect(shorten('灯台ab', 5)).toBe('灯台…');
    expect(shorten('a👩‍🔧b', 3)).toBe('a…');
    expect(shorten('abc', 3)).toBe('abc');
  });
});

describe('a column that must not be cut', () => {
  const key = 'gitlab:git.harbor.example:77:job:15664214926';
  const columns = [{ title: 'state' }, { title: 'what', least: 8 }, { title: 'deployment', whole: true }] as const;

  it.each([60, 80])('gets a line of its own if it leaves the others too little room: %i columns', (width) => {
    const rows = [['succeeded', 'Read the tide from the new gauge, and keep the old one'.repeat(2), key]];
    const lines = table([...columns, { title: 'who', least: 4 }], [[...(rows[0] ?? []), 'mira okafor']], width).split(
      '\n',
    );
    expect(lines.every((line) => line.length <= width)).toBe(true);
    expect(lines[3]).toBe(`  ${key}`);
    expect(lines[2]).toContain('mira');
  });

  it('is printed beside the others if there is room, or if the output is no terminal', () => {
    for (const width of [120, undefined])
      expect(table(columns, [['succeeded', 'Bump', key]], width).split('\n')[1]).toContain(key);
  });
});
