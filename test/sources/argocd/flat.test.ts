import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChangeRecord } from '../../../src/domain/change-record.ts';
import { body, createSource, createWebhook, recordOf } from './support.ts';

const SHA = 'b7d2f31e8c4a69075f1d3b2cae908f7b6d5c4e3f';
const AT = '2026-05-04T09:12:31Z';

const map = (payload: unknown, config: object = {}, receivedAt = '2026-05-04T10:05:00Z') =>
  createSource(config).map(payload, createWebhook({ receivedAt: new Date(receivedAt) }));
const record = (payload: unknown, config: object = {}, receivedAt?: string) =>
  recordOf(map(payload, config, receivedAt));
const reason = (payload: unknown, config: object = {}, receivedAt?: string) => {
  const mapped = map(payload, config, receivedAt);
  return mapped.kind === 'ignored' ? mapped.reason : mapped.kind;
};
const flat = (change: object = {}) => ({ app: 'buoy', sha: SHA, status: 'Succeeded', finished_at: AT, ...change });

const NOT_APPLIED = 'one or more objects failed to apply, reason: the server refused it';
const HOOK_FAILED = 'one or more synchronization tasks completed unsuccessfully (retried 2 times).';

describe('a flat body', () => {
  it.each(['application', 'app', 'application_name', 'app_name', 'name', 'service'])('reads the app from %s', (key) => {
    expect(record({ [key]: 'buoy', status: 'Succeeded' }).service).toBe('buoy');
  });

  it.each(['commit_sha', 'sha', 'revision', 'git_revision'])('reads the commit from %s, with a note', (key) => {
    const one = record({ app: 'buoy', status: 'Succeeded', finished_at: AT, [key]: SHA });
    expect(one.commit).toEqual({ sha: SHA });
    expect(one.notes?.join()).toContain('The commit may be another one');
  });

  it.each(['finished_at', 'finishedAt', 'timestamp', 'deployed_at'])('reads the time from %s', (key) => {
    expect(record({ app: 'buoy', status: 'Succeeded', [key]: AT }).occurredAt).toBe('2026-05-04T09:12:31.000Z');
  });

  it('says of a status that is a variable that nobody filled it in', () => {
    expect(map(flat({ status: '$status' }))).toMatchObject({
      reason: 'unknown_status',
      detail: 'status is "$status", which is a variable that the template did not fill in.',
    });
  });

  it.each([1777885951, 1777885951000])('reads the epoch %d', (finished_at) => {
    expect(record(flat({ finished_at })).occurredAt).toBe('2026-05-04T09:12:31.000Z');
  });

  it.each([
    [{ status: 'success' }, 'succeeded'],
    [{ phase: 'SUCCEEDED' }, 'succeeded'],
    [{ sync_status: 'Synced', health_status: 'Healthy' }, 'succeeded'],
    [{ syncStatus: 'Synced' }, 'succeeded'],
    [{ health: 'Healthy' }, 'succeeded'],
    [{ status: 'Succeeded', sync_status: 'OutOfSync' }, 'succeeded'],
    [{ status: 'Synced', health: 'Degraded' }, 'failed'],
    [{ phase: 'Error' }, 'failed'],
    [{ state: 'failed' }, 'failed'],
    [{ phase: 'Failed', message: 'Operation terminated' }, 'canceled'],
    [{ phase: 'Running' }, 'running'],
    [{ status: 'Synced', health: 'Progressing' }, 'running'],
    [{ phase: 'Succeeded', health: 'Suspended' }, 'running'],
    [{ status: 'Paused' }, 'running'],
    [{ trigger: 'on-rollout-aborted' }, 'canceled'],
    [{ phase: 'Succeeded', health: 'Missing' }, 'running'],
    [{ phase: 'Succeeded', health: 'Unknown' }, 'running'],
    [{ sync: 'Synced', health: 'Missing' }, 'running'],
    [{ sync: 'OutOfSync', health: 'Progressing' }, 'running'],
    [{ event: 'deployment', success: true }, 'succeeded'],
    [{ success: 'false' }, 'failed'],
    [{ event: 'Failed', sync: 'OutOfSync', health: 'Healthy' }, 'failed'],
    [{ event: 'Running', sync: 'OutOfSync', health: 'Missing' }, 'running'],
    [{ event: 'Succeeded', sync: 'Unknown', health: 'Unknown' }, 'running'],
    [{ event: 'app-created', status: 'Synced', health: 'Healthy' }, 'succeeded'],
    [{ event: 'on-rollout-step-completed' }, 'running'],
    [{ event: 'sync_hook_succeeded' }, 'running'],
    [{ event: 'PreSyncSucceeded' }, 'running'],
    [{ event: 'pre-sync.completed' }, 'running'],
    [{ event: 'hooks-succeeded' }, 'running'],
    [{ event: 'preprod-sync-succeeded' }, 'succeeded'],
    [{ event: 'analysisRunFailed' }, 'failed'],
    [{ event: 'on-rollout-completed' }, 'succeeded'],
    [{ message: 'successfully synced (all tasks run)' }, 'succeeded'],
    [{ status: 'OutOfSync', health: 'Healthy', message: NOT_APPLIED }, 'failed'],
    [{ status: 'Synced', health: 'Healthy', message: HOOK_FAILED }, 'failed'],
    [{ status: 'OutOfSync', health: 'Progressing', message: NOT_APPLIED }, 'failed'],
    [{ status: 'OutOfSync', health: 'Healthy', message: `${NOT_APPLIED}. Retrying attempt #2 at 9:12AM.` }, 'running'],
    [
      { status: 'OutOfSync', health: 'Healthy', message: 'waiting for healthy state of apps/Deployment/buoy' },
      'running',
    ],
    [{ status: 'OutOfSync', health: 'Healthy', message: 'Operation terminated (retried 1 times).' }, 'canceled'],
    [{ status: 'Succeeded', health: 'Healthy', message: NOT_APPLIED }, 'succeeded'],
    [{ phase: 'Running', health: 'Healthy', message: HOOK_FAILED }, 'running'],
  ])('%j is %s', (words, state) => {
    expect(record({ app: 'buoy', sha: SHA, ...words }).state).toBe(state);
  });

  it.each([
    [{}, 'unmapped'],
    [{ status: '<no value>', health: null }, 'unmapped'],
    [{ status: 'Sailing' }, 'unknown_status'],
    [{ status: 'constructor' }, 'unknown_status'],
    [{ status: 'Succeeded', health: 'Sunny' }, 'unknown_status'],
    [{ sync_status: 'OutOfSync', health_status: 'Healthy' }, 'not_started'],
    [{ sync_status: 'Unknown', health_status: 'Healthy' }, 'not_started'],
    [{ sync_status: 'OutOfSync', health_status: 'Missing' }, 'not_started'],
    [{ sync_status: 'Unknown', health_status: 'Unknown' }, 'not_started'],
    [{ health: 'Missing' }, 'not_started'],
    [{ event: 'out-of-sync', sync: 'OutOfSync', health: 'Healthy' }, 'not_started'],
    [{ sync: 'OutOfSync', health: 'Healthy', message: 'successfully synced (all tasks run)' }, 'not_started'],
    [{ message: 'buoy: one or more objects failed to apply' }, 'unmapped'],
    [{ sync_status: 'Created' }, 'not_started'],
    [{ trigger: 'on-created' }, 'not_started'],
    [{ sync_status: 'Deleted' }, 'app_deleted'],
    [{ event: 'app-deleted', status: 'Synced', health: 'Healthy' }, 'app_deleted'],
    [{ event: 'application_deletion', health: 'Degraded' }, 'app_deleted'],
  ])('%j is ignored as %s', (words, expected) => {
    expect(reason({ app: 'buoy', sha: SHA, ...words })).toBe(expected);
  });

  it('takes an event that is a phase of Argo CD for the status of the sync, which ended at its time', () => {
    const told = record({ app: 'buoy', event: 'Succeeded', sync: 'Synced', health: 'Healthy', timestamp: AT });
    expect(told).toMatchObject({ state: 'succeeded', finishedAt: '2026-05-04T09:12:31.000Z' });
    const next = {
      app: 'buoy',
      event: 'Succeeded',
      sync: 'Synced',
      health: 'Healthy',
      timestamp: '2026-05-04T09:50:00Z',
    };
    expect(record(next).deployment).not.toBe(told.deployment);
  });

  it('without a revision reports a recovery where its time is that of sending', () => {
    const told = (health: string, timestamp: string) => record({ app: 'buoy', status: 'Synced', health, timestamp });
    const [first, again, later] = [AT, AT, '2026-05-04T09:50:00Z'].map((at) => told('Healthy', at));
    expect([again?.id, later?.deployment]).toEqual([first?.id, first?.deployment]);
    expect(later?.id).not.toBe(first?.id);
    expect(told('Degraded', AT).deployment).toBe(first?.deployment);
  });

  it('has the service of every other template: the app without its environment, unless that is switched off', () => {
    const prod = flat({ app: 'buoy-prod', namespace: 'buoy' });
    expect(record(prod)).toMatchObject({ service: 'buoy', environment: { name: 'prod' } });
    expect(record(prod, { service_without_environment: false }).service).toBe('buoy-prod');
    expect(record({ ...prod, service: 'harbor-buoy' }).service).toBe('harbor-buoy');
  });

  it.each(['deploy_ref', 'version', 'ref'])('takes a commit sha in %s for the revision', (name) => {
    expect(record(flat({ sha: undefined, [name]: SHA })).commit).toEqual({ sha: SHA });
    expect(record(flat({ sha: undefined, [name]: 'main' }))).not.toHaveProperty('commit');
  });

  it.each([
    [{ version: '1.14.2' }, ['buoy:1.14.2']],
    [{ version: 'v2' }, ['buoy:v2']],
    [{ image_tag: 'main-77' }, ['buoy:main-77']],
    [{ labels: { version: '3.0.0-rc.1' } }, ['buoy:3.0.0-rc.1']],
    [{ version: '1.14.2', image: 'registry.example.com/buoy:1.14.1' }, ['registry.example.com/buoy:1.14.1']],
    [{ sha: '0.9.3' }, ['chart:buoy@0.9.3']],
    [{ sha: '0.9.3', chart: 'float', image: 'buoy:7' }, ['buoy:7', 'chart:float@0.9.3']],
    [{ sha: 'main' }, []],
    [{ version: '1.0' }, []],
    [{ version: SHA }, []],
    [{ version: 'v<no value>' }, []],
  ])('%j is the version of %j', (words, artifacts) => {
    expect(record(flat(words)).artifacts ?? []).toEqual(artifacts);
  });

  it("takes the commit from the path of GitHub's commit statuses, where the documented template has it", () => {
    const status = (sha: string) => ({
      ...{ state: 'success', description: 'ArgoCD', context: 'continuous-delivery/buoy' },
      path: `/webhooks/argocd/repos/harbor/buoy/statuses/${sha}`,
      target_url: 'https://argocd.harbor.example/applications/buoy',
    });
    const mapAt = ({ path, ...payload }: ReturnType<typeof status>) =>
      recordOf(createSource().map(payload, createWebhook({ path })));
    expect(mapAt(status(SHA))).toMatchObject({ service: 'buoy', state: 'succeeded', commit: { sha: SHA } });
    expect(mapAt(status('main'))).not.toHaveProperty('commit');
  });

  it.each([
    `repositories/harbor/buoy/commit/${SHA}/statuses/build`,
    `rest/build-status/1.0/commits/${SHA}`,
    `harbor/quay/_apis/git/repositories/buoy/commits/${SHA}/statuses`,
  ])("takes the commit from the path of another host's statuses: %s", (path) => {
    const status = { key: 'argocd', state: 'SUCCESSFUL', name: 'buoy' };
    const webhook = createWebhook({ path: `/webhooks/argocd/${path}` });
    expect(recordOf(createSource().map(status, webhook)).commit).toEqual({ sha: SHA });
  });

  it('reads tags that are a name and a value, where no field has the name', () => {
    const tags = ['app:buoy', 'env: staging', `revision:${SHA}`, 'status:Failed', 'url:https://x.example', 'argocd'];
    const event = { title: 'buoy', text: 'Deployed', alert_type: 'success', tags };
    const expected = { service: 'buoy', environment: { name: 'staging' }, commit: { sha: SHA } };
    expect(record(event)).toMatchObject({ ...expected, state: 'failed' });
    expect(record({ ...event, tags: tags.slice(0, 3).join(', ') })).toMatchObject({ ...expected, state: 'succeeded' });
    expect(record({ ...event, status: 'Succeeded', env: 'qa' })).toMatchObject({
      ...{ state: 'succeeded', environment: { name: 'qa' } },
    });
    expect(reason({ ...event, alert_type: 'info', tags: ['app:buoy'] })).toBe('unmapped');
  });

  it('was deployed at the time that deployed_at names, where nothing is a status', () => {
    const one = record({ service: 'buoy', environment: 'qa', commit_sha: SHA, deployedAt: AT });
    expect(one).toMatchObject({
      state: 'succeeded',
      finishedAt: '2026-05-04T09:12:31.000Z',
      environment: { name: 'qa' },
    });
    expect(one.notes?.join()).toContain('The body has no status');
    expect(record({ service: 'buoy', deployed_at: AT, event: 'sync-failed' }).state).toBe('failed');
    expect(reason({ service: 'buoy', deployed_at: '<no value>' })).toBe('unmapped');
    expect(reason({ service: 'buoy', finished_at: AT })).toBe('unmapped');
    const tracked = record({ name: 'buoy', deployed_at: AT, is_successful: false, commit_shas: [SHA] });
    expect(tracked).toMatchObject({ state: 'failed', commit: { sha: SHA } });
  });

  it('reads the start and the end of deployment trackers', () => {
    const one = record(flat({ finished_at: undefined, startedDate: '2026-05-04T09:00:00Z', finishedDate: AT }));
    expect(one).toMatchObject({ startedAt: '2026-05-04T09:00:00.000Z', finishedAt: '2026-05-04T09:12:31.000Z' });
    expect(record(flat({ finished_at: undefined, end_time: AT })).finishedAt).toBe('2026-05-04T09:12:31.000Z');
  });

  it.each([{ attachments: [{ title: 'buoy' }] }, { embeds: [] }, { msgtype: 'markdown' }, { blocks: [] }])(
    'is a message for a chat, and no report: %j',
    (message) => {
      expect(map({ text: 'buoy was deployed', ...message })).toMatchObject({
        ...{ kind: 'ignored', reason: 'unmapped', detail: expect.stringContaining('A message for a chat') },
      });
    },
  );

  it('that names nothing but the app is one deployment, whatever a gateway adds to each of its signals', () => {
    const passed = (status: string, id: string) =>
      record({ header: { 'X-Request-Id': [id] }, body: { app: 'buoy', status } });
    expect(passed('Running', 'a').deployment).toBe(passed('Succeeded', 'b').deployment);
    const nested = (id: string) => record({ id, data: { time: id, body: { app: 'buoy', status: 'Running' } } });
    expect(nested('a').deployment).toBe(nested('b').deployment);
    expect(nested('a').deployment).toBe(record({ app: 'buoy', status: 'Running' }).deployment);
  });

  it('is no whole object of another kind than an Application', () => {
    const object = (kind: string) => ({
      ...{ apiVersion: 'argoproj.io/v1alpha1', kind, metadata: { name: 'buoy' }, status: { phase: 'Healthy' } },
    });
    for (const payload of [object('Rollout'), { rollout: object('Rollout') }])
      expect(map(payload)).toMatchObject({ reason: 'unmapped', detail: expect.stringContaining('A Rollout is no') });
    expect(reason(object('Application'))).toBe('not_started');
    expect(reason({ app: object('Application'), appProject: object('AppProject') })).toBe('not_started');
  });

  it.each(['destination_cluster', 'target_cluster'])('reads the cluster from %s', (name) => {
    expect(record(flat({ [name]: 'harbor-staging' })).environment.name).toBe('staging');
  });

  it('reads images in a list that Go printed', () => {
    const images = '[registry.example.com/buoy:1.2.0 registry.example.com/bell:3.0.0]';
    expect(record(flat({ images })).artifacts).toEqual(images.slice(1, -1).split(' '));
    expect(record(flat({ images: '[]' }))).not.toHaveProperty('artifacts');
  });

  it('takes no id, environment or revision in which a value is missing', () => {
    const one = flat({ dedup_id: '<no value>-buoy', environment: 'eu-<no value>', sha: 'main-<no value>' });
    expect(record(one)).toMatchObject({ environment: { name: 'unknown' } });
    expect(record({ ...one, finished_at: '2026-05-04T09:50:00Z' }).deployment).not.toBe(record(one).deployment);
  });

  it('describes what to send if there is no status', () => {
    expect(map(body('flat-no-status'))).toMatchObject({ detail: expect.stringContaining('a status ("Succeeded"') });
  });

  it('is of the application that a link names, if its own name is that of a message', () => {
    const url = 'https://argocd.quay.example/applications/argocd/buoy?operation=true';
    const status = { key: 'x', state: 'SUCCESSFUL', url };
    expect(record({ ...status, name: 'Continuous Delivery - buoy' }).service).toBe('buoy');
    expect(record({ ...status, name: 'bell' }).service).toBe('bell');
  });

  it.each(['{{ .values.env }}', '${ENVIRONMENT}', '$ENVIRONMENT'])('takes no environment from %s', (environment) => {
    expect(record(flat({ environment })).environment.name).toBe('unknown');
    expect(record(flat({ environment, namespace: 'buoy-qa' })).environment.name).toBe('qa');
  });

  it('reads the name from the link if there is no other', () => {
    const at = (titleLink: string) => ({ titleLink, syncStatus: 'Synced', finishedAt: AT });
    expect(record(at('https://argocd.harbor.example/applications/buoy')).service).toBe('buoy');
    expect(record(at('https://argocd.harbor.example/cd/applications/argocd/buoy?view=tree')).service).toBe('buoy');
    expect(reason(at('https://argocd.harbor.example/settings'))).toBe('unmapped');
  });

  it('is not a GitLab deployment, although it has its fields', () => {
    expect(record(flat({ environment: 'staging' }))).toMatchObject({ service: 'buoy', signal: 'argocd flat body' });
  });

  it.each([{ app: 'buoy', revision: SHA }, { app: 'buoy' }, { app: 'buoy', dedup_id: 'x' }, flat()])(
    '%j is the same step at any time of receipt',
    (payload) => {
      const [first, later] = ['2026-05-04T10:00:00Z', '2026-05-04T19:00:00Z'].map((at) =>
        record({ status: 'Succeeded', ...payload }, {}, at),
      );
      expect(later?.id).toBe(first?.id);
      expect(later?.deployment).toBe(first?.deployment);
    },
  );

  it.each([
    { sha: 'c8e3a42f9d5b7a186a2e4c3dbfa19a8c7e6d5f4a' },
    { finished_at: '2026-05-04T09:50:00Z' },
    { app: 'bell' },
    { environment: 'staging' },
    { dedup_id: 'x' },
  ])('with %j is another deployment', (change) => {
    expect(record(flat(change)).deployment).not.toBe(record(flat()).deployment);
  });

  it('is one deployment for one dedup_id, or for one start, also where the first report of it has no commit', () => {
    const running = { status: 'Running', finished_at: null };
    const key = (change: object) => record(flat(change)).deployment;
    expect(key({ dedup_id: 'x', ...running })).toBe(key({ dedup_id: 'x' }));
    expect(key({ started_at: '2026-05-04T09:12:03Z', ...running })).toBe(key({ started_at: '2026-05-04T09:12:03Z' }));
    expect(key({ started_at: AT, sha: '<no value>', ...running })).toBe(key({ started_at: AT }));
    expect(key({ started_at: AT, environment: 'staging' })).not.toBe(key({ started_at: AT }));
  });

  it('that names its start names the key of a start without a time as well', () => {
    const start = record({ app: 'buoy', sha: SHA, event: 'sync_started', timestamp: '2026-05-04T09:12:03Z' });
    const end = record(flat({ started_at: '2026-05-04T09:12:03Z' }));
    expect(end).toMatchObject({ repeatable: true, base: start.deployment });
    expect(record(flat({ status: 'Running', started_at: AT, finished_at: null }))).not.toHaveProperty('repeatable');
  });

  it('with nothing but the app is one deployment, however its state is shown and whatever resources it lists', () => {
    const sent = { app: 'buoy', cluster: 'quay' };
    const running = record({ ...sent, status: 'Running', color: '#00f', severity: 'info', resources: [] });
    const failed = record({
      ...sent,
      status: 'Failed',
      color: '#f00',
      severity: 'error',
      resources: [{ kind: 'Job' }],
    });
    expect(failed.deployment).toBe(running.deployment);
    for (const resources of [null, '', '<no value>'])
      expect(record({ ...sent, status: 'Running', resources }).deployment).toBe(running.deployment);
    const images = ['buoy:1.1', 'buoy:1.2'].map((image) => record({ ...sent, status: 'Succeeded', images: [image] }));
    expect(new Set(images.map(({ deployment }) => deployment)).size).toBe(2);
  });

  it('without a revision, a time or a dedup_id is one deployment while it runs, and another one afterwards', () => {
    const told = (health: string, over = {}) =>
      record({ app: 'buoy', sync_status: 'Synced', health_status: health, ...over });
    const [running, healthy] = [told('Progressing'), told('Healthy')];
    expect(healthy.deployment).toBe(running.deployment);
    expect([running, healthy].map(({ repeatable }) => repeatable)).toEqual([true, true]);
    expect(told('Healthy', { git_path: 'other' }).deployment).not.toBe(healthy.deployment);
    for (const named of [{ dedup_id: 'x' }, { started_at: AT }])
      expect(told('Healthy', named)).not.toHaveProperty('repeatable');
  });

  it('that knows its end names the key of a start without a time', () => {
    const start = record(flat({ status: 'Running', finished_at: '<no value>' }));
    const applied = record(flat({ health: 'Progressing' }));
    expect(applied.deployment).toBe(start.deployment);
    expect(applied.occurredAt).toBe('2026-05-04T10:05:00.000Z'); // that the sync ended is no start
    for (const change of [{}, { status: 'Failed' }, { health: 'Degraded' }])
      expect(record(flat(change))).toMatchObject({ repeatable: true, periodic: true, base: start.deployment });
    const health = { app: 'buoy', sha: SHA, health: 'Degraded' };
    expect(record({ ...health, timestamp: AT }).deployment).toBe(start.deployment);
    expect(record({ ...health, timestamp: AT })).not.toHaveProperty('base');
  });

  it('of a health alone names no run by a time that may be that of sending, unlike a phase', () => {
    const health = { app: 'buoy', sha: SHA, health_status: 'Healthy', timestamp: AT };
    const start = record({ app: 'buoy', sha: SHA, health_status: 'Progressing' });
    expect(record(health)).toMatchObject({ deployment: start.deployment, reportsHealth: true });
    expect(record(health)).not.toHaveProperty('base');
    expect(record({ ...health, sync_status: 'Synced' })).not.toHaveProperty('base');
    expect(record({ ...health, phase: 'Succeeded' })).toMatchObject({ base: start.deployment, runIsUncertain: true });
    expect(record({ ...health, finished_at: AT })).toMatchObject({ base: start.deployment });
    const degraded = record({ ...health, health_status: 'Degraded' });
    expect(degraded).toMatchObject({ deployment: start.deployment, reportsHealth: true });
    expect(degraded).not.toHaveProperty('finishedAt');
  });

  it.each(['', '<no value>', undefined])('whose start has the revision %j is found by its end', (revision) => {
    const sent = { app: 'buoy', namespace: 'quay' };
    const start = record({ ...sent, event: 'sync_started', revision, timestamp: AT });
    const end = record({ ...sent, event: 'sync_succeeded', revision: SHA, timestamp: AT });
    expect(end.baseOfStart).toBe(start.deployment);
    expect(end.base).not.toBe(start.deployment);
  });

  it('whose end has no revision is found by its start, which has one', () => {
    const sent = { app: 'buoy', namespace: 'quay' };
    const start = record({ ...sent, event: 'deployment_started', revision: SHA, timestamp: AT });
    const end = record({ ...sent, event: 'deployment_failed', error: 'forbidden', timestamp: AT });
    expect(start.baseOfStart).toBe(end.base);
    expect(end).not.toHaveProperty('baseOfStart');
  });

  it('with a revision alone is one deployment while no other revision was reported', () => {
    const told = record({ app: 'buoy', sha: SHA, health_status: 'Healthy' });
    expect(told).toMatchObject({ repeatable: true, periodic: true });
  });

  it('degrades after its success, not at the same time', () => {
    const [succeeded, degraded] = [record(flat()), record(flat({ health: 'Degraded' }))];
    expect(degraded.deployment).toBe(succeeded.deployment);
    expect(degraded.occurredAt > succeeded.occurredAt).toBe(true);
    expect(reason(flat({ health: 'Degraded' }), { degraded: 'ignore' })).toBe('not_a_deployment');
  });

  it.each([
    [{ environment: 'Staging' }, 'Staging', 0],
    [{ namespace: 'quay' }, 'quay', 1],
    [{ namespace: 'argocd', app: 'buoy-prod' }, 'prod', 1],
    [{}, 'unknown', 1],
    [{ environment: '<no value>' }, 'unknown', 1],
  ])('with %j is in %s', (change, name, notes) => {
    const one = record(flat(change));
    expect(one.environment.name).toBe(name);
    expect(one.notes?.filter((note) => note.includes('nvironment'))).toHaveLength(notes);
  });

  it.each(['0.9.3', '<no value>', ''])('has no commit when the revision is %j', (sha) => {
    const one = record(flat({ sha }));
    expect(one).not.toHaveProperty('commit');
    expect(one.notes?.join()).toContain('There is no commit');
  });

  it.each([
    { applicationName: 'buoy', gitSha: SHA, syncPhase: 'Succeeded', finished_at: AT },
    { 'app-name': 'buoy', commitId: SHA, operation: { phase: 'Succeeded', finishedAt: AT } },
    { app: { name: 'buoy', revision: SHA, phase: 'Succeeded' }, deployedAt: AT },
    { client_payload: { app: 'buoy', sha: SHA, event: 'deploy.succeeded', finishedAt: AT } },
    { routing_key: 'r', payload: { custom_details: { app: 'buoy', sha: SHA, phase: 'Succeeded', finished_at: AT } } },
    { data: { baseData: { properties: { application: 'buoy', revision: SHA, status: 'Succeeded', endedAt: AT } } } },
    {
      type: 'dora.deploy.finished',
      data: { service: 'buoy', revision: SHA, outcome: 'Succeeded', deploy_end_time: AT },
    },
    { kind: 'argocd', deployment: { app_name: 'buoy', sha: SHA, result: 'success', deployed_at: AT } },
    { data: { data: { application: { name: 'buoy' }, git: { sha: SHA } } }, action: 'deployed', completed_at: AT },
    { app: 'buoy', sha: `["0.9.3","${SHA}"]`.replaceAll('"', ''), result: 'success', finished_at: AT },
    { app: 'buoy', revisions: ['0.9.3', SHA], phase: 'Succeeded', operation: 'sync', finished_at: AT },
  ])('however it is nested and spelled: %j', (payload) => {
    expect(record(payload)).toMatchObject({
      service: 'buoy',
      state: 'succeeded',
      commit: { sha: SHA },
      finishedAt: '2026-05-04T09:12:31.000Z',
    });
  });

  it.each([
    ['SUCCESSFUL', 'succeeded'],
    ['deployed', 'succeeded'],
    ['sync-succeeded', 'succeeded'],
    ['SyncFailed', 'failed'],
    ['unhealthy', 'failed'],
    ['Syncing', 'running'],
    ['INPROGRESS', 'running'],
    ['in-progress', 'running'],
    ['aborted', 'canceled'],
    ['started', 'running'],
  ])('with the status %s of a team or a CI system is %s', (status, state) => {
    expect(record({ app: 'buoy', sha: SHA, status }).state).toBe(state);
  });

  it.each(['not synced', 'NotHealthy', 'no longer deployed', 'rolled_back', 'somebody says that it is deployed', 'v2'])(
    'with the status %j is ignored',
    (status) => expect(reason({ app: 'buoy', sha: SHA, status })).toBe('unknown_status'),
  );

  it.each([
    ['deployment_started', 'running'],
    ['on-sync-running', 'running'],
    ['sync.failed', 'failed'],
    ['onHealthDegraded', 'failed'],
    ['argocd-deployed', 'succeeded'],
    ['app-sync-succeeded', 'succeeded'],
    ['Terminated: canceled', 'canceled'],
  ])('without a status is what its event %s means, and says so', (event, state) => {
    const one = record({ app: 'buoy', sha: SHA, event });
    expect(one.state).toBe(state);
    expect(one.notes?.join()).toContain('The state is read from the name of the event');
  });

  it.each([
    ['deployment', 'unmapped'],
    ['created', 'not_started'],
    ['app-out-of-sync', 'not_started'],
    ['sync-status-unknown', 'not_started'],
  ])('with the event %s alone is ignored as %s', (event, expected) => {
    expect(reason({ app: 'buoy', sha: SHA, event })).toBe(expected);
    expect(record({ app: 'buoy', sha: SHA, event, phase: 'Failed' }).state).toBe('failed');
  });

  it.each([
    [{ destination: 'https://kubernetes.default.svc/quay-prod' }, 'prod'],
    [{ destination: 'https://north.example.com:6443/quay' }, 'quay'],
    [{ cluster: 'https://kubernetes.default.svc' }, 'unknown'],
    [{ cluster: 'https://north.example.com' }, 'north.example.com'],
    [{ labels: { env: 'staging' } }, 'staging'],
    [{ annotations: { 'shiplog/environment': 'demo', env: 'other' } }, 'demo'],
    [{ environment: { name: 'staging' } }, 'staging'],
  ])('of %j is in %s', (change, name) => {
    expect(record(flat(change)).environment.name).toBe(name);
  });

  it('names who did it, the service, the images once they run, and the page below the address of Argo CD', () => {
    const images = ['registry.harbor.example/buoy:1'];
    const told = {
      ...flat(),
      service: 'harbor-buoy',
      initiatedBy: 'mira',
      images,
      argocdUrl: 'https://cd.example.com/',
    };
    expect(record(told)).toMatchObject({
      ...{ service: 'harbor-buoy', actor: 'mira', artifacts: images },
      pipelineUrl: 'https://cd.example.com/applications/buoy',
    });
    expect(record({ ...told, status: 'Running' }).artifacts ?? []).toEqual([]);
    expect(record({ ...told, initiatedBy: 'map[automated:true]' })).not.toHaveProperty('actor');
  });

  it('that holds a whole Application under any name is that Application', () => {
    const wrapped = { event: 'deployed', data: { argocd: body('application') } };
    expect(record(wrapped).signal).toBe('argocd application');
  });

  it('that ended long ago is ignored, unless it was sent then', () => {
    expect(reason(flat(), {}, '2026-05-09T00:00:00Z')).toBe('too_old');
    expect(reason(flat({ timestamp: '2026-05-04T09:13:00Z' }), {}, '2026-05-09T00:00:00Z')).toBe('records');
  });

  it('with any values is a record or a reason', () => {
    const keys = Object.keys({ ...body('flat-link-only'), ...body('flat-deploy-event'), ...body('flat-app-status') });
    const value = fc.oneof(fc.constantFrom('Succeeded', 'Failed', SHA, AT, '<no value>', '', null), fc.jsonValue());
    const source = createSource();
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), value), (change) => {
        const mapped = source.map(flat(change), createWebhook());
        if (mapped.kind === 'ignored') expect(mapped.detail).toBeTruthy();
        else for (const one of mapped.records) ChangeRecord.parse(one);
      }),
      { numRuns: 500 },
    );
  });
});
