import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Which packages lie in the files of dist/ that a program has read, by what Node writes into the folder
 * `NODE_V8_COVERAGE` when the program ends in peace.
 */
export function loadedPackages(folder: string): string[] {
  const files = readdirSync(folder).filter((file) => file.startsWith('coverage-'));
  if (files.length === 0) throw new Error('the program did not say what it has read');
  const urls = files.flatMap((file) => scriptsOf(join(folder, file)));
  const sources = [...new Set(urls)].flatMap((url) => sourcesOf(new URL(`${url}.map`)));
  const names = sources.flatMap((path) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
  return [...new Set(names)];
}

function scriptsOf(report: string): string[] {
  const { result }: { result: readonly { url: string }[] } = JSON.parse(readFileSync(report, 'utf8')); // Node's own
  return result.map(({ url }) => url).filter((url) => /\/dist\/[^/]+\.js$/.test(url) && !url.includes('node_modules'));
}

function sourcesOf(map: URL): readonly string[] {
  if (!existsSync(map)) return []; // the bundler's own
  const { sources }: { sources: readonly string[] } = JSON.parse(readFileSync(map, 'utf8')); // made by scripts/bundle.mjs
  return sources;
}
