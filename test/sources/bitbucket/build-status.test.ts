import { describe, expect, it } from 'vitest';
import { ChangeRecord } from '../../../src/domain/change-record.ts';
import { fold } from '../../../src/domain/fold.ts';
import { bitbucket } from '../../../src/sources/bitbucket/index.ts';
import type { Mapped } from '../../../src/sources/mapped.ts';
import { SECRET, sourceAt, toWebhook } from './asking.ts';

const SHA = '3f9a1c5e7b2d4860a1c3e5f708192a3b4c5d6e7f';
const RULES = { deployments: ['^(?:deploy|BB-DEPLOY)[-/: ](?<env>[\\w-]+)'], branches: { main: 'production' } };
const withRules = (build_status: Record<string, unknown> = RULES) =>
  bitbucket.parse({ type: 'bitbucket', secrets: [SECRET], build_status });

const repository = { full_name: 'harbor/lighthouse-api', uuid: '{5d2f9b70-9c1e-4f7b-b6f3-6a2e8d1c0b9a}' };

/** What Jenkins posts, as Bitbucket sends it on: no `commit`, only a link to it. */
const ofJenkins = (changes: Record<string, unknown> = {}) => ({
  actor: { display_name: 'Harbor', type: 'team' },
  repository,
  commit_status: {
    key: 'deploy/Staging',
    name: 'Lighthouse #9',
    state: 'SUCCESSFUL',
    url: 'https://jenkins.harbor.example/job/9/',
    created_on: '2026-03-02T16:00:00.123456+00:00',
    updated_on: '2026-03-02T16:04:00.123456+00:00',
    links: { commit: { href: `http://api.bitbucket.org/2.0/repositories/harbor/lighthouse-api/commit/${SHA}` } },
    ...changes,
  },
});

const ofPipelines = (changes: Record<string, unknown> = {}) => ({
  actor: { display_name: 'Harbor', type: 'team' },
  repository,
  commit_status: {
    key: '3000007',
    name: 'Pipeline #7 for main',
    state: 'SUCCESSFUL',
    refname: 'main',
    url: 'https://bitbucket.org/harbor/lighthouse-api/addon/pipelines/home#!/results/7',
    commit: {
      hash: SHA,
      message: 'Merged in lamp (pull request #13)\n\nTurn the lamp faster',
      author: { raw: 'Nils Fjord <nils@harbor.example>' },
    },
    updated_on: '2026-03-02T16:04:00.123456+00:00',
    ...changes,
  },
});

const map = (source: ReturnType<typeof withRules>, body: unknown): Mapped =>
  source.map(body, toWebhook({ event: 'repo:commit_status_updated' }));

function record(body: unknown, source = withRules()): ChangeRecord {
  const mapped = map(source, body);
  if (mapped.kind !== 'records' || !mapped.records[0]) throw new Error(`no record: ${JSON.stringify(mapped)}`);
  return ChangeRecord.parse(mapped.records[0]);
}

describe('a build status that the configuration calls a deployment', () => {
  it('names its environment by the key, and the author instead of the workspace', () => {
    expect(record(ofJenkins())).toMatchObject({
      deployment: `bitbucket:5d2f9b70-9c1e-4f7b-b6f3-6a2e8d1c0b9a:status:deploy/Staging:staging:${SHA}`,
      authoritative: false,
      state: 'succeeded',
      environment: { name: 'staging' },
      commit: { sha: SHA },
      pipelineUrl: 'https://jenkins.harbor.example/job/9/',
      occurredAt: '2026-03-02T16:04:00.123Z',
      tags: ['bitbucket', 'harbor/lighthouse-api', 'env:staging', 'inferred'],
      notes: [expect.stringContaining('build_status.deployments')],
    });
    expect(record(ofJenkins()).actor).toBeUndefined();
    expect(record(ofJenkins({ key: 'k', description: 'BB-DEPLOY-test' })).environment.name).toBe('test');
  });

  it('is one deployment from the first status to the last, and another one for another commit', () => {
    const begun = record(ofJenkins({ state: 'INPROGRESS' }));
    const ended = record(ofJenkins());
    expect(begun).toMatchObject({ state: 'running', occurredAt: '2026-03-02T16:00:00.123Z' });
    expect(begun.deployment).toBe(ended.deployment);
    expect(fold(begun.deployment, [ended, begun])).toMatchObject({ state: 'succeeded' });
    const href = `http://api.bitbucket.org/2.0/repositories/harbor/lighthouse-api/commit/${SHA.replace('3f', '4f')}`;
    expect(record(ofJenkins({ links: { commit: { href } } })).deployment).not.toBe(ended.deployment);
  });

  it.each([
    ['INPROGRESS', 'running'],
    ['SUCCESSFUL', 'succeeded'],
    ['FAILED', 'failed'],
    ['STOPPED', 'canceled'],
  ])('%s is %s', (state, expected) => {
    expect(record(ofJenkins({ state })).state).toBe(expected);
  });

  it('may be that of a branch, with its pull request', () => {
    expect(record(ofPipelines())).toMatchObject({
      environment: { name: 'production' },
      ref: 'main',
      actor: 'Nils Fjord',
      pullRequest: { number: '13' },
      notes: [expect.stringContaining('branch main'), expect.stringContaining('author')],
    });
  });

  it.each([
    ['of a pull request, whose branch is the source', { name: 'Pipeline #8 for Pull Request #4' }, 'needs_lookup'],
    ['of another branch', { refname: 'lamp' }, 'needs_lookup'],
    ['of a branch that is called like a part of every object', { refname: 'constructor' }, 'needs_lookup'],
    ['of a tag, or without a branch', { refname: null }, 'needs_lookup'],
    ['with a word that nobody knows', { state: 'DREAMING' }, 'unknown_status'],
    ['without a commit', { commit: null }, 'unmapped'],
  ])('is not one %s', (_, changes, reason) => {
    expect(map(withRules(), ofPipelines(changes))).toMatchObject({ kind: 'ignored', reason });
  });

  it('is not a deployment without rules', () => {
    expect(map(withRules({}), ofPipelines())).toMatchObject({ reason: 'needs_lookup' });
    expect(map(withRules({}), ofJenkins())).toMatchObject({ reason: 'needs_lookup' });
  });
});

describe('with a token', () => {
  const fake = { url: 'http://127.0.0.1:9' };

  it('a status of Pipelines causes a lookup, whatever the rules are', () => {
    expect(map(sourceAt(fake, {}, { build_status: RULES }), ofPipelines())).toEqual({
      kind: 'records',
      records: [],
      lookups: [
        {
          ask: 'pipeline',
          workspace: 'harbor',
          repository: 'lighthouse-api',
          build: '7',
          commit: SHA,
          status: 'SUCCESSFUL',
        },
      ],
    });
  });

  it.each([
    ['new address', { name: '', url: 'https://bitbucket.org/harbor/lighthouse-api/pipelines/results/7' }],
    ['name alone', { url: undefined }],
  ])('its build number is read from the %s', (_, changes) => {
    expect(map(sourceAt(fake), ofPipelines(changes))).toMatchObject({ lookups: [{ build: '7' }] });
  });

  it('a status of another CI follows the rules, and never causes a lookup', () => {
    expect(map(sourceAt(fake, {}, { build_status: RULES }), ofJenkins())).toMatchObject({
      records: [{ state: 'succeeded' }],
    });
    expect(map(sourceAt(fake), ofJenkins())).toMatchObject({
      reason: 'not_a_deployment',
      detail: expect.stringContaining('build_status'),
    });
    const linkless = ofJenkins({ url: undefined });
    expect(map(sourceAt(fake, {}, { build_status: RULES }), linkless)).toMatchObject({ records: [{}] });
    expect(map(sourceAt(fake), linkless)).toMatchObject({ records: [], lookups: [{ commit: SHA }] });
  });

  it('a repository without a name is queried by its uuids, never by a path', () => {
    const nameless = { uuid: repository.uuid, owner: { uuid: '{2b6c7d8e-0f1a-4b2c-8d3e-4f5a6b7c8d9e}' } };
    expect(map(sourceAt(fake), { ...ofPipelines(), repository: nameless })).toMatchObject({
      lookups: [{ workspace: '{2b6c7d8e-0f1a-4b2c-8d3e-4f5a6b7c8d9e}', repository: repository.uuid }],
    });
    expect(map(sourceAt(fake), { ...ofPipelines(), repository: { full_name: '../user' } })).toMatchObject({
      reason: 'needs_lookup',
    });
  });

  it('a trace causes one lookup for each pipeline, however many spans it has', () => {
    const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
    const span = (uuid: string) => ({
      attributes: [text('pipeline.uuid', uuid), text('pipeline.repository.full_name', 'harbor/lighthouse-api')],
    });
    const [one, two] = ['{0b7d6c1e-52aa-4c0e-9a31-77d2f0a4c901}', '{0b7d6c1e-52aa-4c0e-9a31-77d2f0a4c902}'];
    const body = { resourceSpans: [{ scopeSpans: [{ spans: [span(one), span(one), span(two), {}, null] }] }, null] };
    const asked = sourceAt(fake).map(body, toWebhook({ event: 'pipeline:span_created' }));
    expect(asked).toMatchObject({ records: [], lookups: [{ pipeline: one }, { pipeline: two }] });
    const empty = sourceAt(fake).map({ resourceSpans: [{}] }, toWebhook({ event: 'pipeline:span_created' }));
    expect(empty).toMatchObject({ kind: 'ignored', reason: 'needs_lookup' });
  });
});

describe('the configuration', () => {
  it.each([
    ['(?<env>[a-z]+', /not a regular expression/],
    ['^deploy/([a-z]+)$', /no group \(\?<env>/],
    ['^(?<env>(x+)+)$', /repeats what repeats/],
    ['(?<env>a)(?=b)', /RE2 syntax/],
    [`(?<env>${'a'.repeat(600)})`, /longer than 500/],
  ])('refuses %s', (pattern, message) => {
    expect(() => withRules({ deployments: [pattern] })).toThrow(message);
  });

  it('runs expressions in linear time on 500 characters', () => {
    const slow = withRules({ deployments: ['^(?:a|a|aa)*(?<env>x)$', '(?<env>harbor)$'] });
    expect(map(slow, ofJenkins({ key: 'a'.repeat(100_000) }))).toMatchObject({ kind: 'ignored' });
    expect(map(slow, ofJenkins({ key: `${'-'.repeat(500)}harbor` }))).toMatchObject({ kind: 'ignored' });
    expect(record(ofJenkins({ key: `${'-'.repeat(494)}harbor` }), slow).environment.name).toBe('harbor');
  });

  it.each([
    [{}],
    [{ token: '' }],
    [{ token: '', email: '' }],
    [{ email: 'mira@harbor.example' }],
    [{ token: '  ', repositories: ['harbor/lighthouse-api'] }],
  ])('%j has no API, and makes no lookup', (api) => {
    const source = bitbucket.parse({ type: 'bitbucket', secrets: [SECRET], api });
    expect([source.resolve, source.missed, source.applyHooks]).toEqual([undefined, undefined, undefined]);
    expect(map(source, ofPipelines())).toMatchObject({ reason: 'needs_lookup' });
  });

  it.each([
    [{ token: 'two words' }, /white space/],
    [{ repositories: ['lighthouse-api'] }, /<workspace>\/<repository>/],
    [{ workspaces: ['harbor/lighthouse-api'] }, /id of a workspace/],
    [{ per_hour: 0 }, /per_hour/],
    [{ tokens: 'x' }, /tokens/],
  ])('refuses %j', (api, message) => {
    expect(() => bitbucket.parse({ type: 'bitbucket', secrets: [SECRET], api })).toThrow(message);
  });
});
