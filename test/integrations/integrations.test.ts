import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { SECRET, startTestBridge } from '../support/bridge.ts';

const fileOf = (path: string) => new URL(`../../integrations/${path}`, import.meta.url);
const textOf = (path: string) => readFileSync(fileOf(path), 'utf8');
const MESSAGE = 'Turn the "lamp" \'faster\' für die Küste 🗼 \\n $HOME `id`';
const SHA = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const missing = ['sh', 'jq', 'git', 'openssl', 'curl'].filter((tool) => spawnSync(tool, ['--version']).error);

/** What GitLab takes for a component: docs.gitlab.com/ci/inputs, /ci/components. */
const Input = z.strictObject({
  description: z.string(),
  default: z.string().optional(),
  options: z.array(z.string()).optional(),
});
const Header = z.strictObject({ spec: z.strictObject({ inputs: z.record(z.string(), Input) }) });
const Jobs = z.record(
  z.string(),
  z.strictObject({ variables: z.record(z.string(), z.string()), after_script: z.array(z.string()) }),
);

/** What Bitbucket takes for a pipe: support.atlassian.com/bitbucket-cloud/docs/write-a-pipe-for-bitbucket-pipelines. */
const Pipe = z.strictObject({
  name: z.string(),
  image: z.string().regex(/^[a-z0-9./-]+:\d+\.\d+\.\d+$/),
  category: z.string(),
  description: z.string(),
  repository: z.url(),
  maintainer: z.strictObject({ name: z.string() }),
  vendor: z.strictObject({ name: z.string() }),
  tags: z.array(z.string()),
  variables: z.array(z.strictObject({ name: z.string().regex(/^[A-Z_]+$/), default: z.string().optional() })),
});

const run = promisify(execFile);
let bridge: Awaited<ReturnType<typeof startTestBridge>>;
beforeAll(async () => {
  bridge = await startTestBridge();
});
afterAll(() => bridge?.stop());

/** A shell with nothing in its environment but what the tool gives. */
async function shell(args: readonly string[], given: Record<string, string>) {
  const env = { PATH: process.env['PATH'], ...given };
  const { stdout, stderr } = await run('sh', [...args], { env }).catch((error) => error);
  await bridge.settled();
  return `${stdout}${stderr}`;
}

/** GitLab puts inputs in before it reads the file, and variables when the job runs. */
function component(inputs: Record<string, string>) {
  const [header, body] = textOf('gitlab/templates/tell-shiplog.yml').split(/^---$/m);
  const { spec } = Header.parse(parse(header ?? ''));
  const filled = (body ?? '').replace(/\$\[\[ inputs\.(\w+) \]\]/g, (_, name: string) => {
    const value = inputs[name] ?? spec.inputs[name]?.default;
    if (value === undefined) throw new Error(`the input ${name} is not in spec`);
    return value;
  });
  return { spec, jobs: Jobs.parse(parse(filled)) };
}

/**
 * GitLab's own schema (app/assets/javascripts/editor/schema/ci.json of gitlab-org/gitlab): a copy is not ours to keep.
 * With one, GITLAB_CI_SCHEMA=ci.json npx vitest run test/integrations
 */
const schemaFile = process.env['GITLAB_CI_SCHEMA'];

describe.skipIf(!schemaFile)("what pipelines include, by GitLab's own schema, which GITLAB_CI_SCHEMA names", () => {
  const faultsOf = (document: unknown) => {
    const ajv = new Ajv({ strict: false, logger: false });
    ajv.validate(JSON.parse(readFileSync(schemaFile ?? '', 'utf8')), document);
    return ajv.errors;
  };
  const examplesIn = (path: string) =>
    [...readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8').matchAll(/```yaml\n([^`]*)```/g)]
      .map(([, text]) => parse(text ?? ''))
      .filter((example) => !Array.isArray(example) && !example.sources && !example.sinks);

  it('is the component, under its default name and as a visible job', () => {
    const [header = ''] = textOf('gitlab/templates/tell-shiplog.yml').split(/^---$/m);
    for (const document of [parse(header), component({}).jobs, component({ name: 'tell' }).jobs])
      expect(faultsOf(document)).toBeNull();
  });

  it.each(['integrations/gitlab/README.md', 'src/sources/ctoai/README.md'])('is the example in %s', (path) => {
    expect(examplesIn(path)).not.toEqual([]);
    for (const example of examplesIn(path)) expect(faultsOf(example)).toBeNull();
  });
});

describe.skipIf(missing.length > 0)('the GitLab CI component', () => {
  const CI = {
    CI_COMMIT_SHA: SHA,
    CI_COMMIT_SHORT_SHA: SHA.slice(0, 8),
    CI_COMMIT_REF_NAME: 'main',
    CI_COMMIT_MESSAGE: MESSAGE,
    CI_PIPELINE_URL: 'https://git.harbor.example/harbor/lighthouse-api/-/pipelines/9',
    CI_PROJECT_NAME: 'lighthouse-api',
    CI_PROJECT_PATH: 'harbor/lighthouse-api',
    CI_ENVIRONMENT_NAME: 'production',
    CI_JOB_ID: '77',
    GITLAB_USER_LOGIN: 'mira',
    SHIPLOG_CHANGES_TOKEN: SECRET,
  };
  const tell = (status: string, given: Record<string, string> = {}) => {
    const { jobs } = component({});
    const { variables = {}, after_script = [] } = jobs['.tell-shiplog'] ?? {};
    const known: Record<string, string> = { ...CI, SHIPLOG_URL: bridge.url, CI_JOB_STATUS: status, ...given };
    const expanded = Object.entries(variables).map(([name, value]) => [
      name,
      value.replace(/\$(\w+)/g, (_, other: string) => known[other] ?? ''),
    ]);
    return shell(['-c', after_script.join('\n')], { ...known, ...Object.fromEntries(expanded) });
  };

  it('consists of two documents, and uses exactly the inputs that it declares', () => {
    expect(parseAllDocuments(textOf('gitlab/templates/tell-shiplog.yml'))).toHaveLength(2);
    const { spec } = component({});
    for (const name of Object.keys(spec.inputs))
      expect(textOf('gitlab/templates/tell-shiplog.yml')).toContain(`$[[ inputs.${name} ]]`);
    expect(Object.keys(component({ name: '.other' }).jobs)).toEqual(['.other']);
  });

  it('reports the end of the job once, whatever the commit message contains', async () => {
    await tell('success');
    await tell('success');
    const [change, ...others] = await bridge.changes('&service=lighthouse-api');
    expect(others).toEqual([]);
    expect(change).toMatchObject({
      status: 'succeeded',
      environment: 'production',
      commit_sha: SHA,
      commit_message: MESSAGE,
      changed_by: 'mira',
      repository: 'harbor/lighthouse-api',
    });
  });

  it('fails no job when Shiplog is unreachable', async () => {
    expect(await tell('failed', { SHIPLOG_URL: 'http://127.0.0.1:9' })).toContain(
      'The deployment was not reported to Shiplog',
    );
  });
});

describe.skipIf(missing.length > 0)('the Bitbucket pipe', () => {
  const STEP = {
    BITBUCKET_COMMIT: SHA,
    BITBUCKET_BRANCH: 'main',
    BITBUCKET_BUILD_NUMBER: '12',
    BITBUCKET_PIPELINE_UUID: '{0b0f3f9e-8d0a-4c1e-9d0e-7f6b1c2d3e4f}',
    BITBUCKET_STEP_UUID: '{1b0f3f9e-8d0a-4c1e-9d0e-7f6b1c2d3e4f}',
    BITBUCKET_REPO_FULL_NAME: 'harbor/tide-tables',
    BITBUCKET_DEPLOYMENT_ENVIRONMENT: 'staging',
    SHIPLOG_BITBUCKET_SECRET: SECRET,
  };
  const pipe = (given: Record<string, string> = {}) =>
    shell([fileOf('bitbucket-pipe/pipe.sh').pathname], { ...STEP, SHIPLOG_URL: bridge.url, ...given });

  it('has a description with the variables that the script reads', () => {
    const { variables } = Pipe.parse(parse(textOf('bitbucket-pipe/pipe.yml')));
    const script = textOf('bitbucket-pipe/pipe.sh');
    for (const { name } of variables) expect(script).toMatch(new RegExp(`\\$\\{?${name}\\b`));
    expect(textOf('bitbucket-pipe/Dockerfile')).toContain('COPY pipe.sh');
  });

  it('reports the start of the step and its end', async () => {
    await pipe();
    expect(await bridge.changes('&service=tide-tables')).toMatchObject([{ status: 'running', environment: 'staging' }]);
    await pipe({ EXIT_CODE: '2' });
    expect(await bridge.changes('&service=tide-tables')).toMatchObject([{ status: 'failed', commit_sha: SHA }]);
  });

  it.each([
    ['SHIPLOG_BITBUCKET_SECRET', 'SHIPLOG_BITBUCKET_SECRET is not set'],
    ['BITBUCKET_DEPLOYMENT_ENVIRONMENT', 'has no "deployment:"'],
  ])('reports what is missing: %s', async (name, words) => {
    expect(await pipe({ [name]: '' })).toContain(words);
  });

  it('fails no step when Shiplog is unreachable', async () => {
    expect(await pipe({ SHIPLOG_URL: 'http://127.0.0.1:9' })).toContain('The deployment was not reported to Shiplog');
  });
});
