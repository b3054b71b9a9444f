import { describe, expect, it } from 'vitest';
import { ChangeRecord } from '../../../src/domain/change-record.ts';
import { fold } from '../../../src/domain/fold.ts';
import { body, createSource, createWebhook, recordOf } from './support.ts';

const map = (payload: unknown, config: object = {}, receivedAt = '2026-05-04T10:05:00Z') =>
  createSource(config).map(payload, createWebhook({ receivedAt: new Date(receivedAt) }));
const record = (payload: unknown, config: object = {}) => ChangeRecord.parse(recordOf(map(payload, config)));

/** As the change log keeps them: one of each id, in any order. */
function stateOf(records: readonly ChangeRecord[]) {
  const known = [...new Map(records.map((one) => [one.id, one])).values()];
  const key = records[0]?.deployment ?? '';
  expect(fold(key, known.toReversed())).toEqual(fold(key, known));
  return fold(key, known);
}

describe('an app that changes after its sync', () => {
  const healthy = (since: string | null) => {
    const payload = body('succeeded');
    payload.health.since = since;
    return payload;
  };
  const degraded = (since: string) => {
    const payload = body('succeeded');
    payload.event = 'degraded';
    payload.health = { status: 'Degraded', message: '', since };
    return payload;
  };

  it('has its last state: healthy again, degraded again', () => {
    const story = [
      record(healthy('2026-05-04T09:12:36Z')),
      record(degraded('2026-05-04T09:20:00Z')),
      record(healthy('2026-05-04T09:30:00Z')),
    ];
    expect(stateOf(story)).toMatchObject({
      state: 'succeeded',
      occurredAt: '2026-05-04T09:30:00.000Z',
      finishedAt: '2026-05-04T09:12:31.000Z',
    });
    expect(stateOf([...story, record(degraded('2026-05-04T09:40:00Z'))])).toMatchObject({
      state: 'failed',
      occurredAt: '2026-05-04T09:40:00.000Z',
    });
  });

  it('is healthy again even if its first success was not reported', () => {
    const story = [record(degraded('2026-05-04T09:13:00Z')), record(healthy('2026-05-04T09:14:00Z'))];
    expect(stateOf(story).state).toBe('succeeded');
  });

  it('is one step when the same is delivered twice', () => {
    expect(record(healthy('2026-05-04T09:30:00Z')).id).toBe(record(healthy('2026-05-04T09:30:00Z')).id);
  });

  it.each([null, '2026-05-01T00:00:00Z', 'yesterday'])('ended with its sync if it was healthy since %j', (since) => {
    expect(record(healthy(since)).occurredAt).toBe('2026-05-04T09:12:31.000Z');
  });
});

describe('a sync', () => {
  it('whose hook failed is failed and names the hook', () => {
    const app = body('application');
    const { operationState } = app.status;
    operationState.phase = 'Failed';
    operationState.message = 'one or more synchronization tasks completed unsuccessfully';
    operationState.syncResult.resources[2].hookPhase = 'Failed';
    operationState.syncResult.resources[2].message = 'Job has reached the specified backoff limit';
    const one = record(app);
    expect(one.state).toBe('failed');
    expect(one.description).toContain('Job lighthouse/migrate: Job has reached the specified backoff limit');
    expect(one.history).toMatchObject({ of: app.metadata.uid, newest: 7 });
    expect(one.history).not.toHaveProperty('id');
  });

  it('of manifests in an OCI registry has a digest and no commit', () => {
    const digest = `sha256:${'e'.repeat(64)}`;
    const sources = [
      { repo_url: 'oci://mira:pass@registry.harbor.example:5000/apps/manifests', target_revision: 'latest', path: '.' },
    ];
    const one = record({ ...body('succeeded'), revision: digest, sources });
    expect(one).not.toHaveProperty('commit');
    expect(JSON.stringify(one)).not.toContain('pass@');
    expect(one.artifacts).toContain(`registry.harbor.example:5000/apps/manifests@${digest}`);
    expect(one.paths).toEqual([]);
    expect(one.notes.join()).toContain('There is no commit');
  });

  it('of a chart has a version and no commit', () => {
    const sources = [{ repo_url: 'https://charts.harbor.example', chart: 'buoy', target_revision: '1.x' }];
    const one = record({ ...body('succeeded'), revision: '1.4.2', sources });
    expect(one).not.toHaveProperty('commit');
    expect(one.artifacts).toContain('chart:buoy@1.4.2');
  });

  it('with a source hydrator has the commit of a person', () => {
    const one = record({ ...body('succeeded'), dry_sha: 'c'.repeat(40) });
    expect(one.commit).toEqual({ sha: 'c'.repeat(40) });
  });

  it('names the path of its manifests', () => {
    expect(record(body('succeeded')).paths).toEqual(['deploy/prod']);
    const [source] = body('succeeded').sources;
    expect(record({ ...body('succeeded'), sources: [{ ...source, path: './deploy/' }] }).paths).toEqual(['deploy']);
  });

  it('of a part of the app has no number in the history, nor that of the sync before', () => {
    const payload = body('succeeded');
    payload.operation = { ...payload.operation, partial: true, started_at: '2026-05-04T09:40:00Z' };
    const one = record(payload);
    expect(one.tags).toContain('partial');
    expect(one.history).not.toHaveProperty('id');
  });

  it('of an app of apps is a deployment like any other', () => {
    const app = body('application');
    app.metadata.name = 'harbor-apps-prod';
    app.status.operationState.syncResult.resources = [
      { kind: 'Application', namespace: 'argocd', name: 'buoy', message: 'application configured', status: 'Synced' },
    ];
    app.status.summary = { isAppOfApps: true };
    expect(record(app)).toMatchObject({ state: 'succeeded', service: 'harbor-apps', artifacts: [] });
  });

  it('is another deployment in another cluster, even if only the Argo CD differs', () => {
    const app = body('application');
    delete app.metadata.uid;
    const keys = ['north', 'south'].map((cluster) => {
      const one = record({ app, context: { argocdUrl: `https://argocd.${cluster}.example` } });
      expect(one.history?.of).toBe(`argocd.${cluster}.example/argocd/lighthouse-api-prod`);
      return one.deployment;
    });
    expect(new Set(keys).size).toBe(2);
  });

  it('has no value where its template printed <no value>', () => {
    const payload = body('succeeded');
    const holes = ['argocd_url', 'revision', 'dry_sha'];
    const holed = { ...payload, ...Object.fromEntries(holes.map((key) => [key, '<no value>'])) };
    holed.operation = { ...payload.operation, username: '<no value>', message: '<no value>' };
    holed.history = [{ id: '<no value>', revision: '<no value>', deployed_at: '<no value>' }];
    const one = record(holed);
    expect(one.state).toBe('succeeded');
    expect(JSON.stringify(one)).not.toContain('no value');
    expect(one).not.toHaveProperty('actor');
    expect(one).not.toHaveProperty('commit');
  });
});

describe('the first subscription of 130 apps', () => {
  it('reports the last sync of each, and records those of the last day', () => {
    const outcomes = Array.from({ length: 130 }, (_, index) => {
      const payload = body('succeeded');
      const day = String(4 - (index % 3)).padStart(2, '0');
      payload.app.uid = `uid-${index}`;
      payload.sent_at = '2026-05-04T10:00:00Z';
      payload.operation.started_at = `2026-05-${day}T09:12:03Z`;
      payload.operation.finished_at = `2026-05-${day}T09:12:31Z`;
      return map(payload);
    });
    const reasons = outcomes.map((outcome) => (outcome.kind === 'ignored' ? outcome.reason : 'recorded'));
    expect(reasons.filter((reason) => reason === 'recorded')).toHaveLength(44);
    expect(reasons.filter((reason) => reason === 'too_old')).toHaveLength(86);
  });
});

describe('a flat body of a running sync', () => {
  const flat = { app: 'buoy', sha: 'b7d2f31e8c4a69075f1d3b2cae908f7b6d5c4e3f' };
  const running = { ...flat, status: 'Running' };
  const succeeded = { ...flat, status: 'Succeeded' };

  it.each([
    [{ dedup_id: '41' }, { dedup_id: '41', finished_at: '2026-05-04T09:12:31Z' }],
    [{ startedAt: '2026-05-04T09:12:03Z' }, { startedAt: '2026-05-04T09:12:03Z', finishedAt: '2026-05-04T09:12:31Z' }],
    [{}, {}],
  ])('with %j joins its success with %j', (begin, end) => {
    const steps = [record({ ...running, ...begin }), record({ ...succeeded, ...end })];
    expect(new Set(steps.map(({ deployment }) => deployment)).size).toBe(1);
    expect(stateOf(steps).state).toBe('succeeded');
  });

  it('with only the sending time is found by its end, which names its own run', () => {
    const start = record({ ...running, timestamp: '2026-05-04T09:12:05Z' });
    const end = record({ ...succeeded, timestamp: '2026-05-04T09:12:40Z' });
    expect(end.deployment).not.toBe(start.deployment);
    expect(end.base).toBe(start.deployment);
  });
});
