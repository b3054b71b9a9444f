import { describe, expect, it } from 'vitest';
import { body, createSource, createWebhook, recordOf } from './support.ts';

const PATH = '/webhooks/argocd/projects/harbor%2Flighthouse-api/deployments';
const SHA = 'b7d2f31e8c4a69075f1d3b2cae908f7b6d5c4e3f';

const map = (payload: unknown, path = PATH, config: object = {}) =>
  createSource(config).map(payload, createWebhook({ path }));
const record = (payload: unknown, path?: string, config?: object) => recordOf(map(payload, path, config));

describe("the body of GitLab's documented ConfigMap, as stored before the API assigned ids", () => {
  it.each([
    ['/webhooks/argocd/projects/4711/deployments', '4711', 'project-4711'],
    [
      '/webhooks/argocd/projects/harbor%2Fapps%2Flighthouse-api/deployments',
      'harbor/apps/lighthouse-api',
      'lighthouse-api',
    ],
    ['/webhooks/argocd/projects/harbor%2fbuoy/deployments/', 'harbor/buoy', 'buoy'],
    ['/webhooks/argocd/projects/harbor/buoy/deployments', 'harbor/buoy', 'buoy'],
    ['/webhooks/argocd/api/v4/projects/4711/deployments', '4711', 'project-4711'],
    ['/api/v4/projects/harbor%2Fbuoy/deployments', 'harbor/buoy', 'buoy'],
  ])('at %s is a deployment of %s', (path, project, service) => {
    const one = record(body('drop-in'), path);
    expect(one.repository).toEqual({ name: project, gitlabProject: project });
    expect(one.service).toBe(service);
  });

  it('needs no path if the body is unambiguous', () => {
    const one = record(body('drop-in'), '/webhooks/argocd');
    expect(one).toMatchObject({ service: 'unknown', notes: ['The path names no GitLab project.'] });
    expect(one).not.toHaveProperty('repository');
  });

  it.each(['$PROJECT_ID', '%24PROJECT_ID', '%3Cyour-project-id%3E'])('does not use %s as a project', (id) => {
    expect(record(body('drop-in'), `/webhooks/argocd/projects/${id}/deployments`)).not.toHaveProperty('repository');
  });

  it.each([
    ['created', 'pending'],
    ['blocked', 'pending'],
    ['running', 'running'],
    ['success', 'succeeded'],
    ['failed', 'failed'],
    ['canceled', 'canceled'],
    [null, 'succeeded'],
  ])('%s is %s', (status, state) => {
    expect(record({ ...body('drop-in'), status }).state).toBe(state);
  });

  it.each(['skipped', 'constructor', '', '<no value>', 7, true, {}])('does not guess the status %j', (status) => {
    expect(map({ ...body('drop-in'), status })).toMatchObject({ kind: 'ignored', reason: 'unknown_status' });
  });

  it('is the same deployment for the same project, environment and commit, at any time', () => {
    const later = createWebhook({
      path: PATH.toUpperCase()
        .replace(/^.*PROJECTS/, '/webhooks/argocd/projects')
        .replace('DEPLOYMENTS', 'deployments'),
      receivedAt: new Date('2026-06-01T00:00:00Z'),
    });
    const again = recordOf(createSource().map({ ...body('drop-in'), sha: SHA.toUpperCase() }, later));
    expect(again.id).toBe(record(body('drop-in')).id);
    expect(record({ ...body('drop-in'), environment: 'staging' }).id).not.toBe(again.id);
  });

  it.each(['', '<no value>', null, undefined])('without a commit (%j) is recorded with a note', (sha) => {
    const one = record({ ...body('drop-in'), sha });
    expect(one.deployment).toBe('argocd-dropin:harbor/lighthouse-api:production:no-commit');
    expect(one).not.toHaveProperty('commit');
    expect(one.notes?.[0]).toContain(`no commit: sha is ${sha ? `"${sha}"` : 'empty'}`);
    expect(one.repeatable).toBe(true);
    expect(record(body('drop-in'))).not.toHaveProperty('repeatable');
  });

  it('separates two chart versions', () => {
    const [first, second] = ['0.9.3', '0.9.4'].map((sha) => record({ ...body('drop-in'), sha }));
    expect(first?.commit).toBeUndefined();
    expect(first?.deployment).not.toBe(second?.deployment);
  });

  it.each([
    ['false', false],
    ['true', true],
    [false, false],
    [true, true],
    [undefined, undefined],
    ['perhaps', undefined],
  ])('reads the tag flag %j', (tag, expected) => {
    expect(record({ ...body('drop-in'), tag }).tag).toBe(expected);
  });

  it('uses the configured branch if none is sent, with a note', () => {
    const payload = { environment: 'production', sha: SHA };
    expect(record(payload)).not.toHaveProperty('ref');
    expect(record(payload, PATH, { default_ref: 'trunk' })).toMatchObject({
      ref: 'trunk',
      notes: [expect.any(String)],
    });
    expect(record(body('drop-in'), PATH, { default_ref: 'trunk' }).ref).toBe('main');
  });

  it('without an environment has an unknown one', () => {
    expect(record({ sha: SHA }).environment).toEqual({ name: 'unknown' });
  });

  it.each([
    ['/webhooks/argocd/projects/%E0%A4%A/deployments', { sha: SHA }],
    ['/webhooks/argocd/projects/%/deployments', { sha: SHA }],
    ['/webhooks/argocd/projects/4711/deployments/12', { status: 'success' }],
    ['/webhooks/argocd/projects//deployments', {}],
    [PATH, {}],
    [PATH, []],
    [PATH, null],
  ])('at %s with %j is unmapped', (path, payload) => {
    expect(map(payload, path)).toMatchObject({ kind: 'ignored', reason: 'unmapped', detail: expect.any(String) });
  });

  it('is an Application if one is sent to its path', () => {
    expect(record(body('application'), PATH).signal).toBe('argocd application');
  });

  it('is the shiplog template on any path', () => {
    expect(record(body('succeeded'), PATH).signal).toBe('argocd notification');
  });
});
