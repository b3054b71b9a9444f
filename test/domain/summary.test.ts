import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Deployment } from '../../src/domain/deployment.ts';
import { headline } from '../../src/domain/summary.ts';
import { aDeployment } from '../support/deployment.ts';

const told = (summary: string, over: Partial<Deployment>): string => headline(aDeployment({ summary, ...over }));

describe('the headline of a deployment', () => {
  it.each<[string, Partial<Deployment>, string]>([
    ['Deployed shop @ 4f0c9e1d', { state: 'succeeded' }, 'Deployed shop @ 4f0c9e1d'],
    ['Deployed shop @ 4f0c9e1d', { state: 'failed' }, 'FAILED: Deployed shop @ 4f0c9e1d'],
    ['Deployed shop: fix failed', { state: 'failed' }, 'FAILED: Deployed shop: fix failed'],
    ['Fix failed login', { state: 'failed' }, 'FAILED: Fix failed login'],
    ['Let the retry of failed payments work', { state: 'failed' }, 'FAILED: Let the retry of failed payments work'],
    ['Deployed shop @ 4f0c9e1d', { state: 'canceled' }, 'CANCELED: Deployed shop @ 4f0c9e1d'],
    ['Deployed shop', { state: 'canceled', endReason: 'superseded' }, 'SUPERSEDED: Deployed shop'],
    ['Deployed shop', { state: 'canceled', endReason: 'never_ran' }, 'NEVER RAN: Deployed shop'],
    ['Deployed shop', { state: 'succeeded', changeType: 'rollback' }, 'ROLLBACK: Deployed shop'],
    ['Deployed shop', { state: 'failed', changeType: 'rollback' }, 'FAILED: ROLLBACK: Deployed shop'],
  ])('%j, %j: %s', (summary, over, expected) => {
    expect(told(summary, over)).toBe(expected);
  });

  it.each<[string, Partial<Deployment>]>([
    ['FAILED: Deployed shop @ 4f0c9e1d', { state: 'failed' }],
    ['[failed] shop', { state: 'failed' }],
    ['❌ Failed: shop to production', { state: 'failed' }],
    ['Deployment failed: shop', { state: 'failed' }],
    ['Deployment of shop to production failed', { state: 'failed' }],
    ['Deploy failure of shop', { state: 'failed' }],
    ['Cancelled by mira: shop', { state: 'canceled' }],
    ['Superseded: shop', { state: 'canceled', endReason: 'superseded' }],
    ['Rolled back shop to 4f0c9e1d', { state: 'succeeded', changeType: 'rollback' }],
    ['Rollback of shop', { state: 'succeeded', changeType: 'rollback' }],
  ])('says nothing twice: %j', (summary, over) => {
    expect(told(summary, over)).toBe(summary);
  });

  it('is the same when it is computed from itself', () => {
    const states = fc.constantFrom<Deployment['state']>('pending', 'running', 'succeeded', 'failed', 'canceled');
    const types = fc.constantFrom<Deployment['changeType']>('deployment', 'rollback');
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), states, types, (summary, state, changeType) => {
        const once = told(summary, { state, changeType });
        expect(told(once, { state, changeType })).toBe(once);
        if (state === 'failed') expect(once).toMatch(/fail|error|unsuccessful|broken/i);
      }),
    );
  });
});

describe('the sentence of a deployment whose sender wrote none', () => {
  const sentence = ({ summary: _, ...over }: Partial<Deployment>): string => {
    const { summary, ...deployment } = aDeployment();
    return headline({ ...deployment, service: 'shop', environment: { name: 'production' }, ...over } as Deployment);
  };
  const commit = { sha: '4f0c9e1d7a2b83c65d9e0f41ab37c2d8e56190bf' };

  it.each<[Partial<Deployment>, string]>([
    [{ commit }, 'Deployed shop @ 4f0c9e1d to production'],
    [{ commit: {}, artifacts: ['registry:5000/harbor/shop:1.2'] }, 'Deployed shop 1.2 to production'],
    [{ commit: {}, artifacts: ['registry:5000/harbor/lamp:1.2'] }, 'Deployed shop lamp:1.2 to production'],
    [{ commit: {}, artifacts: ['chart:shop@1.2+4'] }, 'Deployed shop 1.2+4 to production'],
    [{ commit: {}, artifacts: ['pkg:oci/shop@1.2?repository_url=x'] }, 'Deployed shop 1.2 to production'],
    [
      { commit: {}, artifacts: [`pkg:oci/shop@sha256%3A${'0b31b1c0'.repeat(8)}`] },
      'Deployed shop sha256:0b31b1c0 to production',
    ],
    [
      { commit: {}, artifacts: [`lamp@sha256:${'0b31b1c0'.repeat(8)}`] },
      'Deployed shop lamp@sha256:0b31b1c0 to production',
    ],
    [{ commit: {}, artifacts: ['lamp', '%zz'] }, 'Deployed shop lamp to production'],
    [{ commit, state: 'failed' }, 'FAILED: deploying shop @ 4f0c9e1d to production'],
    [{ commit, state: 'canceled', endReason: 'never_ran' }, 'NEVER RAN: deploying shop @ 4f0c9e1d to production'],
    [{ commit, service: 'unknown' }, 'Deployed 4f0c9e1d to production'],
    [{ commit: {}, service: 'unknown', artifacts: [] }, 'Deployed an unknown service to production'],
    [{ commit, environment: { name: 'unknown' } }, 'Deployed shop @ 4f0c9e1d to an unknown environment'],
    [{ commit: {}, artifacts: [], changeType: 'config_change' }, 'Changed the configuration of shop in production'],
    [
      { commit: {}, artifacts: [], changeType: 'scaling', state: 'failed' },
      'FAILED: changing the scale of shop in production',
    ],
    [{ commit: {}, artifacts: [], changeType: 'other', state: 'running' }, 'Changing shop in production'],
  ])('%j: %s', (over, expected) => {
    expect(sentence(over)).toBe(expected);
  });
});
