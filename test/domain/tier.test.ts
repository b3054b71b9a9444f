import { describe, expect, it } from 'vitest';
import { route } from '../../src/domain/rules/routing.ts';
import { Rule } from '../../src/domain/rules/rule.ts';
import { tierOf } from '../../src/domain/tier.ts';
import { aDeployment } from '../support/deployment.ts';

describe('the tier', () => {
  it.each([
    ['production-eu', 'production'],
    ['pre-prod', 'staging'],
    ['qa-2', 'testing'],
    ['review/lamp', 'development'],
    ['harbor', 'other'],
    ['unknown', 'other'],
  ] as const)('of %s is %s if none is reported', (name, tier) => {
    expect(tierOf({ name })).toBe(tier);
  });

  it('is that of the tool, whatever the name is', () => {
    expect(tierOf({ name: 'production', tier: 'testing' })).toBe('testing');
    const { environment } = route(aDeployment({ environment: { name: 'production', tier: 'testing' } }), []).deployment;
    expect(environment).toEqual({ name: 'production', tier: 'testing' });
  });

  it('is guessed from the final name, marked as a guess, and the same for a rule', () => {
    const told = aDeployment({ environment: { name: 'production-eu' } });
    const rule = Rule.parse({ match: { tier: 'production' }, set: { risk_level: 'high' } });
    const { deployment } = route(told, [rule]);
    expect(deployment.environment).toEqual({ name: 'production-eu', tier: 'production', tierGuessed: true });
    expect(deployment.riskLevel).toBe('high');
    const renamed = route(told, [Rule.parse({ set: { environment: 'eu-qa' } })]).deployment.environment;
    expect(renamed).toMatchObject({ name: 'eu-qa', tier: 'testing', tierGuessed: true });
  });

  it('stays unknown for a name without a hint', () => {
    const { environment } = route(aDeployment({ environment: { name: 'unknown' } }), []).deployment;
    expect(environment).toEqual({ name: 'unknown' });
    const any = Rule.parse({ match: { tier: '*' }, set: { risk_level: 'high' } });
    expect(route(aDeployment({ environment: { name: 'unknown' } }), [any]).deployment).not.toHaveProperty('riskLevel');
  });
});
