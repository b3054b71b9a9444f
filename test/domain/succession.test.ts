import { describe, expect, it } from 'vitest';
import type { Deployment } from '../../src/domain/deployment.ts';
import { lineageOf, succeed } from '../../src/domain/succession.ts';
import { aDeployment, sha } from '../support/deployment.ts';

const url = 'https://git.harbor.example/harbor/lighthouse-api';
const repository = { name: 'harbor/lighthouse-api', url, gitlabProject: '7' };
const at = (name: string, commit: Deployment['commit'], over: Partial<Deployment> = {}) =>
  aDeployment({ key: `gitlab:${name}`, source: 'gitlab', repository, ...(commit && { commit }), ...over });

describe('what a deployment replaced', () => {
  it('is the newest one that succeeded in the same place, with a link to what lies between', () => {
    const [first, second, third] = [at('1', { sha: sha(1) }), at('2', { sha: sha(2) }), at('3', { sha: sha(3) })];
    const { replaced, changeType } = succeed(third, [second, first]);
    expect(replaced).toEqual({
      deployment: 'gitlab:2',
      sha: sha(2),
      compareUrl: `${url}/-/compare/${sha(2)}...${sha(3)}`,
    });
    expect(changeType).toBe('deployment');
  });

  it('is nothing for the first of all, and never itself', () => {
    const first = at('1', { sha: sha(1) });
    expect(succeed(first, [])).toEqual(first);
    expect(succeed(first, [first])).toEqual(first);
  });

  it('has no link where the layout of the host is unknown', () => {
    const elsewhere = { repository: { name: 'harbor/api', url: 'https://code.harbor.example/api' }, source: 'argocd' };
    const second = at('2', { sha: sha(2) }, elsewhere);
    expect(succeed(second, [at('1', { sha: sha(1) })]).replaced).toEqual({ deployment: 'gitlab:1', sha: sha(1) });
  });

  it('is read the Bitbucket way round for Bitbucket', () => {
    const bitbucket = { name: 'harbor/api', url: 'https://bitbucket.org/harbor/api' };
    const second = at('2', { sha: sha(2) }, { repository: bitbucket, source: 'bitbucket' });
    expect(succeed(second, [at('1', { sha: sha(1) })]).replaced?.compareUrl).toBe(
      `https://bitbucket.org/harbor/api/branches/compare/${sha(2)}..${sha(1)}`,
    );
  });
});

describe('a roll-back', () => {
  it('is a commit that ran here before another one', () => {
    const again = succeed(at('3', { sha: sha(1) }), [at('2', { sha: sha(2) }), at('1', { sha: sha(1) })]);
    expect(again.changeType).toBe('rollback');
    expect(again.notes.join()).toContain('ran here before');
  });

  it('is a commit that is older than the current one of the same branch', () => {
    const current = at('1', { sha: sha(2), committedAt: '2026-03-19T10:00:00.000Z' });
    const older = at('2', { sha: sha(1), committedAt: '2026-03-18T10:00:00.000Z' });
    expect(succeed(older, [current]).changeType).toBe('rollback');
    expect(succeed({ ...older, ref: 'hotfix' }, [current]).changeType).toBe('deployment');
  });

  it('is not the same commit again, nor one that was never here', () => {
    const current = at('1', { sha: sha(1) });
    expect(succeed(at('2', { sha: sha(1) }), [current]).changeType).toBe('deployment');
    expect(succeed(at('2', { sha: sha(2) }), [current]).changeType).toBe('deployment');
  });

  it('does not overrule what the tool itself said', () => {
    const said = at('3', { sha: sha(1) }, { changeType: 'config_change' });
    expect(succeed(said, [at('2', { sha: sha(2) }), at('1', { sha: sha(1) })]).changeType).toBe('config_change');
  });
});

it('follows one place by repository, service and environment, whatever their case', () => {
  const here = at('1', { sha: sha(1) });
  expect(lineageOf(here)).toBe(lineageOf({ ...here, key: 'other', environment: { name: 'Production' } }));
  expect(lineageOf(here)).not.toBe(lineageOf({ ...here, environment: { name: 'staging' } }));
  expect(lineageOf(here)).not.toBe(lineageOf({ ...here, service: 'beacon' }));
});
