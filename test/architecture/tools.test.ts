import { describe, expect, it } from 'vitest';
import { sourceFiles } from './source-text.ts';

/** As a folder, a word of the configuration, a host or a product would be spelled. */
const TOOL =
  /git-?lab|bitbucket|argo-?cd|\bargo\b|argo cd|heroku|cto\.?ai|github|alert-?24|alert-?ops|cdevents|changes-?api/gi;

/** Where tools are at home: their folders, the forges, and the two lists. */
const HOME = /^src\/(?:sources\/[^/]+\/|sinks\/[^/]+\/|forges\/|sources\/index\.ts$|sinks\/index\.ts$)/;

/**
 * Words that were given away and stand in configurations, annotations and Redis: the project in a GitLab that a
 * deployment is told to, whoever told it, and what rules call an AppProject. And how a secret begins that any text may hold (values/secrets.ts).
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
  it('are named by no code outside their folders', () => {
    expect(named).toEqual([]);
  });
});
