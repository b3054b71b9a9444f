import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sourceFiles } from './source-text.ts';

/** Every tool is a folder or a forge, and has a product name: a new one is looked for from its first day. */
const FOLDERS = ['src/sources', 'src/sinks'].flatMap((folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])),
);
const FORGES = readdirSync('src/forges').filter((name) => isForge(name));
const PRODUCTS = sourceFiles('src').flatMap(({ path, code }) =>
  /^src\/(?:sources|sinks)\/[^/]+\//.test(path)
    ? [...code.matchAll(/\bproductName: '([^']+)'/g)].map(([, name]) => name ?? '')
    : [],
);
/**
 * The HTTP sink is for any destination, the webhook and alerts sources for any tool, and OpenTelemetry's protocol also
 * carries the traces of Shiplog itself: they name no product.
 */
const NO_TOOLS = new Set(['http', 'webhook', 'otlp', 'opentelemetry', 'alerts']);
/** What people call a tool beside its name. */
const SHORT_NAMES = ['argo'];

const names = [...FOLDERS, ...FORGES.map((name) => name.replace('.ts', '')), ...PRODUCTS, ...SHORT_NAMES];
const spellings = [...new Set(names.map((name) => name.toLowerCase()))]
  .filter((name) => !NO_TOOLS.has(name))
  // as a folder, an identifier, a word of the configuration, a host or a product would be spelled
  .map((name) => name.split(/[^a-z0-9]+/).join('[-_. ]?'))
  .map((pattern) => (pattern.length < 5 ? `\\b${pattern}\\b` : pattern));
const TOOL = new RegExp(`git-lab|${spellings.join('|')}`, 'gi');

/** A forge's file has a function that makes its repository; the others are shared by all forges. */
function isForge(name: string): boolean {
  return readFileSync(`src/forges/${name}`, 'utf8').includes(`export function ${name.replace('.ts', '')}Repository`);
}

/** Where tools are at home: their folders, the forges, and the two lists. */
const HOME = /^src\/(?:sources\/[^/]+\/|sinks\/[^/]+\/|forges\/|sources\/index\.ts$|sinks\/index\.ts$)/;

/**
 * Words that were given away and stand in configurations, annotations and Redis: the project in a GitLab that a
 * deployment is delivered to, whoever told it, and what rules call an AppProject. And how a secret begins that any text may hold (values/secret-shapes.ts).
 */
const GIVEN_AWAY = /\bgitlabProject\b|\bgitlab_project\b|\bargocd_project\b|\bgithub_pat_/g;

const named = sourceFiles('src')
  .filter(({ path }) => !HOME.test(path))
  .flatMap(({ path, code }) =>
    code.split('\n').flatMap((line, at) => {
      const words = line.replace(GIVEN_AWAY, '').match(TOOL) ?? [];
      return words.length > 0 ? [`${path}:${at + 1} ${line.trim().slice(0, 120)}`] : [];
    }),
  );

describe('tools', () => {
  it('are all recognised', () => {
    for (const tool of [
      'gitlab',
      'bitbucket',
      'github',
      'heroku',
      'Argo CD',
      'CTO.ai',
      'alert24',
      'alertops',
      'changesApi',
    ])
      expect(tool.match(TOOL)).not.toBeNull();
  });

  it('are not named in code outside their folders', () => {
    expect(named).toEqual([]);
  });
});
