import { describe, expect, it } from 'vitest';
import { runTermOf, subjectOf } from '../../src/forges/page-address.ts';

const SHA = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

describe('a pasted address', () => {
  it.each([
    [`https://gitlab.harbor.example/harbor/pay/-/commit/${SHA}`, { commit: SHA }],
    [`https://bitbucket.org/harbor/pay/commits/${SHA.slice(0, 12)}?at=main`, { commit: SHA.slice(0, 12) }],
    [`https://github.com/harbor/pay/commit/${SHA}#diff`, { commit: SHA }],
    ['https://gitlab.harbor.example/harbor/pay/-/merge_requests/12/diffs', { text: '!12 harbor/pay' }],
    ['https://github.com/harbor/pay/pull/12', { text: '!12 harbor/pay' }],
    ['https://bitbucket.org/harbor/pay/pull-requests/12', { text: '!12 harbor/pay' }],
    ['https://code.harbor.example/projects/PAY/repos/api/pull-requests/3/overview', { text: '!3 PAY/api' }],
    ['https://gitlab.harbor.example/harbor/pay/-/pipelines/77', { text: 'pipelines/77' }],
    ['https://gitlab.harbor.example/harbor/pay/-/jobs/4711#L12', { text: 'jobs/4711' }],
    ['https://bitbucket.org/harbor/pay/pipelines/results/9', { text: 'pipelines/results/9' }],
    ['https://argocd.harbor.example/applications/argocd/pay-api?view=tree', { text: 'applications/argocd/pay-api' }],
  ])('%s', (address, subject) => {
    expect(subjectOf(address)).toEqual(subject);
  });

  it.each(['pay', 'https://', 'https://harbor.example/', 'see https://gitlab.harbor.example/a/b/-/jobs/1', undefined])(
    'is not %j',
    (text) => {
      expect(subjectOf(text)).toBeUndefined();
    },
  );

  it('finds a run by what is kept of its own address', () => {
    for (const address of ['https://g.example/a/b/-/jobs/4711', 'https://argocd.example/applications/pay-api'])
      expect(subjectOf(address)?.text).toBe(runTermOf(address));
  });
});
