import { describe, expect, it } from 'vitest';
import { fold } from '../../src/domain/deployment.ts';
import { Rule, route } from '../../src/domain/routing.ts';
import { aRecord } from '../support/records.ts';

const deployment = fold('k', [
  aRecord({
    repository: { name: 'harbor/lighthouse-api' },
    tags: ['app:lighthouse', 'project:beacons'],
    ref: 'release/7',
  }),
]);
const rules = (...said: unknown[]) => said.map((rule) => Rule.parse(rule));

describe('route', () => {
  it('sets what the rule says, and later rules see it', () => {
    const routed = route(
      deployment,
      rules(
        { match: { repository: 'harbor/*' }, set: { environment: 'prod-eu', service_id: 'svc_9' } },
        { match: { environment: 'prod-*' }, set: { risk_level: 'high', tags: ['eu'] } },
      ),
    );
    expect(routed.deployment).toMatchObject({
      environment: { name: 'prod-eu' },
      serviceId: 'svc_9',
      riskLevel: 'high',
    });
    expect(routed.deployment.tags).toContain('eu');
    expect(routed.trace).toHaveLength(2);
  });

  it('drops by name, so that the inbox can say which rule did it', () => {
    expect(
      route(deployment, rules({ name: 'no review apps', match: { branch: ['release/*'] }, drop: true })).droppedBy,
    ).toBe('no review apps');
  });

  it('needs every part of a match to fit', () => {
    expect(
      route(deployment, rules({ match: { app: 'lighthouse', status: 'failed' }, drop: true })).droppedBy,
    ).toBeUndefined();
  });

  it('limits the sinks', () => {
    expect(
      route(deployment, rules({ match: { project: 'beacons', tier: 'production' }, sinks: ['alert24'] })).sinks,
    ).toEqual(['alert24']);
  });

  it('gives a deployment a GitLab project', () => {
    expect(route(deployment, rules({ set: { gitlab_project: 4711 } })).deployment.repository).toMatchObject({
      name: 'harbor/lighthouse-api',
      gitlabProject: '4711',
    });
  });

  it('does not match a field that is not known', () => {
    const { ref: _, ...rootless } = deployment;
    expect(route(rootless, rules({ match: { branch: '**' }, drop: true })).droppedBy).toBeUndefined();
  });
});
