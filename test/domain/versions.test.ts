import { describe, expect, it } from 'vitest';
import { summarize } from '../../src/domain/summary.ts';
import { versionSteps } from '../../src/domain/versions.ts';
import { aDeployment, sha } from '../support/deployment.ts';

const steps = (before: readonly string[], after: readonly string[]) =>
  versionSteps({ artifacts: [...after], replaced: { deployment: 'before', artifacts: before } });

describe('from which version to which', () => {
  it.each([
    ['registry.harbor.example:5000/pay', '1.4.1', '1.4.2', '1.4.1 → 1.4.2'],
    ['pay', sha(1), sha(2), `${sha(1).slice(0, 8)} → ${sha(2).slice(0, 8)}`],
  ])('%s:%s went to %s: %s', (name, from, to, words) => {
    expect(steps([`${name}:${from}`], [`${name}:${to}@sha256:${'a'.repeat(64)}`])).toBe(words);
  });

  it('names the image or chart if there are several', () => {
    const words = steps(
      ['chart:pay@1.0.0', 'harbor/web:7', 'harbor/job:1'],
      ['chart:pay@1.1.0', 'harbor/web:8', 'harbor/job:1'],
    );
    expect(words).toBe('pay 1.0.0 → 1.1.0, web 7 → 8');
  });

  it.each<[readonly string[], readonly string[]]>([
    [['harbor/pay:1'], ['harbor/pay:1']],
    [['harbor/pay:1'], ['harbor/web:2']],
    [['harbor/pay:1', 'harbor/pay:2'], ['harbor/pay:3']],
    [['registry:5000/pay'], ['registry:5000/pay@sha256:ab']],
    [[], ['harbor/pay:1']],
  ])('is unknown from %j to %j', (before, after) => {
    expect(steps(before, after)).toBeUndefined();
  });

  it('is part of the summary of a deployment', () => {
    const deployment = aDeployment({
      artifacts: ['harbor/pay:1.4.2'],
      replaced: { deployment: 'before', artifacts: ['harbor/pay:1.4.1'] },
    });
    expect(summarize(deployment)).toMatch(/ to production, 1\.4\.1 → 1\.4\.2$/);
  });
});
