import { describe, expect, it } from 'vitest';
import { oneLine, shorten, table, widthOf } from '../../src/cli/table.ts';

const columns = [{ title: 'when' }, { title: 'service', least: 4 }, { title: 'what', least: 6 }];
const rows = [
  ['20:50:01', 'lighthouse-api', 'Turn the lamp faster'],
  ['20:51', 'tide', ''],
];

describe('a table', () => {
  it('aligns its columns, and cuts nothing where nobody looks', () => {
    expect(table(columns, rows)).toBe(
      ['WHEN      SERVICE         WHAT', '20:50:01  lighthouse-api  Turn the lamp faster', '20:51     tide', ''].join(
        '\n',
      ),
    );
  });

  it('takes from the widest columns where the terminal is narrow, never from those that may not give', () => {
    const lines = table(columns, rows, 32).trimEnd().split('\n');
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(32);
    expect(lines[1]).toMatch(/^20:50:01 {2}lighthous… {2}Turn the …$/);
    expect(table(columns, rows, 5)).toContain('20:50:01  lig…  Turn …');
  });

  it('paints on a terminal alone, and the paint takes no room', () => {
    const painted = [{ title: 'state', paint: (cell: string) => `<${cell}>` }, { title: 'who' }];
    expect(table(painted, [['ok', 'mira']], 80)).toContain('<ok>     mira');
    expect(table(painted, [['ok', 'mira']])).toContain('ok     mira');
  });
});

describe('a text on a terminal', () => {
  it('is one line that draws nothing', () => {
    expect(oneLine('\u001b[31mred\u001b[0m\u0007\nproduction\t\u202enoitcudorp ')).toBe('red production noitcudorp');
  });

  it('is cut between letters, and wide ones count twice', () => {
    expect(widthOf('灯台ab')).toBe(6);
    expect(shorten('灯台ab', 5)).toBe('灯台…');
    expect(shorten('a👩‍🔧b', 3)).toBe('a…');
    expect(shorten('abc', 3)).toBe('abc');
  });
});
