import { describe, expect, it } from 'vitest';
import { createSource, createWebhook, recordOf } from './support.ts';

const SHA = 'b7d2f31e8c4a69075f1d3b2cae908f7b6d5c4e3f';
const at = (sha = SHA) => `/webhooks/argocd/projects/harbor%2Flighthouse-api/statuses/${sha}`;
const map = (payload: object, path = at()) =>
  createSource().map({ state: 'success', ...payload }, createWebhook({ path }));
const record = (payload: object, path?: string) => recordOf(map(payload, path));

describe('a commit status', () => {
  it.each([
    ['pending', 'pending'],
    ['running', 'running'],
    ['success', 'succeeded'],
    ['failed', 'failed'],
    ['canceled', 'canceled'],
  ])('%s is %s', (state, expected) => {
    expect(record({ state }).state).toBe(expected);
  });

  it.each([
    ['skipped', 'unknown_status'],
    [7, 'unknown_status'],
    [null, 'unmapped'],
  ])('%j is %s', (state, reason) => {
    expect(map({ state })).toMatchObject({ kind: 'ignored', reason, detail: expect.any(String) });
  });

  it('is another deployment of its commit if another commit ran since', () => {
    expect(record({ name: 'argocd/buoy-prod' })).toMatchObject({ repeatable: true, periodic: true });
  });

  it.each([
    ['deploy/staging', 'staging', 'lighthouse-api'],
    ['deploy: quay-3', 'quay-3', 'lighthouse-api'],
    ['argocd/production', 'production', 'lighthouse-api'],
    ['argocd/buoy-prod', 'prod', 'buoy'],
    ['continuous-delivery/buoy', 'unknown', 'buoy'],
    [undefined, 'unknown', 'lighthouse-api'],
  ])('called %s is in %s, of %s', (context, environment, service) => {
    const one = record({ context });
    expect(one).toMatchObject({ service, environment: { name: environment } });
    expect(one.notes).toEqual([expect.stringMatching(/environment/)]);
  });

  it('has no commit without one in its path', () => {
    const one = record({ name: 'deploy/staging' }, at('%3Cno%20value%3E'));
    expect(one).not.toHaveProperty('commit');
    expect(one.notes?.join()).toContain('There is no commit');
    expect(map({}, at('%'))).toMatchObject({ kind: 'ignored', reason: 'unmapped' });
  });

  it("is answered as GitLab's API does", () => {
    const webhook = createWebhook({ path: at() });
    const answer = createSource().answer?.(
      { kind: 'accepted', records: [record({ name: 'deploy/staging' })] },
      webhook,
    );
    expect(answer).toMatchObject({ status: 201, body: { id: expect.any(Number), sha: SHA, status: 'success' } });
  });
});
