// What `npm run bench` and `npm run faults` show: a table, and the line that says where and with what it was measured.
// A column is { name, isNumber }; a row has a text for each.
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { root, run, Stop, say } from './prepare.mjs';

/** Day, cores, Node and Redis. A figure without them cannot be compared with anything. */
export async function machineFacts() {
  const { output } = await run('redis-server', ['--version'], { quiet: true }).catch(() => ({ output: '' }));
  return [
    new Date().toISOString().slice(0, 10),
    `${cpus().length} cores`,
    `Node ${process.version}`,
    `Redis ${/v=(\S+)/.exec(output)?.[1] ?? 'of another name'}`,
  ];
}

export function toText(columns, rows) {
  const table = [columns.map(({ name }) => name), ...rows];
  const widths = columns.map((_, at) => Math.max(...table.map((row) => row[at].length)));
  const place = (cell, at) => (columns[at].isNumber ? cell.padStart(widths[at]) : cell.padEnd(widths[at]));
  return table.map((row) => row.map(place).join('  ').trimEnd()).join('\n');
}

function toMarkdown(columns, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = `|${columns.map(({ isNumber }) => (isNumber ? '---:' : '---')).join('|')}|`;
  return [line(columns.map(({ name }) => name)), rule, ...rows.map(line)].join('\n');
}

/** Between the page's two marks. The words around them are for people to write, so a page without marks is left alone. */
export async function writePage({ path, name, facts, columns, rows }) {
  const page = await readFile(path, 'utf8');
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from)
    throw new Stop(`${path} has no place for the table: ${begin} and ${end}, on a line each`);
  const made = `${begin}\n${facts}\n\n${toMarkdown(columns, rows)}\n`;
  await writeFile(path, `${page.slice(0, from)}${made}${page.slice(to)}`);
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  await run(process.execPath, [biome, 'format', '--write', path], { quiet: true });
  say(`\nwritten to ${path}`);
}
