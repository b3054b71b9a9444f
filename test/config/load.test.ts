import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Config } from '../../src/config/config.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import type { Environment } from '../../src/config/environment.ts';
import { knownKeysAt } from '../../src/config/known-keys.ts';
import { parseConfig } from '../../src/config/load.ts';
import { AnySink } from '../../src/sinks/index.ts';
import { AnySource } from '../../src/sources/index.ts';

const SECRET = 'a-secret-of-24-characters';
const ADMIN = 'an-admin-token-for-tests';
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shiplog-config-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

const minimal = (more = '') =>
  `data_dir: ${dir}\nadmin_token: ${ADMIN}\nsources:\n  - type: gitlab\n    secrets: [${SECRET}]\n${more}`;
const parse = (text: string, environment: Environment = {}) =>
  parseConfig('shiplog.yaml', text, { environment, mayMakeSecrets: true });
const problems = (text: string, environment: Environment = {}): readonly string[] => {
  try {
    parse(text, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

describe('the shipped configuration', () => {
  const shipped = readFileSync('config/shiplog.yaml', 'utf8');

  it('runs without any environment variable, and generates secrets once', () => {
    const first = parse(shipped, { SHIPLOG_DATA_DIR: dir });
    const second = parse(shipped, { SHIPLOG_DATA_DIR: dir });
    expect(first.sources).toHaveLength(AnySource.options.length);
    expect(first.sources[0]?.secrets).toEqual(second.sources[0]?.secrets);
    expect(first.sources[0]?.secrets[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set([first.admin_token, ...first.sources.flatMap((source) => source.secrets)]).size).toBe(
      first.sources.length + 1,
    );
    expect(first.sinks).toEqual([]);
    expect(statSync(join(dir, 'secrets.json')).mode & 0o777).toBe(0o600);
  });

  it('uses every variable of the environment', () => {
    const config = parse(shipped, {
      SHIPLOG_DATA_DIR: dir,
      PORT: '9090',
      SHIPLOG_HOST: '0.0.0.0',
      REDIS_URL: 'redis://127.0.0.1:6399/0',
      LOG_LEVEL: 'warn',
      SHIPLOG_GITLAB_SECRET: SECRET,
      GITLAB_URL: 'https://git.harbor.example/',
      GITLAB_TOKEN: 'glpat-x',
      ALERT24_API_KEY: 'ak_live_x',
    });
    expect(config).toMatchObject({
      port: 9090,
      host: '0.0.0.0',
      redis_url: 'redis://127.0.0.1:6399/0',
      log_level: 'warn',
    });
    expect(config.sources[0]?.secrets).toEqual([SECRET]);
    expect(config.sinks.map((sink) => sink.name)).toEqual(['alert24', 'gitlab']);
  });

  it('comes with an example that names every key of the file, of each source and of each sink', () => {
    const example = readFileSync('config/shiplog.example.yaml', 'utf8');
    const ofFile = [[], ...Object.keys(parse(minimal())).map((key) => [key])].flatMap((path) =>
      ['sources', 'sinks', 'rules', 'testing'].includes(path[0] ?? '') ? [] : knownKeysAt(Config, path),
    );
    const ofParts = [...AnySource.options, ...AnySink.options].flatMap((part) => knownKeysAt(part, []));
    const missing = [...ofFile, ...ofParts].filter((key) => !new RegExp(`\\b${key}:`).test(example));
    expect(missing).toEqual(['testing']); // for tests of faults alone
  });

  it('comes with a complete example that is valid', () => {
    const example = readFileSync('config/shiplog.example.yaml', 'utf8');
    const named = Object.fromEntries(
      [...example.matchAll(/\$\{([A-Z0-9_]+)/g)].map(([, name]) => [
        name,
        name?.startsWith('REDIS_') ? '' : name?.endsWith('URL') ? 'https://x.example/path' : SECRET,
      ]),
    );
    expect(
      problems(example, {
        ...named,
        POSTGRES_URL: 'postgres://shiplog:secret@db.harbor.example:5432/shiplog',
        SHIPLOG_DURABILITY: 'fsync',
        SHIPLOG_SHUTDOWN_DELAY: '5',
        SHIPLOG_TRUST_PROXY: '1',
        SHIPLOG_ROLES: 'work',
        SHIPLOG_KEY_PREFIX: 'harbor',
        PORT: '1',
        SHIPLOG_DATA_DIR: dir,
        LOG_LEVEL: 'info',
        ...Object.fromEntries(
          ['ADMIN', 'VIEWER', 'DASHBOARD', 'METRICS'].map((who) => [`SHIPLOG_${who}_TOKEN`, `${who}-${SECRET}`]),
        ),
        SHIPLOG_SIGNING_TOKEN: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
      }),
    ).toEqual([]);
  });
});

describe('a wrong configuration', () => {
  it('names file, line, key and what to do', () => {
    expect(problems(minimal().replace(`[${SECRET}]`, '[short]'))).toEqual([
      'shiplog.yaml:5: sources[0].secrets[0]: a secret needs at least 16 characters; make one with: openssl rand -hex 32',
    ]);
    expect(problems(minimal('prot: 80\n'))).toEqual([
      expect.stringMatching(/^shiplog\.yaml:6: prot: unknown key; did you mean port\? /),
    ]);
    expect(problems(minimal('rules: [{ name: bots, match: { actr: renovate }, drop: true }]\n'))).toContainEqual(
      expect.stringMatching(/^shiplog\.yaml:6: rules\[0\]\.match\.actr: unknown key; .*\(known here: .*environment/),
    );
    expect(problems(minimal('inbox: { dayz: 3 }\n'))[0]).toContain('unknown key; did you mean days?');
    const slak = 'sinks: [{ type: http, preset: slak, secrets: { url: "https://hooks.harbor.example/1" } }]\n';
    expect(problems(minimal(slak))[0]).toContain('"slak" is not known; did you mean slack? Write one of ');
    expect(problems(minimal('port: eighty\n'))).toEqual([expect.stringMatching(/^shiplog\.yaml:6: port: /)]);
    expect(problems(minimal('admin_token: again-and-again-and\n'))).toEqual([
      expect.stringMatching(/^shiplog\.yaml:6: .*unique/),
    ]);
  });

  it('names a misspelt type before a secret that only the bridge makes', () => {
    const text = minimal().replace(`[${SECRET}]`, '[generated]');
    const asCommand = (written: string) => () => parseConfig('shiplog.yaml', written, { environment: {} });
    expect(asCommand(text)).toThrow('only the bridge makes secrets');
    expect(asCommand(text.replace('type: gitlab', 'type: gitlb'))).toThrow('did you mean gitlab?');
  });

  it('names an environment variable that is not set', () => {
    expect(problems(minimal('log_level: ${NOT_THERE}\n'))).toEqual([
      expect.stringMatching(/^shiplog\.yaml:6: the environment variable NOT_THERE is not set/),
    ]);
  });

  it('reads a secret from a file, and names a file that is missing', () => {
    writeFileSync(join(dir, 'secret'), `${SECRET}\n`);
    const config = parse(minimal().replace(`[${SECRET}]`, `["\${file:${dir}/secret}"]`));
    expect(config.sources[0]?.secrets).toEqual([SECRET]);
    expect(problems(minimal().replace(`[${SECRET}]`, '["${file:/nowhere}"]'))[0]).toMatch(
      /^shiplog\.yaml:5: the file \/nowhere cannot be read/,
    );
  });

  it('refuses a source without a secret, an unknown type, and two of one name', () => {
    expect(problems(minimal().replace(`[${SECRET}]`, '[]'))[0]).toMatch(/^shiplog\.yaml:5: sources\[0\]\.secrets: /);
    expect(problems(minimal().replace('type: gitlab', 'type: gitlub'))[0]).toMatch(
      /^shiplog\.yaml:4: sources\[0\]\.type: /,
    );
    expect(problems(minimal(`  - type: gitlab\n    secrets: [${SECRET}]\n`))[0]).toMatch(
      /^shiplog\.yaml:6: sources\[1\]: a second one named "gitlab"/,
    );
  });

  it('refuses two rules with one name, which identifies their match counts', () => {
    const rules = (...names: string[]) => minimal(`rules:\n${names.map((name) => `  - { ${name} }\n`).join('')}`);
    expect(problems(rules('name: lamps', 'name: tides', 'name: lamps'))).toEqual([
      'shiplog.yaml:9: rules[2].name: rules[0] is called "lamps" too; give each a name of its own',
    ]);
    // Without a name it is called by its place.
    expect(problems(rules('name: "rules[1]"', 'match: {}'))).toEqual([
      'shiplog.yaml:8: rules[1].name: rules[0] is called "rules[1]" too; give each a name of its own',
    ]);
    expect(problems(rules('match: {}', 'match: {}', 'name: lamps'))).toEqual([]);
  });

  it('generates the admin token of a file that names none', () => {
    const without = minimal().replace(`admin_token: ${ADMIN}\n`, '');
    const { admin_token } = parse(without);
    expect(admin_token.length).toBeGreaterThanOrEqual(16);
    expect(parse(without.replace('sources:', 'admin_token: generated\nsources:'))).toMatchObject({ admin_token });
  });

  it('generates a secret for each tool, also for those of one type', () => {
    const presets = ['github', 'jenkins'].map(
      (preset) => `  - { type: webhook, preset: ${preset}, secrets: [generated] }\n`,
    );
    const { sources } = parse(minimal(presets.join('')));
    const secrets = sources.flatMap((source) => source.secrets);
    expect(new Set(secrets).size).toBe(3);
    expect(parse(minimal(presets.join(''))).sources.flatMap((source) => source.secrets)).toEqual(secrets);
  });

  it('describes what to write if something is missing', () => {
    const missing = [...problems(`sources: [{ type: gitlab }]\nport: eighty\ndata_dir: ${dir}\n`)].sort();
    expect(missing).toEqual(
      [
        'shiplog.yaml:2: port: write a port number from 0 to 65535',
        'shiplog.yaml:1: sources[0].secrets: give a list with at least one secret, or with "generated"',
      ].sort(),
    );
  });

  it('refuses an admin token that is also another secret', () => {
    const more = (key: string, yaml: string) => expect(problems(minimal(yaml))[0]).toContain(key);
    more('admin_token: it is a secret of sources[1]', `  - { type: changes-api, secrets: [${ADMIN}] }\n`);
    more(
      'admin_token: it is a secret of sources[1]',
      `  - { type: gitlab, name: b, secrets: [${SECRET}], api: { url: "https://git.harbor.example", token: ${ADMIN} } }\n`,
    );
    more('admin_token: it is a secret of sinks[0]', `sinks: [{ type: alert24, api_key: ${ADMIN} }]\n`);
    more('tokens[0].token: it is the admin token', `tokens: [{ name: ci, may: read, token: ${ADMIN} }]\n`);
    more('viewer_token: it is a secret of sources[0]', `viewer_token: ${SECRET}\n`);
    more('tokens[0].may: write read or admin', `tokens: [{ name: ci, may: write, token: a-token-of-its-own }]\n`);
  });

  it('refuses a viewer token that is short, or equals the admin token', () => {
    expect(problems(minimal('viewer_token: short\n'))[0]).toContain(
      'viewer_token: a token needs at least 16 characters',
    );
    expect(problems(minimal(`viewer_token: ${ADMIN}\n`))[0]).toContain('viewer_token: it is the admin token');
  });

  it('refuses what is not YAML, with the line', () => {
    expect(problems('sources: [\n')[0]).toMatch(/^shiplog\.yaml:\d+: /);
    expect(problems('sources:\n  - type: gitlab\n   secrets: [of-the-team]\n')).toEqual([
      'shiplog.yaml:3: no valid YAML, at column 1: Sequence item without - indicator',
    ]);
    expect(problems('')[0]).toMatch(/shiplog\.yaml/);
  });

  it('never shows a secret', () => {
    expect(problems(minimal().replace(`[${SECRET}]`, '[hunter2]')).join()).not.toContain('hunter2');
  });
});
