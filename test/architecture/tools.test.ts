import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sourceFiles } from './source-text.ts';

/** The folders of the tools; `http` is a sink for any, and a word of its own. */
const FOLDERS = ['src/sources', 'src/sinks'].flatMap((folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() && entry.name !== 'http' ? [entry.name] : [],
  ),
);

/** As a folder, a word of the configuration, a host or a product would be spelled. */
const TOOL = new RegExp(
  String.raw`git-?lab|bitbucket|argo-?cd|\bargo\b|argo cd|heroku|cto\.?ai|github|alert-?24|alert-?ops|${FOLDERS.join('|')}`,
  'gi',
);

/** Where tools are at home: their folders, the forges, and the two lists. */
const HOME = /^src\/(?:sources\/[^/]+\/|sinks\/[^/]+\/|forges\/|sources\/index\.ts$|sinks\/index\.ts$)/;

/**
 * Words that were given away in 0.1.0 and stand in configurations, annotations and Redis: the project in a GitLab that
 * a deployment is told to, whoever told it. And how a secret begins that any text may hold (values/secrets.ts).
 */
const GIVEN_AWAY = /\bgitlabProject\b|\bgitlab_project\b|\bgithub_pat_/g;

const named = sourceFiles('src')
  .filter(({ path }) => !HOME.test(path))
  .flatMap(({ path, code }) =>
    code.split('\n').flatMap((line, at) => {
      const words = line.replace(GIVEN_AWAY, '').match(TOOL) ?? [];
      return words.length > 0 ? [`${path}:${at + 1} ${line.trim().slice(0, 120)}`] : [];
    }),
  );

describe('tools', () => {
  it('are named by no code outside their folders', () => {
    expect(named).toEqual([]);
  });
});
