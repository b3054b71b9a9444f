import { describe, expect, it } from 'vitest';
import type { Deployment } from '../../src/domain/deployment.ts';
import { lineageOf, PREDECESSORS, succeed } from '../../src/domain/succession.ts';
import { aDeployment, sha } from '../support/deployment.ts';

const url = 'https://git.harbor.example/harbor/lighthouse-api';
const repository = { name: 'harbor/lighthouse-api', url, gitlabProject: '7' };
const at = (name: string, commit: Deployment['commit'], over: Partial<Deployment> = {}) =>
  aDeployment({ key: `gitlab:${name}`, source: 'gitlab', repository, ...(commit && { commit }), ...over });

describe('what a deployment replaced', () => {
  it('is the newest success in the same lineage, with a link to the comparison', () => {
    const [first, second, third] = [at('1', { sha: sha(1) }), at('2', { sha: sha(2) }), at('3', { sha: sha(3) })];
    const { replaced, changeType } = succeed(third, [second, first]);
    expect(replaced).toEqual({
      deployment: 'gitlab:2',
      sha: sha(2),
      compareUrl: `${url}/-/compare/${sha(2)}...${sha(3)}`,
    });
    expect(changeType).toBe('deployment');
  });

  it('has the artifacts of that one, where it has any', () => {
    const artifacts = ['harbor/lighthouse-api:7'];
    const [first, second] = [at('1', { sha: sha(1) }, { artifacts }), at('2', { sha: sha(2) })];
    expect(succeed(second, [first]).replaced).toMatchObject({ artifacts });
    expect(succeed(second, [{ ...first, artifacts: [] }]).replaced).not.toHaveProperty('artifacts');
  });

  it('is nothing for the first deployment, and never itself', () => {
    const first = at('1', { sha: sha(1) });
    expect(succeed(first, [])).toEqual(first);
    expect(succeed(first, [first])).toEqual(first);
  });

  it.each<[string, Partial<Deployment>]>([
    ['a job that never ran', { state: 'canceled', endReason: 'never_ran' }],
    ['one that was superseded while it waited', { state: 'canceled', endReason: 'superseded' }],
  ])('is nothing for %s, which went back to nothing either', (_, over) => {
    const { startedAt, ...last } = at('3', { sha: sha(1) }, over);
    const earlier = [at('2', { sha: sha(2) }), at('1', { sha: sha(1) })];
    expect(succeed(last, earlier)).toEqual(last);
    expect(succeed({ ...last, startedAt, endReason: 'superseded' }, earlier).replaced?.deployment).toBe('gitlab:2');
  });

  it('has no link if the layout of the host is unknown', () => {
    const elsewhere = { repository: { name: 'harbor/api', url: 'https://code.harbor.example/api' }, source: 'argocd' };
    const second = at('2', { sha: sha(2) }, elsewhere);
    expect(succeed(second, [at('1', { sha: sha(1) })]).replaced).toEqual({ deployment: 'gitlab:1', sha: sha(1) });
  });

  it.each([
    ['https://github.com/harbor/api', 'argocd', undefined, `compare/${sha(1)}...${sha(2)}`],
    ['https://git.harbor.example/harbor/api', 'gitlab', 'harbor/api', `-/compare/${sha(1)}...${sha(2)}`],
    ['https://git.harbor.example/harbor/api', 'argocd', '7', `-/compare/${sha(1)}...${sha(2)}`],
  ])('has a link at %s if %s reported it', (page, source, gitlabProject, link) => {
    const place = { name: 'harbor/api', url: `${page}//`, ...(gitlabProject && { gitlabProject }) };
    const second = at('2', { sha: sha(2) }, { repository: place, source });
    expect(succeed(second, [at('1', { sha: sha(1) })]).replaced?.compareUrl).toBe(`${page}/${link}`);
  });

  it.each([
    ['the same commit', { sha: sha(1) }, url],
    ['no commit of its own', {}, url],
    ['no page of the repository', { sha: sha(2) }, undefined],
    ['a page that is no address', { sha: sha(2) }, 'git.harbor.example/api'],
  ])('has no link with %s', (_, commit, page) => {
    const second = at('2', commit, { repository: { name: 'harbor/api', ...(page && { url: page }) } });
    expect(succeed(second, [at('1', { sha: sha(1) })]).replaced).toEqual({ deployment: 'gitlab:1', sha: sha(1) });
  });

  it('is recognised without a commit and without a repository, too', () => {
    const { commit: _, repository: __, ...first } = at('1', undefined);
    expect(succeed(at('2', { sha: sha(2) }), [first]).replaced).toEqual({ deployment: 'gitlab:1' });
    const bare = { ...first, key: 'gitlab:2' };
    expect(succeed(bare, [at('1', { sha: sha(1) })])).toEqual({
      ...bare,
      replaced: { deployment: 'gitlab:1', sha: sha(1) },
    });
  });

  it('is searched for among ten', () => {
    expect(PREDECESSORS).toBe(10);
  });

  it('has the order of commits that Bitbucket uses', () => {
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
    expect(again).toEqual({
      ...at('3', { sha: sha(1) }),
      changeType: 'rollback',
      notes: [`A roll-back: ${sha(1).slice(0, 8)} ran here before ${sha(2).slice(0, 8)} (2026-03-19T14:30:07.000Z).`],
      replaced: { deployment: 'gitlab:2', sha: sha(2), compareUrl: `${url}/-/compare/${sha(2)}...${sha(1)}` },
    });
  });

  it('is a commit that is older than the current one of the same branch', () => {
    const current = at('1', { sha: sha(2), committedAt: '2026-03-19T10:00:00.000Z' });
    const older = at('2', { sha: sha(1), committedAt: '2026-03-18T10:00:00.000Z' });
    expect(succeed(older, [current]).changeType).toBe('rollback');
    expect(succeed(older, [current]).notes).toEqual([
      `A roll-back: ${sha(1).slice(0, 8)} is older than ${sha(2).slice(0, 8)}, which ran here.`,
    ]);
    expect(succeed({ ...older, ref: 'hotfix' }, [current]).changeType).toBe('deployment');
    const { ref: _, ...nowhere } = older;
    const { ref: __, ...nowhereElse } = current;
    expect(succeed(nowhere, [nowhereElse]).changeType).toBe('deployment');
  });

  it('is not the same commit again, nor one that never ran here', () => {
    const current = at('1', { sha: sha(1) });
    expect(succeed(at('2', { sha: sha(1) }), [current]).changeType).toBe('deployment');
    expect(succeed(at('2', { sha: sha(2) }), [current]).changeType).toBe('deployment');
  });

  it('is not a commit that is as old, newer, or of unknown age', () => {
    const commit = (seed: number, committedAt?: string) => ({ sha: sha(seed), ...(committedAt && { committedAt }) });
    const [early, late] = ['2026-03-18T10:00:00.000Z', '2026-03-19T10:00:00.000Z'];
    const typeOf = (mine?: string, theirs?: string) =>
      succeed(at('2', commit(2, mine)), [at('1', commit(1, theirs))]).changeType;
    expect(typeOf(early, late)).toBe('rollback');
    expect([typeOf(late, early), typeOf(late, late), typeOf(undefined, late), typeOf(late, undefined)]).toEqual(
      Array(4).fill('deployment'),
    );
    expect(typeOf()).toBe('deployment');
  });

  it('is not inferred from the deployment itself, nor without both commits', () => {
    const itself = at('3', { sha: sha(3) });
    expect(succeed(itself, [itself, at('2', { sha: sha(2) })]).changeType).toBe('deployment');
    const unknown = at('4', { committedAt: '2026-03-18T10:00:00.000Z' });
    const dated = at('2', { sha: sha(2), committedAt: '2026-03-19T10:00:00.000Z' });
    expect(succeed(unknown, [dated]).changeType).toBe('deployment');
    expect(
      succeed(dated, [{ ...unknown, commit: { committedAt: '2026-03-20T10:00:00.000Z' } }, dated]).changeType,
    ).toBe('deployment');
  });

  it("does not overrule the tool's own report", () => {
    const said = at('3', { sha: sha(1) }, { changeType: 'config_change' });
    expect(succeed(said, [at('2', { sha: sha(2) }), at('1', { sha: sha(1) })]).changeType).toBe('config_change');
  });
});

it('compares repository, service and environment, in any case', () => {
  const here = at('1', { sha: sha(1) });
  expect(lineageOf(here)).toBe(lineageOf({ ...here, key: 'other', environment: { name: 'Production' } }));
  expect(lineageOf(here)).not.toBe(lineageOf({ ...here, environment: { name: 'staging' } }));
  expect(lineageOf(here)).not.toBe(lineageOf({ ...here, service: 'beacon' }));
  expect(lineageOf(here)).not.toBe(lineageOf({ ...here, repository: { name: 'harbor/beacon' } }));
});

describe('manifests that a tool rendered from a commit', () => {
  const rendered = (revision: string) => ({ url: `${url}-deploy`, revision, rendered: true as const });

  it('belong to the same commit when they are deployed again without it', () => {
    const first = at('1', { sha: sha(1) }, { manifests: rendered('r1') });
    const second = at('2', { sha: sha(2) }, { manifests: rendered('r2') });
    const back = at('3', {}, { manifests: rendered('r1') });
    const judged = succeed(back, [second, first]);
    expect(judged).toMatchObject({ commit: { sha: sha(1) }, changeType: 'rollback', replaced: { sha: sha(2) } });
    expect(judged.notes.join()).toContain('The commit is that of gitlab:1');
    expect(succeed(at('4', {}, { manifests: rendered('r9') }), [second, first]).commit).toEqual({});
    const { revision: _, ...unknown } = rendered('r1');
    expect(
      succeed(at('5', {}, { manifests: unknown }), [at('1', { sha: sha(1) }, { manifests: unknown })]).commit,
    ).toEqual({});
  });

  it('do not determine the commit if it depends on other things as well', () => {
    const manifests = { url: `${url}-deploy`, revision: 'r1' };
    const first = at('1', { sha: sha(1) }, { manifests });
    expect(succeed(at('2', {}, { manifests }), [first]).commit).toEqual({});
  });
});
