import { describe, expect, it } from 'vitest';
import { ChangeRecord } from '../../../src/domain/change-record.ts';
import { body, createSource, createWebhook } from './support.ts';

const OLD = 'a4c1e20d7b3f58964e0c2a1b9d8f7e6a5c4b3d2e';
const SHA = 'b7d2f31e8c4a69075f1d3b2cae908f7b6d5c4e3f';
const UID = '5b0c6f5e-3c1d-4d0e-9a57-2f8e6a1c7b42';

function map(payload: unknown, config: object = {}) {
  const mapped = createSource(config).map(payload, createWebhook());
  if (mapped.kind !== 'records') throw new Error(`no records: ${JSON.stringify(mapped)}`);
  const [own, ...recovered] = mapped.records.map((record) => ChangeRecord.parse(record));
  if (!own) throw new Error('no record');
  return { own, recovered };
}

const entry = (id: number, revision: string, deployed_at: string, started_at: string | null = null) => ({
  id,
  revision,
  revisions: null,
  deployed_at,
  started_at,
});
/** The sync of succeeded.json began at 09:12:03 and its own entry was made at 09:12:31. */
const OWN = entry(8, SHA, '2026-05-04T09:12:31Z');
const withHistory = (...history: object[]) => ({ ...body('succeeded'), history });

describe('the history of an application', () => {
  it('gives a record for each earlier deployment, oldest first, that says where it was read', () => {
    const { own, recovered } = map(
      withHistory(
        OWN,
        entry(7, OLD, '2026-05-04T08:30:20Z', '2026-05-04T08:30:00Z'),
        entry(6, SHA, '2026-05-04T08:00:20Z'),
      ),
    );
    expect(own.history).toMatchObject({ of: UID, id: 8, newest: 8 });
    expect(recovered.map(({ deployment }) => deployment)).toEqual([
      `argocd:${UID}:history:6`,
      `argocd:${UID}:2026-05-04T08:30:00.000Z`,
    ]);
    expect(recovered[1]).toMatchObject({
      state: 'canceled',
      endReason: 'superseded',
      signal: 'argocd history',
      authoritative: false,
      commit: { sha: OLD },
      environment: { name: 'production' },
      startedAt: '2026-05-04T08:30:00.000Z',
      occurredAt: '2026-05-04T09:12:31.000Z',
      finishedAt: '2026-05-04T09:12:31.000Z',
      notes: ["Argo CD's history does not tell that the application was healthy before the next operation began."],
      history: { of: UID, id: 7, newest: 8, after: '2026-05-04T08:00:20.000Z', appliedAt: '2026-05-04T08:30:20.000Z' },
    });
    for (const one of recovered) {
      expect(one).not.toHaveProperty('actor'); // who did the sync that is told did not do those before
      expect(one.artifacts).toEqual([]); // the images are of now
    }
  });

  it('has the same key as the notification of the sync', () => {
    const { own } = map(withHistory(entry(8, SHA, '2026-05-04T09:12:31Z', '2026-05-04T09:12:03Z')));
    const later = { ...body('succeeded'), sent_at: '2026-05-04T09:59:00Z' };
    later.operation = { ...later.operation, started_at: '2026-05-04T09:50:00Z', finished_at: '2026-05-04T09:51:00Z' };
    const history = [entry(8, SHA, '2026-05-04T09:12:31Z', '2026-05-04T09:12:03Z')];
    expect(map({ ...later, history }).recovered[0]?.deployment).toBe(own.deployment);
  });

  it.each([
    ['running', { event: 'running', phase: 'Running' }],
    ['failed', { event: 'failed', phase: 'Failed' }],
  ])('does not include the reported sync, even while it is %s', (_, { event, phase }) => {
    const payload = withHistory(OWN);
    payload.event = event;
    payload.operation.phase = phase;
    const { own, recovered } = map(payload);
    expect(recovered.map(({ deployment }) => deployment)).not.toContain(own.deployment);
    expect(own.history).toMatchObject({ of: UID, newest: 8 });
    expect(own.history).not.toHaveProperty('id');
  });

  it('distinguishes the sync before that ended in the second in which this one started', () => {
    const payload = withHistory(entry(7, OLD, '2026-05-04T09:12:03Z'));
    expect(map(payload).recovered.map(({ history }) => history?.id)).toEqual([7]);
    expect(map(withHistory(entry(7, SHA, '2026-05-04T09:12:03Z'))).own.history?.id).toBe(7);
  });

  it('counts beyond max_age_hours only for known deployments', () => {
    const old = entry(6, OLD, '2026-05-03T09:00:00Z');
    const lateness = (config: object) =>
      map(withHistory(old, OWN), config).recovered.map(({ history }) => history?.late);
    expect(lateness({})).toEqual([true]);
    expect(lateness({ max_age_hours: 48 })).toEqual([undefined]);
  });

  it('is not read if syncs without a change are skipped, as it does not distinguish them', () => {
    expect(map(withHistory(entry(7, OLD, '2026-05-04T08:30:20Z'), OWN), { noop: 'skip' }).recovered).toEqual([]);
  });

  it('proves a roll-back by the revisions that were deployed before', () => {
    const times = ['2026-05-04T08:10:00Z', '2026-05-04T08:20:00Z', '2026-05-04T08:30:00Z'];
    const history = [OLD, SHA, OLD].map((revision, id) => entry(id, revision, times[id] ?? ''));
    const { recovered } = map(withHistory(...history, OWN));
    expect(recovered.map(({ changeType }) => changeType)).toEqual(['deployment', 'deployment', 'rollback']);
  });

  it('of an Application has the sources of that time', () => {
    const app = body('application');
    const [first] = app.status.history;
    first.deployedAt = '2026-05-04T08:30:20Z';
    first.deployStartedAt = '2026-05-04T08:30:00Z';
    first.source = {
      repoURL: 'https://gitlab.harbor.example/harbor/before.git',
      targetRevision: 'old',
      path: 'deploy',
    };
    const { own, recovered } = map(app);
    expect(own.history?.id).toBe(7);
    expect(recovered[0]).toMatchObject({
      deployment: `argocd:${UID}:2026-05-04T08:30:00.000Z`,
      ref: 'old',
      repository: { name: 'harbor/before', gitlabProject: 'harbor/before' },
    });
  });

  it('of an application that got a second source names no repository for what was before', () => {
    const earlier = { id: 7, revisions: [OLD, OLD], deployed_at: '2026-05-04T08:30:20Z' };
    expect(map(withHistory(earlier, OWN)).recovered[0]).not.toHaveProperty('repository');
  });

  it('with a source hydrator has only the deployed manifests, as the known commit is the current one', () => {
    const payload = { ...withHistory(entry(7, OLD, '2026-05-04T08:30:20Z'), OWN), dry_sha: 'c'.repeat(40) };
    const { own, recovered } = map(payload);
    expect(own.commit?.sha).toBe('c'.repeat(40));
    expect(recovered[0]).not.toHaveProperty('commit');
    expect(recovered[0]?.manifests).toMatchObject({ revision: OLD, rendered: true });
  });

  it('shows by the health which deployment the application was healthy after', () => {
    const payload = withHistory(
      entry(6, SHA, '2026-05-04T08:00:20Z', '2026-05-04T08:00:00Z'),
      entry(7, OLD, '2026-05-04T08:30:20Z', '2026-05-04T08:30:00Z'),
      entry(8, SHA, '2026-05-04T09:12:31Z', '2026-05-04T09:12:03Z'),
    );
    payload.health = { status: 'Healthy', since: '2026-05-04T08:31:00Z' };
    expect(map(payload).recovered.map(({ state, occurredAt }) => [state, occurredAt])).toEqual([
      ['canceled', '2026-05-04T08:30:00.000Z'],
      ['succeeded', '2026-05-04T08:31:00.000Z'],
    ]);
  });

  it('names who started it, and shows a roll-back of the image at one revision', () => {
    const at = ['2026-05-04T08:10:00Z', '2026-05-04T08:20:00Z', '2026-05-04T08:30:00Z'];
    const history = ['lamp:1.0', 'lamp:1.1', 'lamp:1.0'].map((image, id) => ({
      ...entry(id, OLD, at[id] ?? ''),
      username: 'tove',
      overrides: [image],
    }));
    const { recovered } = map(withHistory(...history, OWN));
    expect(recovered.map(({ changeType }) => changeType)).toEqual(['deployment', 'deployment', 'rollback']);
    expect(recovered[0]?.actor).toBe('tove');
  });

  it('is not in the response, as it is not known yet which were lost', () => {
    const source = createSource();
    const webhook = createWebhook();
    const mapped = source.map(withHistory(entry(7, OLD, '2026-05-04T08:30:20Z'), OWN), webhook);
    if (mapped.kind !== 'records') throw new Error('no records');
    expect(mapped.records).toHaveLength(2);
    const answer = source.answer?.({ kind: 'accepted', records: mapped.records }, webhook);
    expect(answer?.body).toMatchObject({ ids: [mapped.records[0]?.id] });
  });

  it.each([7.5, -1, '7', null, 1e300])('with the number %j is no history', (id) => {
    const { history } = map(withHistory({ ...OWN, id })).own;
    expect(history).not.toHaveProperty('id');
    expect(history).not.toHaveProperty('newest');
  });
});
