import { describe, expect, it } from 'vitest';
import { body, createSource, createWebhook, recordOf } from './support.ts';

const map = (payload: unknown, config: object = {}, receivedAt = '2026-05-04T10:05:00Z') =>
  createSource(config).map(payload, createWebhook({ receivedAt: new Date(receivedAt) }));
const record = (payload: unknown, config: object = {}) => recordOf(map(payload, config));
const reason = (payload: unknown, config: object = {}, receivedAt?: string) => {
  const mapped = map(payload, config, receivedAt);
  return mapped.kind === 'ignored' ? mapped.reason : mapped.kind;
};

/** A succeeded notification with some parts replaced. */
function succeeded(change: Record<string, unknown>) {
  const payload = body('succeeded');
  for (const [path, value] of Object.entries(change)) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    keys.reduce((part, key) => part[key], payload)[last] = value;
  }
  return payload;
}

describe('the identity of a deployment', () => {
  it('is one for all events of one sync, and each event has its own record', () => {
    const records = ['running', 'succeeded-still-progressing', 'succeeded', 'degraded'].map((name) =>
      record(body(name)),
    );
    expect(new Set(records.map((one) => one.deployment)).size).toBe(1);
    expect(new Set(records.map((one) => one.id)).size).toBe(4);
  });

  it('does not depend on the time of receipt or the format of the start', () => {
    const later = map(body('succeeded'), {}, '2026-05-04T11:00:00Z');
    const offset = record(succeeded({ 'operation.started_at': '2026-05-04T11:12:03+02:00' }));
    expect(recordOf(later).id).toBe(record(body('succeeded')).id);
    expect(offset.id).toBe(record(body('succeeded')).id);
  });

  it('is another one if the same revision is synced again', () => {
    const again = record(succeeded({ 'operation.started_at': '2026-05-04T09:30:00Z' }));
    expect(again.deployment).not.toBe(record(body('succeeded')).deployment);
  });

  it('is the same for what a workflow passes on in a field, whatever it adds', () => {
    const plain = record(body('succeeded'));
    for (const field of ['body', 'payload', 'data', 'notification'])
      expect(record({ [field]: body('succeeded'), headers: { host: 'harbor.example' }, app: 'beacon' })).toEqual(plain);
  });

  it('differs for apps with one name in two Argo CDs, even without uid', () => {
    const keys = ['https://argocd.north.example', 'https://argocd.south.example', null].map(
      (url) => record(succeeded({ 'app.uid': null, argocd_url: url })).deployment,
    );
    expect(keys).toEqual([
      'argocd:argocd.north.example/argocd/lighthouse-api-prod:2026-05-04T09:12:03.000Z',
      'argocd:argocd.south.example/argocd/lighthouse-api-prod:2026-05-04T09:12:03.000Z',
      'argocd:argocd/lighthouse-api-prod:2026-05-04T09:12:03.000Z',
    ]);
  });
});

describe('the state', () => {
  it.each([
    ['Healthy', 'succeeded'],
    ['Progressing', 'running'],
    ['Missing', 'running'],
    ['Suspended', 'running'],
    ['Unknown', 'running'],
    ['Degraded', 'failed'],
  ])('of a succeeded sync whose app is %s is %s', (health, state) => {
    expect(record(succeeded({ 'health.status': health })).state).toBe(state);
  });

  it('of an app without health is recorded with a note', () => {
    const one = record(succeeded({ 'health.status': null }));
    expect(one.state).toBe('succeeded');
    expect(one.notes).toContain('Argo CD did not say whether the app is healthy.');
  });

  it.each(['constructor', 'Hibernating'])('is not guessed from the unknown health %s', (health) => {
    expect(reason(succeeded({ 'health.status': health }))).toBe('unknown_status');
  });

  it('of a sync between two retries is running and has no end', () => {
    const one = record(body('running-between-retries'));
    expect(one).toMatchObject({ state: 'running', occurredAt: '2026-05-04T09:12:03.000Z' });
    expect(one).not.toHaveProperty('finishedAt');
  });

  it('of a degraded app is later than the success, whatever times are sent', () => {
    const success = record(body('succeeded'));
    const clocks = [
      { 'health.since': '2026-05-04T09:40:02Z' },
      { 'health.since': null, sent_at: '2026-05-04T09:41:00Z' },
      { 'health.since': null, sent_at: null },
      { 'health.since': null, sent_at: null, 'operation.finished_at': '2026-05-04T23:00:00Z' },
    ];
    const moments = clocks.map((clock) => record(succeeded({ event: 'degraded', ...clock })).occurredAt);
    expect(moments).toEqual([
      '2026-05-04T09:40:02.000Z',
      '2026-05-04T09:41:00.000Z',
      '2026-05-04T10:05:00.000Z',
      '2026-05-04T23:00:00.001Z',
    ]);
    for (const moment of moments) expect(moment > success.occurredAt).toBe(true);
  });
});

describe('what is ignored', () => {
  it.each([
    ['app_deleted', { event: 'deleting', 'operation.started_at': null }],
    ['unknown_status', { event: 'unknown' }],
    ['unknown_status', { event: 'exploded' }],
    ['not_started', { event: 'unknown', 'operation.started_at': null, 'operation.phase': null }],
    ['not_started', { 'operation.started_at': null }],
    ['dry_run', { 'operation.dry_run': true }],
    ['self_heal', { 'operation.automated': true, 'operation.partial': true }],
    ['unmapped', { 'operation.started_at': 'yesterday' }],
    ['unmapped', { 'app.name': null, 'app.uid': null }],
  ])('%s: %j', (expected, change) => {
    expect(reason(succeeded(change))).toBe(expected);
  });

  it('is a sync that ended before the limit, but not one that still runs, or has just ended', () => {
    const twoDaysLater = '2026-05-06T10:00:00Z';
    const sentLate = (event: Parameters<typeof body>[0]) => ({ ...body(event), sent_at: twoDaysLater });
    expect(reason(sentLate('succeeded'), {}, twoDaysLater)).toBe('too_old');
    expect(reason(sentLate('succeeded'), { max_age_hours: 72 }, twoDaysLater)).toBe('records');
    expect(reason(sentLate('running'), {}, twoDaysLater)).toBe('records');
    const held = { ...succeeded({ 'operation.finished_at': '2026-05-06T09:59:00Z' }), sent_at: twoDaysLater };
    expect(reason(held, {}, twoDaysLater)).toBe('records');
  });

  it('is not a delayed notification', () => {
    expect(reason(body('succeeded'), {}, '2026-05-06T10:00:00Z')).toBe('records');
  });

  it('follows the settings', () => {
    const nothingToDo = succeeded({ 'operation.message': 'successfully synced (no more tasks)' });
    const unchanged = succeeded({ 'resources.changed': 0 });
    expect(record(nothingToDo).tags).toContain('no-op');
    expect(record(unchanged).tags).toContain('no-op');
    expect(reason(nothingToDo, { noop: 'skip' })).toBe('no_op');
    expect(reason(unchanged, { noop: 'skip' })).toBe('no_op');
    expect(record(body('self-heal'), { self_heal: 'record' }).tags).toEqual(
      expect.arrayContaining(['self-heal', 'partial']),
    );
    expect(reason(body('degraded'), { degraded: 'ignore' })).toBe('not_a_deployment');
  });

  it('is not a partial sync that a person requested', () => {
    expect(record(succeeded({ 'operation.partial': true })).tags).toContain('partial');
  });
});

describe('what was deployed', () => {
  const A = 'a4c1e20d7b3f58964e0c2a1b9d8f7e6a5c4b3d2e';
  const B = 'b7d2f31e8c4a69075f1d3b2cae908f7b6d5c4e3f';
  const sources = [
    { repo_url: 'https://github.com/quay-side/values', path: null, ref: 'values', target_revision: 'main' },
    { repo_url: 'https://github.com/quay-side/manifests', path: 'prod', target_revision: 'main' },
    { repo_url: 'https://charts.quay-side.example', chart: 'buoy', target_revision: '1.x.x' },
  ];

  it('is the commit of the manifests rather than that of the values, and never that of a chart', () => {
    const change = { revision: null, sources, revisions: [A, B, A] };
    expect(record(succeeded(change)).commit).toEqual({ sha: B });
    expect(record(succeeded({ ...change, revisions: [A, null, B] })).commit).toEqual({ sha: A });
    expect(record(succeeded({ ...change, revisions: [null, null, B] }))).not.toHaveProperty('commit');
  });

  it('has a project only on a configured host', () => {
    expect(record(body('succeeded')).repository?.gitlabProject).toBe('harbor/apps/lighthouse-api');
    expect(record(body('succeeded'), { gitlab_hosts: [] }).repository).not.toHaveProperty('gitlabProject');
  });

  it('does not use a chart repository of our GitLab as a project', () => {
    const repo_url = 'https://gitlab.harbor.example/api/v4/projects/12/packages/helm/stable';
    const one = record(succeeded({ revision: '1.2.3', sources: [{ repo_url, chart: 'buoy' }] }));
    expect(one.repository).not.toHaveProperty('gitlabProject');
    expect(one.artifacts).toContain('chart:buoy@1.2.3');
  });

  it.each([
    ['main', { ref: 'main' }],
    ['release/2026.1', { ref: 'release/2026.1' }],
    ['feature/x', { ref: 'feature/x' }],
    ['v1.4.2', { ref: 'v1.4.2', tag: true }],
    ['1.4.2-rc.1', { ref: '1.4.2-rc.1', tag: true }],
    ['refs/tags/lamp', { ref: 'lamp', tag: true }],
    ['refs/heads/v1.4.2', { ref: 'v1.4.2', tag: false }],
    ['refs/remotes/origin/main', { ref: 'main', tag: false }],
  ])('has the ref of %s', (target_revision, ref) => {
    const { ref: name, tag } = record(succeeded({ sources: [{ repo_url: 'https://a.example/b/c', target_revision }] }));
    expect({ ref: name, ...(tag !== undefined && { tag }) }).toEqual(ref);
  });

  it.each([
    'HEAD',
    '',
    null,
    'refs/merge-requests/7/head',
    A,
    'abc1234',
    '0.x.x',
    '1.x',
    '>=1',
    '*',
    '^1.2',
    '~1.2',
    '1.0 - 2.0',
    '1 || 2',
    '1.*',
  ])('has no ref when the target is %j', (target_revision) => {
    const one = record(succeeded({ sources: [{ repo_url: 'https://a.example/b/c', target_revision }] }));
    expect(one).not.toHaveProperty('ref');
    expect(one).not.toHaveProperty('tag');
  });
});

describe('the commit of several sources', () => {
  const VALUES = 'c8e3a42f9d5b7a186a2e4c3dbfa19a8c7e6d5f4a';
  const MANIFESTS = 'b7d2f31e8c4a69075f1d3b2cae908f7b6d5c4e3f';
  const values = { repo_url: 'https://gitlab.harbor.example/harbor/values.git', ref: 'values' };
  const manifests = { repo_url: 'https://gitlab.harbor.example/harbor/buoy.git', path: 'deploy' };
  const elsewhere = { repo_url: 'https://git.quay.example/quay/buoy.git', path: 'deploy' };

  it.each([
    ['of manifests, not of values, in any order', [values, manifests], [VALUES, MANIFESTS], MANIFESTS],
    ['of manifests, not of values, in any order', [manifests, values], [MANIFESTS, VALUES], MANIFESTS],
    ['on our GitLab first, also of values', [elsewhere, values], [MANIFESTS, VALUES], VALUES],
  ])('is the one %s', (_, sources, revisions, sha) => {
    const one = record(succeeded({ revision: null, revisions, sources }), { gitlab_hosts: ['gitlab.harbor.example'] });
    expect(one.commit?.sha).toBe(sha);
  });
});

describe('a roll-back', () => {
  const A = 'a4c1e20d7b3f58964e0c2a1b9d8f7e6a5c4b3d2e';
  const B = 'b7d2f31e8c4a69075f1d3b2cae908f7b6d5c4e3f';
  const entry = (id: number, revision: string, deployed_at: string | null) => ({ id, revision, deployed_at });

  it('is recorded from the history, in every state and in any order of the history', () => {
    const shuffled = { ...body('rollback-succeeded'), history: body('rollback-succeeded').history.reverse() };
    for (const payload of [body('rollback-running'), body('rollback-succeeded'), shuffled]) {
      expect(record(payload).changeType).toBe('rollback');
    }
  });

  it.each([
    ['the first deployment', []],
    ['a new revision', [entry(6, A, '2026-05-01T08:00:09Z'), entry(7, B, '2026-05-04T09:12:31Z')]],
    ['a second sync', [entry(6, A, '2026-05-01T08:00:09Z'), entry(7, B, '2026-05-02T00:00:00Z')]],
    [
      'a second sync that is in the history',
      [entry(5, A, '2026-05-01T00:00:00Z'), entry(6, B, '2026-05-02T00:00:00Z'), entry(7, B, '2026-05-04T09:12:31Z')],
    ],
    ['a revision that was never deployed', [entry(6, A, '2026-05-01T08:00:09Z')]],
  ])('is not %s, even with the apply strategy', (_, history) => {
    expect(record(succeeded({ history, 'operation.apply_strategy': true })).changeType).toBe('deployment');
  });

  it('is recognised with several sources and chart versions', () => {
    const history = [
      { id: 0, revisions: ['1.0.0', A] },
      { id: 1, revisions: ['1.1.0', A] },
    ];
    const change = { event: 'running', 'operation.phase': 'Running', revision: null, history };
    expect(record(succeeded({ ...change, revisions: ['1.0.0', A] })).changeType).toBe('rollback');
    expect(record(succeeded({ ...change, revisions: ['1.1.0', A] })).changeType).toBe('deployment');
  });
});

describe('who, where and why', () => {
  const bare = { 'app.labels': {}, 'destination.namespace': null };
  const named = { 'app.labels': {}, 'app.name': 'lighthouse' };
  it.each([
    ['the annotation', { 'app.annotations': { 'shiplog/environment': 'prod-eu' } }, 'prod-eu'],
    ['the label env', { 'app.labels': { env: 'qa', stage: 'x' } }, 'qa'],
    ['the name of the app', bare, 'prod'],
    ['the namespace', { ...named, 'destination.namespace': 'pay-staging', 'app.project': 'qa' }, 'staging'],
    ['the project', { ...named, 'app.project': 'team-qa', 'destination.name': 'prod-eu' }, 'qa'],
    ['the name of the cluster', { ...named, 'destination.name': 'prod-eu' }, 'prod'],
    ['the namespace, where no name says it', { ...named, 'destination.name': 'north' }, 'lighthouse'],
    [
      'the cluster, where the namespace is that of Argo CD',
      { ...named, 'destination.namespace': 'argocd', 'destination.name': 'north' },
      'north',
    ],
    [
      'the cluster, where the namespace is the default one',
      { ...named, 'destination.namespace': 'default', 'destination.name': 'north' },
      'north',
    ],
    [
      'the server of the cluster',
      { ...named, 'destination.namespace': null, 'destination.server': 'https://10.2.0.1:6443' },
      '10.2.0.1',
    ],
    ['the last word', { ...named, 'app.name': 'test-lab-prd2' }, 'prd2'],
    ['the merge request', { ...named, 'app.name': 'lighthouse-pr-12' }, 'pr-12'],
    [
      'the namespace that ends in a word, where the name only has one',
      { ...named, 'app.name': 'review-service', 'destination.namespace': 'harbor-production' },
      'production',
    ],
    [
      'the name, where the namespace has none at its end',
      { ...named, 'app.name': 'dev-lighthouse', 'destination.namespace': 'qa-lighthouse' },
      'dev',
    ],
    [
      'the name at whose end a word is',
      { ...named, 'app.name': 'lighthouse-dev', 'destination.namespace': 'harbor-prod' },
      'dev',
    ],
    [
      'a name of production',
      { ...named, 'app.name': 'prod-lighthouse', 'destination.namespace': 'team-integration' },
      'prod',
    ],
    ['nothing', { ...bare, 'app.name': 'lighthouse' }, 'unknown'],
  ])('takes the environment from %s', (_, change, name) => {
    expect(record(succeeded(change)).environment.name).toBe(name);
  });

  it('ignores an unexpanded template as a name', () => {
    const annotations = {
      'shiplog/environment': '{{ .values.env }}',
      'shiplog/gitlab-project': '{{project}}',
      'shiplog/service': '{{ .app }}',
    };
    const one = record(succeeded({ 'app.annotations': annotations }));
    expect(one).toMatchObject({ environment: { name: 'unknown' }, service: 'lighthouse-api-prod' });
    expect(one.repository?.gitlabProject).toBe('harbor/apps/lighthouse-api');
    for (const key of Object.keys(annotations)) expect(one.notes?.join()).toContain(`${key} is`);
  });

  it.each([
    ['lighthouse-production', 'production', 'lighthouse'],
    ['lighthouse_prod', 'production', 'lighthouse'],
    ['lighthouse-pr-12', 'pr-12', 'lighthouse'],
    ['lighthouse-staging', 'production', 'lighthouse-staging'],
    ['lighthouse-eu', 'eu', 'lighthouse-eu'],
    ['prod', 'prod', 'prod'],
  ])('calls %s in %s the service %s', (name, environment, service) => {
    const change = { 'app.name': name, 'app.annotations': { 'shiplog/environment': environment } };
    expect(record(succeeded(change)).service).toBe(service);
    expect(record(succeeded(change), { service_without_environment: false }).service).toBe(name);
  });

  it('uses the annotation as the service name', () => {
    expect(record(succeeded({ 'app.annotations': { 'shiplog/service': 'lamp' } })).service).toBe('lamp');
  });

  it('provides the target of the deployment to the rules', () => {
    expect(record(succeeded({ 'destination.name': 'north' })).labels).toEqual({
      namespace: 'lighthouse',
      cluster: 'north',
      argocd_project: 'harbor',
    });
  });

  it('reports that an environment was inferred', () => {
    expect(record(body('succeeded')).notes).toEqual([]);
    expect(record(succeeded(bare)).notes?.join()).toContain('shiplog/environment');
  });

  it('has no actor if Argo CD names none', () => {
    expect(record(succeeded({ 'operation.username': null }))).not.toHaveProperty('actor');
    expect(record(succeeded({ 'operation.username': null, 'operation.automated': true })).actor).toBe(
      'argocd (automated)',
    );
  });

  it('links to the operation, also below a path', () => {
    expect(record(succeeded({ argocd_url: 'https://ops.harbor.example/argocd/' })).pipelineUrl).toBe(
      'https://ops.harbor.example/argocd/applications/argocd/lighthouse-api-prod?operation=true',
    );
    expect(record(succeeded({ argocd_url: 'javascript:alert(1)' }))).not.toHaveProperty('pipelineUrl');
  });

  it('shortens a long message without cutting a character in two', () => {
    const payload = body('failed');
    payload.operation.message = '⛴️🚢'.repeat(400);
    const [first = ''] = record(payload).description?.split('\n') ?? [];
    expect([...first].length).toBe(500);
    expect(Buffer.from(first).toString('utf8')).toBe(first);
  });

  it('is recorded in spite of one invalid field', () => {
    const odd = [null, 7, 'x', [], {}, [null], true];
    const required = ['schema', 'event', 'operation', 'app', 'health'];
    for (const key of Object.keys(body('succeeded')).filter((one) => !required.includes(one))) {
      for (const value of odd) expect(record(succeeded({ [key]: value })).state, `${key}: ${value}`).toBe('succeeded');
    }
    for (const key of ['name', 'namespace', 'project', 'labels', 'annotations']) {
      for (const value of odd) expect(record(succeeded({ [`app.${key}`]: value })).state).toBe('succeeded');
    }
  });
});
