import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChangeRecord } from '../../../src/domain/change-record.ts';
import { map, payload, RECEIVED_AT, reasonOf, recordOf, source, webhook } from './hooks.ts';

const files = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.json') && !file.endsWith('.expected.json'))
  .map((file) => file.replace('.json', ''));

describe('each sample payload', () => {
  it.each(files)('%s becomes its expected result', async (name) => {
    const mapped = map(payload(name));
    if (mapped.kind === 'records') for (const record of mapped.records) ChangeRecord.parse(record);
    await expect(`${JSON.stringify(mapped, null, 2)}\n`).toMatchFileSnapshot(`${name}.expected.json`);
  });
});

describe('the deployment hook', () => {
  const deployment = (changes: object = {}) => payload('deployment-running', changes);

  it.each([
    ['blocked', 'pending'],
    ['approved', 'pending'],
    ['running', 'running'],
    ['success', 'succeeded'],
    ['failed', 'failed'],
    ['canceled', 'canceled'],
    ['rejected', 'canceled'],
  ])('%s means %s', (status, state) => {
    expect(recordOf(deployment({ status })).state).toBe(state);
  });

  it.each([
    ['created', 'not_started'],
    ['skipped', 'not_started'],
    ['', 'unmapped'],
    ['constructor', 'unknown_status'],
    [null, 'unmapped'],
    [7, 'unmapped'],
  ])('status %j is ignored: %s', (status, reason) => {
    expect(reasonOf(deployment({ status }))).toBe(reason);
  });

  it('marks a rejection only', () => {
    expect(recordOf(deployment({ status: 'rejected' })).rejected).toBe(true);
    expect(recordOf(deployment({ status: 'canceled' }))).not.toHaveProperty('rejected');
  });

  it('distinguishes two approvers within one second', () => {
    const approved = (id: number) => recordOf(payload('deployment-approved', { approval: { id } })).id;
    expect(approved(1)).not.toBe(approved(2));
  });

  it('gives a step one id in both formats of time, for every delivery', () => {
    const old = deployment({ status_changed_at: '2025-05-06 09:14:07 +0200' });
    const iso = deployment({ status_changed_at: '2025-05-06T07:14:07.000+00:00' });
    expect(recordOf(old, { 'idempotency-key': 'a' }).id).toBe(recordOf(iso, { 'idempotency-key': 'b' }).id);
  });

  it('gives a step without a time one id, at any time of receipt', () => {
    const hook = deployment({ status_changed_at: null });
    const idAt = (receivedAt: Date) => {
      const mapped = source.map(hook, { ...webhook(hook), receivedAt });
      return mapped.kind === 'records' ? mapped.records[0]?.id : mapped.reason;
    };
    expect(idAt(new Date(1e12))).toBe(idAt(RECEIVED_AT));
  });

  it('drops links that are not http', () => {
    const record = recordOf(deployment({ deployable_url: 'javascript:alert(1)', environment_external_url: 'x' }));
    expect(record).not.toHaveProperty('jobUrl');
    expect(record.environment).not.toHaveProperty('url');
  });

  it('accepts ids as text, as custom payload templates send them', () => {
    const numbers = recordOf(deployment());
    const texts = recordOf(deployment({ deployable_id: '15700000042', deployment_id: '900100' }));
    expect(texts.deployment).toBe(numbers.deployment);
    expect(texts.aliases).toEqual(numbers.aliases);
  });

  it('does not build a key from an inexact number', () => {
    const record = recordOf(deployment({ deployable_id: 2 ** 53 + 2, deployable_url: null }));
    expect(record.deployment).toBe('gitlab:gitlab.harbor.example:4711:deployment:900100');
  });

  it('reads the ids from the URL if a custom payload has no others', () => {
    const by = (deployable_url: string) =>
      recordOf(deployment({ deployable_id: undefined, deployment_id: undefined, deployable_url })).deployment;
    const project = 'https://gitlab.harbor.example/harbor/lighthouse-api';
    expect(by(`${project}/-/jobs/55`)).toBe('gitlab:gitlab.harbor.example:4711:job:55');
    expect(by(`${project}/deployment/55`)).toBe('gitlab:gitlab.harbor.example:4711:deployment:55');
  });

  it('accepts the environment as text or object, with a note if there is none', () => {
    expect(recordOf(deployment({ environment: { name: 'review/7' } })).environment.name).toBe('review/7');
    const unnamed = recordOf(deployment({ environment: null }));
    expect(unnamed.environment.name).toBe('unknown');
    expect(unnamed.notes).toEqual(['GitLab named no environment.']);
  });

  it('names a project without an id by its path, lower case, and keeps the port of its host', () => {
    const web_url = 'http://GitLab.Harbor.example:8080/Harbor/Lighthouse-API';
    const record = recordOf(deployment({ project: { web_url, path_with_namespace: 'Harbor/Lighthouse-API' } }));
    expect(record.deployment).toBe('gitlab:gitlab.harbor.example:8080:harbor/lighthouse-api:job:15700000042');
    expect(record.service).toBe('Lighthouse-API');
  });

  it('uses the header for the host if a template has no URL', () => {
    const bare = { object_kind: 'deployment', status: 'running', deployment_id: 1, project: { id: 4711 } };
    expect(recordOf(bare, { 'x-gitlab-instance': 'https://gitlab.harbor.example' }).deployment).toBe(
      'gitlab:gitlab.harbor.example:4711:deployment:1',
    );
    expect(recordOf(bare).deployment).toBe('gitlab:unknown-host:4711:deployment:1');
  });

  it('without a project or without any id is ignored, not refused: GitLab disables hooks that are refused', () => {
    const bare = { object_kind: 'deployment', status: 'running' };
    expect(reasonOf(bare)).toBe('unmapped');
    expect(reasonOf({ ...bare, project: { id: 4711 } })).toBe('unmapped');
  });

  it('is recognised by its header if a custom template has no object_kind', () => {
    const untold = deployment({ object_kind: undefined });
    expect(recordOf(untold, { 'x-gitlab-event': 'Deployment Hook' }).signal).toBe('deployment hook');
    expect(reasonOf(untold)).toBe('unmapped');
  });

  it('is recorded in spite of an invalid optional field', () => {
    const broken = { user: 'mira', ref: 7, environment_tier: 'moon', commit_title: {}, approval: [], commit_url: 3 };
    const record = recordOf(deployment({ ...broken, status_changed_at: 'yesterday' }));
    expect(record).toMatchObject({ state: 'running', occurredAt: RECEIVED_AT.toISOString() });
    for (const key of ['actor', 'ref', 'commit', 'startedAt']) expect(record).not.toHaveProperty(key);
  });
});

describe('the job hook', () => {
  const job = (changes: object = {}) => payload('job-success-gitlab-19', changes);
  const never = { build_started_at: null, build_started_at_iso: null };
  const without = { build_started_at: undefined, build_started_at_iso: undefined };

  it.each([
    'created',
    'waiting_for_resource',
    'preparing',
    'waiting_for_callback',
    'pending',
    'scheduled',
    'manual',
    'skipped',
  ])('%s is not a change yet', (build_status) => {
    expect(reasonOf(job({ build_status }))).toBe('not_started');
  });

  it.each(['failed', 'canceled'])('%s of a job that never started is not a failure', (build_status) => {
    expect(recordOf(job({ build_status, ...never }))).toMatchObject({ state: 'canceled', endReason: 'never_ran' });
    expect(recordOf(job({ build_status })).endReason).toBeUndefined();
  });

  it('success of a job that never started is not a change', () => {
    expect(reasonOf(job({ build_status: 'success', ...never }))).toBe('not_started');
  });

  it('without a start is interpreted by its duration, and else only a cancellation is ignored', () => {
    expect(recordOf(job({ build_status: 'canceled', ...without })).state).toBe('canceled');
    expect(recordOf(job({ build_status: 'failed', ...without, build_duration: null })).endReason).toBe('never_ran');
    const build_failure_reason = 'failed_outdated_deployment_job';
    expect(recordOf(job({ build_status: 'failed', ...without, build_failure_reason })).endReason).toBe('never_ran');
    expect(recordOf(job({ build_status: 'failed', ...without, build_duration: undefined })).state).toBe('failed');
    expect(reasonOf(job({ build_status: 'canceled', ...without, build_duration: undefined }))).toBe('not_started');
  });

  it('canceling still runs', () => {
    expect(recordOf(job({ build_status: 'canceling' }))).toMatchObject({
      state: 'running',
      occurredAt: '2025-05-06T07:14:05.000Z',
    });
  });

  it.each(['stop', 'prepare', 'verify', 'access', 'dance'])('action %s does not deploy', (action) => {
    expect(reasonOf(job({ environment: { name: 'production', action } }))).toBe('not_a_start');
  });

  it.each([[null], [undefined], [''], [{}], [{ name: '' }], [7]])('environment %j does not deploy', (environment) => {
    expect(reasonOf(job({ environment }))).toBe('no_environment');
  });

  it('ignores a status it does not know, and a job without an id or a project', () => {
    expect(reasonOf(job({ build_status: 'toString' }))).toBe('unknown_status');
    expect(reasonOf(job({ build_id: null }))).toBe('unmapped');
    expect(reasonOf(job({ project: null, project_id: null, repository: null }))).toBe('unmapped');
  });

  it('names the project without the path of its host below which an old GitLab runs', () => {
    const homepage = 'https://tools.harbor.example/gitlab/quay/lighthouse-api';
    const repository = {
      name: 'Lighthouse',
      homepage,
      git_ssh_url: 'git@tools.harbor.example:quay/lighthouse-api.git',
    };
    expect(recordOf(job({ project: null, repository })).repository).toMatchObject({
      name: 'quay/lighthouse-api',
      url: homepage,
    });
  });

  it('forwards no e-mail address', () => {
    expect(JSON.stringify(map(job()))).not.toContain('@');
  });
});

describe('the pipeline hook', () => {
  const pipeline = (changes: object = {}) => payload('pipeline-two-of-five-jobs-deployed', changes);
  const build = (changes: object = {}) => ({
    id: 9,
    name: 'deploy',
    status: 'success',
    started_at: '2025-05-06 07:14:05 UTC',
    environment: { name: 'production', action: 'start' },
    ...changes,
  });

  it.each([
    [[], 'no_environment'],
    [null, 'no_environment'],
    [[build({ environment: null }), null, 7], 'no_environment'],
    [[build({ environment: { name: 'production', action: 'stop' } })], 'not_a_start'],
    [[build({ environment: null }), build({ status: 'manual' })], 'not_started'],
    [[build({ status: 'odd' })], 'unknown_status'],
    [[build({ id: null })], 'unmapped'],
  ])('with builds %j is ignored: %s', (builds, reason) => {
    expect(reasonOf(pipeline({ builds }))).toBe(reason);
  });

  it('never contains the variables', () => {
    expect(JSON.stringify(map(pipeline()))).not.toMatch(/variables|LAMP|never-show/);
  });

  it('of a branch has no merge request, and links to the pipeline even without a URL from old GitLab', () => {
    const old = pipeline({
      merge_request: null,
      user: null,
      commit: null,
      object_attributes: { id: 600300, ref: 'v2.0', tag: true },
      builds: [build()],
    });
    expect(recordOf(old)).toMatchObject({
      pipelineUrl: 'https://gitlab.harbor.example/harbor/lighthouse-api/-/pipelines/600300',
      ref: 'v2.0',
      tag: true,
    });
    for (const key of ['pullRequest', 'actor', 'commit']) expect(recordOf(old)).not.toHaveProperty(key);
  });

  it('of a child pipeline names its parent, as its job hooks do; the pipeline of another project is none', () => {
    const parentPipelineUrl = 'https://gitlab.harbor.example/harbor/lighthouse-api/-/pipelines/600299';
    const from = (project: object) => ({ source_pipeline: { project, pipeline_id: 600299, job_id: 5 } });
    const child = from({ id: 4711, path_with_namespace: 'harbor/lighthouse-api' });
    expect(recordOf(pipeline({ ...child, builds: [build()] }))).toMatchObject({ parentPipelineUrl });
    expect(recordOf(payload('job-success-gitlab-19', child))).toMatchObject({ parentPipelineUrl });
    for (const other of [from({ id: 4, path_with_namespace: 'harbor/app' }), { source_pipeline: null }])
      expect(recordOf(pipeline({ ...other, builds: [build()] }))).not.toHaveProperty('parentPipelineUrl');
  });
});

describe('anything else', () => {
  it.each([[[]], ['text'], [7], [null], [true], [{}]])('%j is unmapped', (body) => {
    expect(reasonOf(body)).toBe('unmapped');
  });

  it('is ignored with its name', () => {
    expect(map({ object_kind: 'issue' })).toMatchObject({
      reason: 'not_a_deployment',
      detail: expect.stringContaining('"issue"'),
    });
    expect(map({ event_name: 'project_create' }, { 'x-gitlab-event': 'System Hook' })).toMatchObject({
      reason: 'not_a_deployment',
      detail: expect.stringContaining('"project_create"'),
    });
    expect(reasonOf({}, { 'x-gitlab-event': 'Push Hook' })).toBe('not_a_deployment');
  });

  it('never throws, and results only in valid records', () => {
    const known = files.map((name) => fc.constant(payload(name)));
    const keys = [...new Set(files.flatMap((name) => Object.keys(payload(name))))];
    const odd = fc.dictionary(fc.constantFrom(...keys), fc.jsonValue(), { maxKeys: 6 });
    const body = fc.oneof(
      fc.jsonValue(),
      fc.tuple(fc.oneof(...known), odd).map(([a, b]) => ({ ...a, ...b, object_kind: a['object_kind'] })),
    );
    fc.assert(
      fc.property(body, (json) => {
        const mapped = map(json);
        expect(['records', 'ignored', 'rejected']).toContain(mapped.kind);
        if (mapped.kind === 'records') for (const record of mapped.records) ChangeRecord.parse(record);
      }),
      { numRuns: 500 },
    );
  });
});
