import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundle } from '../../scripts/bundle.mjs';

/** What is in texts, patterns and names stays the same in a bundle of ASCII alone. */
const SOURCE = [
  String.raw`const größe = 'Größe ⛵ 😀 \u2026 \\u0041';`,
  'const joined = `${größe} – Ärger`;',
  "const matches = ['ä', '⛵', '😀', 'z', 'ſ'].map((one) => /^[à-ü⛵😀]$/u.test(one) || /^(?:ſ|…)$/.test(one));",
  "export const said = { größe, joined, matches, Überschrift: 'a' + '“b”' };",
].join('\n');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shiplog-bundle-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('makes files of ASCII alone that do the same', async () => {
  const file = join(folder, 'said.mjs');
  await writeFile(file, SOURCE);
  await bundle({ root: folder, entries: { out: 'said.mjs' }, to: join(folder, 'to') });
  const text = await readFile(join(folder, 'to', 'out.js'), 'utf8');
  expect(Buffer.byteLength(text)).toBe(text.length);
  const load = async (path: string) => ((await import(pathToFileURL(path).href)) as { said: unknown }).said; // as above
  expect(await load(join(folder, 'to', 'out.js'))).toEqual(await load(file));
});
