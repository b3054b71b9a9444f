import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAllowedProject, limitProject } from '../../src/domain/project-limit.ts';
import { Patterns } from '../../src/domain/rules/pattern.ts';
import { AnySource } from '../../src/sources/index.ts';
import { withProjects } from '../../src/sources/projects.ts';
import { SECRET } from '../support/bridge.ts';
import { aRecord, plainView } from '../support/records.ts';

const AT = new Date('2026-03-14T21:00:00.000Z');
const OURS = Patterns.parse(['harbor/**', '4711']);

describe('the projects of a source', () => {
  it.each([
    'harbor/api',
    '/Harbor/tides/api.git/',
    '4711',
    'https://git.harbor.example/harbor/api/-/jobs/7',
    'https://git.harbor.example/harbor/api.git',
  ])('%s is one of them', (project) => expect(isAllowedProject(project, OURS)).toBe(true));

  it.each([
    'pay/ledger',
    '471',
    '',
    'harborer/api',
    'harbor/../pay/ledger',
    'harbor//ledger',
    'https://git.harbor.example/harbor/%2e%2e/pay/ledger',
    'https://git.harbor.example/harbor/../pay/ledger',
    'https://git.harbor.example/pay/ledger/-/harbor/api',
    'https://[',
    `harbor/${'a/'.repeat(600)}ledger`,
  ])('%s is none of them', (project) => expect(isAllowedProject(project, OURS)).toBe(false));

  it('exclude everything that does not begin with their group', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('/', '.', 'a', '%', ' ', '-') }), (tail) => {
        expect(isAllowedProject(`pay/${tail}`, OURS)).toBe(false);
      }),
    );
  });
});

describe('a deployment of a source that may write to some projects only', () => {
  const folded = (repository: { name: string; url?: string; gitlabProject?: string; projectDenied?: true }) =>
    plainView('d', [aRecord({ instance: 'ci', repository })]).deployment;
  const limits = new Map([['ci', OURS]]);

  it('is sent to no other project, not even to that of its repository', () => {
    const url = 'https://git.harbor.example/harbor/api';
    const { repository, notes } = limitProject(folded({ name: 'x', url, gitlabProject: 'pay/ledger' }), limits);
    expect(repository).toEqual({ name: 'x', url, projectDenied: true });
    expect(notes.at(-1)).toBe('gitlab_project pay/ledger is left out: it is not among the projects of the source ci.');
    const byUrl = folded({ name: 'x', url: 'https://git.harbor.example/pay/ledger' });
    expect(limitProject(byUrl, limits).repository).toHaveProperty('projectDenied', true);
  });

  it('is sent where it may, even if another signal named another project', () => {
    const named = folded({ name: 'x', gitlabProject: 'harbor/api', projectDenied: true });
    expect(limitProject(named, limits).repository).toEqual({ name: 'x', gitlabProject: 'harbor/api' });
    const plain = folded({ name: 'x', gitlabProject: 'pay/ledger' });
    expect(limitProject(plain, undefined)).toBe(plain);
  });
});

describe('a source with projects', () => {
  const source = (type: string, more: object = {}) =>
    withProjects(AnySource.parse({ type, secrets: [SECRET], projects: 'harbor/*', ...more }));
  const map = (one: ReturnType<typeof source>, body: object, path = `/webhooks/${one.name}`) =>
    one.map(body, { id: 'w', method: 'POST', path, headers: {}, body: Buffer.from('{}'), receivedAt: AT });
  const dropIn = { environment: 'production', sha: '4f0c9e1d'.repeat(5), ref: 'main', tag: false, status: 'success' };
  const at = (project: string) => `/api/v4/projects/${encodeURIComponent(project)}/deployments`;

  it('refuses a request that names another one, and says what to do', () => {
    const change = { summary: 'Deployed ledger', environment: 'production', gitlab_project: 'pay/ledger' };
    const words = /^The source changes may not write .*project pay\/ledger: .*`projects` of the source$/;
    expect(() => map(source('changes-api'), change)).toThrow(words);
    expect(map(source('changes-api'), { ...change, gitlab_project: 'harbor/api' })).toMatchObject({ kind: 'records' });
    expect(() => map(source('gitlab-api'), dropIn, at('pay/ledger'))).toThrow(/pay\/ledger/);
    expect(map(source('gitlab-api'), dropIn, at('harbor/api'))).toMatchObject({ kind: 'records' });
  });

  it.each(['changes-api', 'gitlab-api'])(
    'accepts the test event of the set-up page, and delivers it to no project: %s',
    (type) => {
      const one = source(type);
      const { path, body } = one.sample(AT);
      const mapped = map(one, JSON.parse(body), path);
      const [record] = mapped.kind === 'records' ? mapped.records : [];
      expect(record?.state).toBe('succeeded');
      expect(record?.repository).not.toHaveProperty('gitlabProject');
    },
  );

  it('ignores another project that its tool names, with a note', () => {
    const mapped = map(source('argocd'), dropIn, at('pay/ledger'));
    const [record] = mapped.kind === 'records' ? mapped.records : [];
    expect(record?.repository).toEqual({ name: 'pay/ledger', projectDenied: true });
    expect(record?.notes?.at(-1)).toContain('gitlab_project pay/ledger is left out');
  });

  it('needs at least one glob', () => {
    expect(() => source('changes-api', { projects: [] })).toThrow();
  });
});
