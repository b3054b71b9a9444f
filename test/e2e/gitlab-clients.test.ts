import { spawnSync } from 'node:child_process';
import { Gitlab } from '@gitbeaker/rest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestBridge } from '../support/bridge.ts';
import { curl, run } from '../support/clients.ts';
import { type FakeGitlab, GITLAB_TOKEN, startFakeGitlab } from '../support/fake-gitlab.ts';

const TOKEN = 'a-token-of-the-gitlab-api';
const SHA = '4f0c9e1d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d';
const OTHER = 'b7d2f31e8c4a69075f1d3b2cae908f7b6d5c4e3f';
const PROJECT = 'harbor/lighthouse-api';

let gitlab: FakeGitlab;
let bridge: Awaited<ReturnType<typeof startTestBridge>>;
let debian: boolean;

beforeAll(async () => {
  gitlab = await startFakeGitlab({ projects: [{ id: 30, path: PROJECT, acceptAnySha: true }] });
  bridge = await startTestBridge({
    sources: [{ type: 'gitlab-api', secrets: [TOKEN] }],
    sinks: [{ type: 'gitlab-deployments', url: gitlab.url, token: GITLAB_TOKEN }],
  });
  debian = (await run('/usr/bin/python3', ['-c', 'import gitlab'])).code === 0;
});

afterAll(async () => {
  await bridge.stop();
  await gitlab.close();
});

const at = (project = PROJECT) => `${bridge.url}/api/v4/projects/${encodeURIComponent(project)}/deployments`;
const inLog = async (environment: string) => {
  await bridge.settled();
  return (await bridge.changes(`&environment=${environment}`)).map(({ status, commit_sha }) => [status, commit_sha]);
};
const inGitlab = (environment: string) =>
  gitlab.deployments.filter((row) => row.environment === environment).map(({ status, sha }) => [status, sha]);

describe('@gitbeaker/rest', () => {
  const client = () => new Gitlab({ host: bridge.url, token: TOKEN });

  it('creates a deployment, ends it by its id, and finds it again', async () => {
    const { Deployments } = client();
    const made = await Deployments.create(PROJECT, 'beaker', SHA, 'main', false, { status: 'running' });
    expect(made).toMatchObject({ status: 'running', sha: SHA, ref: 'main', environment: { name: 'beaker' } });
    expect(await Deployments.edit(PROJECT, made.id, 'success')).toMatchObject({ id: made.id, status: 'success' });
    expect(await Deployments.show(PROJECT, made.id)).toMatchObject({ id: made.id, status: 'success' });
    const all = await Deployments.all(PROJECT, { environment: 'beaker' });
    expect(all.map(({ id }) => id)).toEqual([made.id]);
    expect(await Deployments.allMergeRequests(PROJECT, made.id)).toEqual([]);
    expect(await inLog('beaker')).toEqual([['succeeded', SHA]]);
    expect(inGitlab('beaker')).toEqual([['success', SHA]]);
  });

  it('reads the first and the last page', async () => {
    const { Deployments } = client();
    for (const environment of ['page-1', 'page-2', 'page-3'])
      await Deployments.create('harbor/pages', environment, SHA, 'main', false, { status: 'success' });
    for (const pagination of ['offset', 'keyset'] as const) {
      const all = await Deployments.all('harbor/pages', { perPage: 2, pagination });
      expect(all.map(({ environment }) => environment.name)).toEqual(['page-1', 'page-2', 'page-3']);
    }
  });

  it("receives GitLab's messages when something is refused", async () => {
    const { Deployments } = client();
    const refused = Deployments.create(PROJECT, 'beaker', SHA.slice(0, 8), 'main', false, { status: 'success' });
    await expect(refused).rejects.toThrow(/The commit does not exist/);
    const wrong = new Gitlab({ host: bridge.url, token: 'glpat-of-somebody-else' }).Deployments;
    await expect(wrong.all(PROJECT)).rejects.toThrow(/401/);
  });
});

describe("python-gitlab of Debian 12, which looks at the answer's exact Content-Type", () => {
  const SCRIPT = `
import gitlab, json, sys
api = gitlab.Gitlab(sys.argv[1], private_token=sys.argv[2])
project = api.projects.get(api.projects.get(sys.argv[3]).id)
made = project.deployments.create({'environment': 'python', 'sha': sys.argv[4], 'ref': 'main', 'tag': False, 'status': 'running'})
made.status = 'success'
made.save()
print(json.dumps([project.deployments.get(made.id).status, [one.id == made.id for one in project.deployments.list(environment='python', all=True)]]))
`;

  it('creates a deployment, ends it and lists it', async (test) => {
    if (!debian) return test.skip('python3-gitlab is not installed');
    const { out, err } = await run('/usr/bin/python3', ['-c', SCRIPT, bridge.url, TOKEN, PROJECT, SHA]);
    expect(err).toBe('');
    expect(JSON.parse(out)).toEqual(['success', [true]]);
    expect(await inLog('python')).toEqual([['succeeded', SHA]]);
    expect(inGitlab('python')).toEqual([['success', SHA]]);
  });
});

describe.skipIf(spawnSync('curl', ['--version']).status !== 0)('curl --fail', () => {
  const token = () => ['--header', `PRIVATE-TOKEN: ${TOKEN}`];
  const fields = (environment: string, over: Record<string, string> = {}) =>
    Object.entries({ environment, sha: SHA, ref: 'main', tag: 'false', status: 'success', ...over });

  it.each([
    [
      'a form, as on the page of the API',
      (said: string[][]) => ['--data', said.map((pair) => pair.join('=')).join('&')],
    ],
    ['the parts of a form', (said: string[][]) => said.flatMap((pair) => ['--form', pair.join('=')])],
    [
      'the query',
      (said: string[][]) => ['--get', '--request', 'POST', ...said.flatMap((pair) => ['--data', pair.join('=')])],
    ],
    [
      'JSON',
      (said: string[][]) => [
        '--header',
        'content-type: application/json',
        '--data',
        JSON.stringify(Object.fromEntries(said)),
      ],
    ],
    ['JSON that is called a form', (said: string[][]) => ['--data', JSON.stringify(Object.fromEntries(said))]],
  ])('is heard with %s', async (name, toArgs) => {
    const environment = `curl-${name.length}`;
    const { code, out, err } = await curl(...token(), ...toArgs(fields(environment)), at());
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toMatchObject({ status: 'success', sha: SHA, environment: { name: environment } });
    expect(await inLog(environment)).toEqual([['succeeded', SHA]]);
  });

  it.each([
    ['PRIVATE-TOKEN', TOKEN],
    ['JOB-TOKEN', TOKEN],
    ['Authorization', `Bearer ${TOKEN}`],
  ])('authenticates by %s', async (header, value) => {
    expect((await curl('--header', `${header}: ${value}`, at())).code).toBe(0);
    expect((await curl('--header', `${header}: ${value}x`, at())).code).toBe(22);
  });

  it('ends a deployment by the id that it received', async () => {
    const running = fields('curl-put', { status: 'running' }).flatMap((pair) => ['--data', pair.join('=')]);
    const { id } = JSON.parse((await curl(...token(), ...running, at())).out);
    const put = (status: string) => curl(...token(), '--request', 'PUT', '--data', `status=${status}`, `${at()}/${id}`);
    expect(JSON.parse((await put('failed')).out)).toMatchObject({ id, status: 'failed' });
    expect((await put('failed')).code).toBe(22);
    expect(await inLog('curl-put')).toEqual([['failed', SHA]]);
    expect(inGitlab('curl-put')).toEqual([['failed', SHA]]);
  });

  it('is refused what GitLab would refuse, and nothing is recorded', async () => {
    const refused = [
      { status: '' },
      { status: 'done' },
      { sha: SHA.slice(0, 8) },
      { sha: '' },
      { environment: '' },
      { tag: 'perhaps' },
    ];
    for (const over of refused) {
      const said = fields('curl-refused', over).flatMap((pair) => ['--data', pair.join('=')]);
      expect({ over, code: (await curl(...token(), ...said, at())).code }).toEqual({ over, code: 22 });
    }
    expect((await curl(...token(), '--data', 'name=x', `${bridge.url}/api/v4/projects/30/environments`)).code).toBe(22);
    expect(await inLog('curl-refused')).toEqual([]);
  });
});

describe('A, B and A again', () => {
  it('are three deployments, in the log and in GitLab, and a repeat of the last one is not', async () => {
    const post = async (sha: string) => {
      const body = { environment: 'rollback', sha, ref: 'main', tag: false, status: 'success' };
      const { status, body: made } = await bridge.post(new URL(at()).pathname, body, { 'private-token': TOKEN });
      expect(status).toBe(201);
      await bridge.settled();
      return made.id;
    };
    const ids = [await post(SHA), await post(OTHER), await post(SHA), await post(SHA)];
    expect(new Set(ids).size).toBe(3);
    expect(ids[3]).toBe(ids[2]);
    expect((await inLog('rollback')).map(([, sha]) => sha)).toEqual([SHA, OTHER, SHA]);
    expect(inGitlab('rollback').map(([, sha]) => sha)).toEqual([SHA, OTHER, SHA]);
  });
});
