import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { toText, writePage } from '../../scripts/page.mjs';

const columns = [{ name: 'fault' }, { name: 'sent', isNumber: true }, { name: 'verdict' }];
const rows = [
  ['fog', '7', 'passed'],
  ['a|b', '1200', ''],
];
let dir: string;
let path: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shiplog-page-'));
  path = join(dir, 'page.md');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const write = (page: string, facts: string) => {
  writeFileSync(path, page);
  return writePage({ path, name: 'lamps', facts, columns, rows });
};
const written = () => readFileSync(path, 'utf8');

it('a table has its numbers aligned right, and no trailing space', () => {
  expect(toText(columns, rows)).toBe('fault  sent  verdict\nfog       7  passed\na|b    1200');
});

it('the page gets the table between its two marks, and keeps all other text', async () => {
  await write('# Lamps\n\n<!-- lamps: begin -->\nold\n<!-- lamps: end -->\n\nBelow.\n', 'today');
  expect(written()).toMatch(/^# Lamps\n\n<!-- lamps: begin -->\ntoday\n\n\| fault +\| +sent \| verdict +\|\n/);
  expect(written()).toContain('a\\|b');
  expect(written()).toMatch(/\n<!-- lamps: end -->\n\nBelow\.\n$/);
  expect(written()).not.toContain('old');
  const once = written();
  await write(once, 'today');
  expect(written()).toBe(once);
});

it.each(['', '<!-- lamps: begin -->\nkept', 'kept\n<!-- lamps: end -->', '<!-- lamps: end --> <!-- lamps: begin -->'])(
  'a page without the marks stays unchanged: %j',
  async (page) => {
    await expect(write(page, 'today')).rejects.toThrow('has no place for the table');
    expect(written()).toBe(page);
  },
);
