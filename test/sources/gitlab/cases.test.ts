import { describe, expect, it } from 'vitest';
import { ChangeRecord } from '../../../src/domain/change-record.ts';
import { fold } from '../../../src/domain/fold.ts';
import { map, payload, reasonOf, recordOf } from './hooks.ts';

const deployment = (changes: object = {}) => payload('deployment-running', changes);
const UPSTREAM = {
  project: { id: 41, web_url: 'https://gitlab.harbor.example/harbor/upstream', path_with_namespace: 'harbor/upstream' },
  pipeline_id: 30,
  job_id: 3401,
};

const recordsOf = (hook: unknown) => {
  const mapped = map(hook);
  return mapped.kind === 'records' ? mapped.records.map((record) => ChangeRecord.parse(record)) : [];
};
const stateOf = (hooks: readonly unknown[]) => {
  const records = hooks.flatMap(recordsOf);
  expect(new Set(records.map((record) => record.deployment)).size).toBe(1);
  return fold(records[0]?.deployment ?? '', records).state;
};

describe('a custom template', () => {
  const hook = (changes: object) => deployment({ project: undefined, ...changes });

  it('may name the project by its path or its id', () => {
    const path = { service: 'lighthouse-api', repository: { name: 'harbor/lighthouse-api' } };
    for (const changes of [{ project: 'harbor/lighthouse-api' }, { project_path: 'harbor/lighthouse-api' }])
      expect(recordOf(hook(changes))).toMatchObject(path);
    expect(recordOf(hook({ project: '4711', project_path: 'harbor/lighthouse-api' }))).toMatchObject({
      ...path,
      deployment: recordOf(deployment()).deployment,
    });
    expect(recordOf(hook({ project: 4711 })).repository?.gitlabProject).toBe('4711');
  });

  it('that leaves the project out is told what to write', () => {
    expect(map(hook({}))).toMatchObject({ kind: 'ignored', detail: expect.stringContaining('{{project.id}}') });
    expect(map(hook({ project: 'lighthouse-api' }))).toMatchObject({ kind: 'ignored', reason: 'unmapped' });
  });
});

describe('a pipeline', () => {
  const pipeline = (status: string, builds: readonly object[], changes: object = {}) =>
    payload('pipeline-two-of-five-jobs-deployed', {
      object_attributes: { id: 600300, ref: 'main', tag: false, status, source: 'push' },
      builds,
      ...changes,
    });
  const deploy = (id: number, status: string, started_at: string | null) => ({
    id,
    name: 'deploy production',
    status,
    started_at,
    finished_at: status === 'success' ? '2025-05-06 07:20:00 UTC' : null,
    environment: { name: 'production', action: 'start' },
  });

  it("that was started by another pipeline deploys its own project: a child pipeline, and another project's", () => {
    const builds = [deploy(7, 'success', '2025-05-06 07:14:05 UTC')];
    for (const source of ['parent_pipeline', 'pipeline']) {
      const attributes = { id: 600300, ref: 'main', tag: false, status: 'success', source };
      const record = recordOf(
        pipeline('success', builds, { object_attributes: attributes, source_pipeline: UPSTREAM }),
      );
      expect(record.deployment).toBe('gitlab:gitlab.harbor.example:4711:job:7');
      expect(record).toMatchObject({ service: 'lighthouse-api', repository: { gitlabProject: '4711' } });
    }
  });

  it('whose manual job runs after its success follows the state of the job', () => {
    const before = pipeline('success', [deploy(7, 'manual', null)]);
    const during = pipeline('running', [deploy(7, 'running', '2025-05-06 07:14:05 UTC')]);
    const after = pipeline('success', [deploy(7, 'success', '2025-05-06 07:14:05 UTC')]);
    expect(reasonOf(before)).toBe('not_started');
    expect(stateOf([during])).toBe('running');
    expect(stateOf([during, after])).toBe('succeeded');
    expect(stateOf([after, during])).toBe('succeeded');
  });

  it('of GitLab 12 has no environments, and creates no change', () => {
    const { environment: _, ...bare } = deploy(7, 'success', '2020-05-06 07:14:05 UTC');
    expect(reasonOf(pipeline('success', [bare]))).toBe('no_environment');
  });

  it('names the job', () => {
    expect(recordOf(pipeline('running', [deploy(7, 'running', '2025-05-06 07:14:05 UTC')])).job).toBe(
      'deploy production',
    );
  });
});

describe('a job', () => {
  it('that was started by another project’s pipeline deploys its own project', () => {
    const record = recordOf(payload('job-success-gitlab-19', { source_pipeline: UPSTREAM }));
    expect(record.deployment).toMatch(/^gitlab:gitlab\.harbor\.example:4711:job:/);
  });

  it('that triggers a pipeline deploys without a page, and is not an echo', () => {
    const record = recordOf(deployment({ deployable_url: null }));
    expect(record.deployment).toBe('gitlab:gitlab.harbor.example:4711:job:15700000042');
    expect(record).not.toHaveProperty('madeByApi');
    expect(record).not.toHaveProperty('jobUrl');
  });

  it('that is rerun for an old deployment is a new deployment of the old commit', () => {
    const [first, again] = [1, 2].map((id) => recordOf(deployment({ deployable_id: id, deployment_id: 900_000 + id })));
    expect(again?.deployment).not.toBe(first?.deployment);
    expect(again?.commit).toEqual(first?.commit);
  });

  it('that stops an environment creates no change, in both kinds of hook', () => {
    expect(reasonOf(payload('job-stop'))).toBe('not_a_start');
  });
});

describe('an approval', () => {
  it('that is rejected and the `failed` after it are one outcome, and the deployment shows who rejected it', () => {
    const hooks = [
      deployment({ status: 'blocked' }),
      payload('deployment-rejected', { deployable_id: 15700000042, deployment_id: 900100 }),
      deployment({ status: 'failed', status_changed_at: '2026-08-02T08:10:00.000+00:00' }),
    ];
    expect(stateOf(hooks)).toBe('canceled');
    expect(stateOf(hooks.toReversed())).toBe('canceled');
  });
});

describe('review apps', () => {
  it('have one environment each, by the hundred', () => {
    const names = Array.from({ length: 300 }, (_, index) => `review/feature-${index}`);
    const records = names.map((environment, index) =>
      recordOf(deployment({ environment, deployable_id: 1 + index, deployment_id: 5_000 + index })),
    );
    expect(records.map((record) => record.environment.name)).toEqual(names);
    expect(new Set(records.map(({ deployment: key }) => key)).size).toBe(300);
  });
});

describe('a time', () => {
  it.each([
    ['2025-05-06 09:14:07 +0200', '2025-05-06T07:14:07.000Z'],
    ['2025-05-06 01:14:07 -0630', '2025-05-06T07:44:07.000Z'],
    ['2026-08-02T07:59:54.000+00:00', '2026-08-02T07:59:54.000Z'],
  ])('%s keeps its offset', (status_changed_at, occurredAt) => {
    expect(recordOf(deployment({ status_changed_at })).occurredAt).toBe(occurredAt);
  });
});

describe('a system hook', () => {
  const header = { 'x-gitlab-event': 'System Hook' };

  it.each([
    [{ event_name: 'project_create', name: 'lighthouse-api' }, 'project_create'],
    [{ object_kind: 'push', event_name: 'push' }, 'push'],
    [{ object_kind: 'merge_request', event_type: 'merge_request' }, 'merge_request'],
    [{ event_name: 'repository_update' }, 'repository_update'],
  ])('%j is not a deployment, and says where to create the webhook', (body, name) => {
    expect(map(body, header)).toEqual({
      kind: 'ignored',
      reason: 'not_a_deployment',
      detail: expect.stringMatching(new RegExp(`"${name}" event .*System hooks never report deployments: set the`)),
    });
  });
});

describe('a custom webhook template', () => {
  const flat = {
    status: 'success',
    status_changed_at: '2026-03-14 20:50:00 +0000',
    deployment_id: '900100',
    deployable_id: '15700000042',
    deployable_url: '',
    environment: 'production',
    environment_tier: '',
    project: { id: '4711', web_url: 'https://gitlab.harbor.example/harbor/lighthouse-api' },
    user: '',
    commit_url: '',
  };
  const header = { 'x-gitlab-event': 'Deployment Hook' };

  it('is read by its header, with numbers as text and nothing as empty text', () => {
    const record = recordOf(flat, header);
    expect(record).toMatchObject({
      deployment: 'gitlab:gitlab.harbor.example:4711:job:15700000042',
      state: 'succeeded',
      service: 'lighthouse-api',
      environment: { name: 'production' },
    });
    for (const key of ['actor', 'commit', 'jobUrl']) expect(record).not.toHaveProperty(key);
  });

  it('may have any object_kind', () => {
    expect(recordOf({ ...flat, object_kind: 'our deployment' }, header).state).toBe('succeeded');
    expect(reasonOf({ ...flat, object_kind: 'our deployment' })).toBe('not_a_deployment');
  });

  it('of job events is recognised by its header as well', () => {
    const { object_kind: _, ...job } = payload('job-success-gitlab-19', { build_duration: '12.5' });
    expect(recordOf(job, { 'x-gitlab-event': 'Job Hook' })).toMatchObject({ signal: 'job hook', state: 'succeeded' });
  });
});
