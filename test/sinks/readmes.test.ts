import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { aDeployment, sha } from '../support/deployment.ts';
import { AlertopsMessage } from '../support/destination-schemas.ts';

const BASE = 'admin_token: the-admin-token-of-a-test\nsources: [{ type: gitlab, secrets: [fedcba9876543210] }]\n';
const ONE_MORE = 'sinks:\n  - ';

/** The blocks of one language, without the indentation that a list gives them. */
function blocksOf(text: string, language: string): string[] {
  const fenced = new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^\\1\`\`\``, 'gm');
  return [...text.matchAll(fenced)].map(([, indent = '', block = '']) =>
    block.replaceAll(`\n${indent}`, '\n').slice(indent.length),
  );
}

const readmes = readdirSync('src/sinks')
  .filter((folder) => existsSync(`src/sinks/${folder}/README.md`))
  .map((folder) => [folder, readFileSync(`src/sinks/${folder}/README.md`, 'utf8')] as const);

/** What the environment would give for each name. */
const standIn = (name: string): string => {
  if (name === 'POSTGRES_URL') return 'postgres://shiplog:look-alike-0001@db.example.com/shiplog';
  if (name.endsWith('_URL')) return 'https://harbor.example.com/hook/0123456789abcdef';
  return name.endsWith('_SIGNING_KEY')
    ? `whsec_${btoa('0123456789abcdef0123456789abcdef')}`
    : `look-alike-0001-${name}`;
};

describe.each(readmes)('the README of %s', (folder, text) => {
  const recipes = blocksOf(text, 'yaml');

  it('has recipes, each of which loads, previews a deployment, and shows no secret', () => {
    expect(recipes.length).toBeGreaterThan(0);
    for (const yaml of recipes) {
      expect(yaml.startsWith(ONE_MORE)).toBe(true);
      const names = [...yaml.matchAll(/\$\{([A-Z0-9_]+)/g)].map(([, name]) => name ?? '');
      const environment = Object.fromEntries(names.map((name) => [name, standIn(name)]));
      const [sink, ...others] = parseConfig(`${folder}/README.md`, `${BASE}${yaml}`, { environment }).sinks;
      expect(others).toEqual([]);
      const url = 'https://gitlab.example.com/harbor/lighthouse-api';
      const repository = { name: 'harbor/lighthouse-api', url, gitlabProject: 'harbor/lighthouse-api' };
      const shown = JSON.stringify(
        sink?.preview(aDeployment({ repository, commit: { sha: sha(1), title: 'LAMP-7 Turn the lamp faster' } })),
      );
      expect(shown.length).toBeGreaterThan(100);
      for (const secret of sink?.secrets ?? []) expect(shown).not.toContain(secret);
    }
  });

  it.each(recipes.filter((yaml) => /\$\{[A-Z0-9_]+:-\}/.test(yaml)))(
    'describes in recipe %# a sink that is off without its optional variables',
    (yaml) => {
      expect(parseConfig(`${folder}/README.md`, `${BASE}${yaml}`, { environment: {} }).sinks).toEqual([]);
    },
  );
});

it('the sample in the README of AlertOps is a message of ours', () => {
  const [, text = ''] = readmes.find(([name]) => name === 'alertops') ?? [];
  const [sample = ''] = blocksOf(text, 'json');
  expect(AlertopsMessage.safeParse(JSON.parse(sample)).error).toBeUndefined();
});
