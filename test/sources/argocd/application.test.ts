import { describe, expect, it } from 'vitest';
import { ChangeRecord, type NewChangeRecord } from '../../../src/domain/change-record.ts';
import { fold } from '../../../src/domain/fold.ts';
import { body, createSource, createWebhook, recordOf } from './support.ts';

const map = (payload: unknown, config: object = {}, receivedAt = '2026-05-04T10:05:00Z') =>
  createSource(config).map(payload, createWebhook({ receivedAt: new Date(receivedAt) }));
const record = (payload: unknown, config: object = {}) => recordOf(map(payload, config));
const reason = (payload: unknown, config: object = {}, receivedAt?: string) => {
  const mapped = map(payload, config, receivedAt);
  return mapped.kind === 'ignored' ? mapped.reason : mapped.kind;
};
const wrapped = (app: unknown, more: object = { context: { argocdUrl: 'https://argocd.harbor.example' } }) => ({
  app,
  ...more,
});

describe('a whole Application', () => {
  it('reports the same as the template about the same sync', () => {
    const { id, signal, ...told } = record(body('succeeded'));
    const wrapping = { context: { argocdUrl: 'https://argocd.harbor.example' }, timestamp: body('succeeded').sent_at };
    const { id: otherId, signal: otherSignal, ...seen } = record(wrapped(body('application'), wrapping));
    expect(seen).toEqual(told);
    expect([signal, otherSignal]).toEqual(['argocd notification', 'argocd application']);
    expect(otherId).not.toBe(id); // so that neither hides what only the other knows
  });

  it('is the same deployment that the template reports, in either order', () => {
    const steps: NewChangeRecord[] = [
      record(body('running')),
      record(body('application-degraded')),
      record(body('succeeded')),
      record(body('application-commit-metadata')),
    ];
    const records = steps.map((step) => ChangeRecord.parse(step));
    const key = records[0]?.deployment ?? '';
    expect(new Set(records.map(({ deployment }) => deployment))).toEqual(new Set([key]));
    expect(fold(key, records)).toMatchObject({ state: 'failed', commit: { title: 'Turn the lamp twice as fast' } });
    expect(fold(key, records.toReversed())).toEqual(fold(key, records));
  });

  it('adds the message of the commit to what the template reported before', () => {
    const steps = [record(body('succeeded')), record(body('application-commit-metadata'))];
    for (const order of [steps, steps.toReversed()]) {
      const records = order.map((step) => ChangeRecord.parse(step));
      const known = new Map(records.map((one) => [one.id, one])); // as the change log keeps them
      const { commit } = fold(records[0]?.deployment ?? '', [...known.values()]);
      expect(commit).toMatchObject({ sha: steps[0]?.commit?.sha, title: 'Turn the lamp twice as fast' });
    }
  });

  it.each([
    ['bare', (app: object) => app],
    ['bare, without its kind', ({ kind: _, ...app }: { kind?: string }) => app],
    ['in "app"', (app: object) => ({ app })],
    ['in "application"', (application: object) => ({ application, app: 'buoy' })],
    [
      'in "app" of a body that has everything else',
      (app: object) => ({ app, environment: 'x', sha: 'y', status: 'z' }),
    ],
  ])('is read %s', (_, wrap) => {
    expect(record(wrap(body('application')))).toMatchObject({ state: 'succeeded', service: 'lighthouse-api' });
  });

  it.each([
    ['Running', 'Healthy', 'running'],
    ['Terminating', 'Degraded', 'running'],
    ['Failed', 'Healthy', 'failed'],
    ['Error', 'Healthy', 'failed'],
    ['Succeeded', 'Healthy', 'succeeded'],
    ['Succeeded', 'Degraded', 'failed'],
    ['Succeeded', 'Progressing', 'running'],
    ['Succeeded', 'Missing', 'running'],
    ['Succeeded', 'Suspended', 'running'],
    ['Succeeded', 'Unknown', 'running'],
    ['Succeeded', null, 'succeeded'],
  ])('%s and %s is %s', (phase, health, state) => {
    const app = body('application');
    app.status.operationState.phase = phase;
    app.status.health.status = health;
    expect(record(app).state).toBe(state);
  });

  it.each([
    ['unknown_status', 'operationState', { phase: 'Sailing', startedAt: '2026-05-04T09:12:03Z' }],
    ['not_started', 'operationState', undefined],
    ['not_started', 'operationState', { phase: 'Succeeded' }],
  ])('is ignored as %s if %s is %j', (expected, field, value) => {
    const app = body('application');
    app.status[field] = value;
    expect(reason(app)).toBe(expected);
  });

  it('is no deployment when it is a dry run, a self-heal or a deletion', () => {
    const dry = body('application');
    dry.status.operationState.operation.sync.dryRun = true;
    const healed = body('application');
    healed.status.operationState.operation.initiatedBy = { automated: true };
    healed.status.operationState.operation.sync.resources = [{ kind: 'Deployment', name: 'api' }];
    expect([dry, healed].map((app) => reason(app))).toEqual(['dry_run', 'self_heal']);
    const neverSynced = body('application-deleting');
    delete (neverSynced.app ?? neverSynced).status.operationState;
    expect(reason(neverSynced)).toBe('app_deleted');
  });

  it('is a deployment although it carries the count of the last self-heal (Argo CD 2.13 and 2.14)', () => {
    const app = body('application');
    app.status.operationState.operation.initiatedBy = { automated: true };
    app.status.operationState.operation.sync.autoHealAttemptsCount = 3;
    expect(record(app).state).toBe('succeeded');
  });

  it('that is deleted still reports the end of its last sync, and ends all others', () => {
    const { state, history } = record(body('application-deleting'));
    expect(state).toBe('succeeded');
    expect(history?.endedAt).toBe('2026-05-04T10:00:00.000Z');
  });

  it('has the age of its sending time, else of its receipt', () => {
    const late = '2026-05-09T00:00:00Z';
    expect(reason(wrapped(body('application'), { timestamp: '2026-05-04T09:12:40.5Z' }), {}, late)).toBe('records');
    expect(reason(wrapped(body('application')), {}, late)).toBe('too_old');
  });

  it('was deployed from the source of the operation, not from the current spec', () => {
    const app = body('application');
    app.spec.source = { repoURL: 'https://gitlab.harbor.example/harbor/elsewhere.git', targetRevision: 'next' };
    expect(record(app)).toMatchObject({ ref: 'main', repository: { gitlabProject: 'harbor/apps/lighthouse-api' } });
  });

  it('with a source hydrator has the commit of a person, and not the message of the other one', () => {
    const { app, ...more } = body('application-commit-metadata');
    const drySHA = 'c8e3a42f9d5b7a186a2e4c3dbfa19a8c7e6d5f4a';
    app.status.sourceHydrator = { lastSuccessfulOperation: { drySHA } };
    expect(record({ app, ...more }).commit).toEqual({ sha: drySHA });
  });

  it.each(['application', 'application-running-multi-source', 'application-failed', 'application-commit-metadata'])(
    '%s with any one field missing, null or of another type is a record or a reason',
    (name) => {
      const source = createSource();
      for (const broken of allBroken(body(name))) {
        const mapped = source.map(broken, createWebhook());
        if (mapped.kind === 'ignored') expect(mapped.detail).toBeTruthy();
        else for (const one of mapped.records) ChangeRecord.parse(one);
        expect(JSON.stringify(mapped)).not.toMatch(/"(undefined|<no value>)"|:""|:null/);
      }
    },
  );
});

/** Every copy of a body in which one value, however deep, is removed or replaced. */
function* allBroken(payload: object): Generator<object> {
  for (const path of pathsOf(payload)) {
    for (const value of [undefined, null, '', '<no value>', 7, [], {}, [null]]) {
      const copy = structuredClone(payload);
      const last = path.at(-1) ?? '';
      const parent = path.slice(0, -1).reduce((part, key) => part[key] as Tree, copy as Tree); // the path was read from it
      if (value === undefined) delete parent[last];
      else parent[last] = value;
      yield copy;
    }
  }
}

type Tree = Record<string, unknown>;

function pathsOf(part: unknown): string[][] {
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([key, inner]) => [[key], ...pathsOf(inner).map((rest) => [key, ...rest])]);
}
