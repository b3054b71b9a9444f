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
