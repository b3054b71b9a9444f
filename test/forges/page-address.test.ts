import { describe, expect, it } from 'vitest';
import { runTermsOf, subjectOf } from '../../src/forges/page-address.ts';

const SHA = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

describe('a pasted address', () => {
  it.each([
    [`https://gitlab.harbor.example/harbor/pay/-/commit/${SHA}`, { commit: SHA }],
    [`https://bitbucket.org/harbor/pay/commits/${SHA.slice(0, 12)}?at=main`, { commit: SHA.slice(0, 12) }],
    [`https://github.com/harbor/pay/commit/${SHA}#diff`, { commit: SHA }],
    ['https://gitlab.harbor.example/harbor/pay/-/merge_requests/12/diffs', { text: '/harbor/pay!12' }],
    ['https://github.com/harbor/pay/pull/12', { text: '/harbor/pay!12' }],
    ['https://bitbucket.org/harbor/pay/pull-requests/12', { text: '/harbor/pay!12' }],
    ['https://code.harbor.example/projects/PAY/repos/api/pull-requests/3/overview', { text: '/pay/api!3' }],
    ['https://gitlab.harbor.example/harbor/pay/-/pipelines/77', { text: '/harbor/pay/pipelines/77' }],
    ['https://gitlab.harbor.example/harbor/pay/-/jobs/4711#L12', { text: '/harbor/pay/jobs/4711' }],
    ['https://gitlab.harbor.example/harbor/pay/builds/4711', { text: '/harbor/pay/jobs/4711' }],
    ['https://bitbucket.org/harbor/pay/pipelines/results/9', { text: '/harbor/pay/pipelines/results/9' }],
    [
      'https://bitbucket.org/harbor/pay/addon/pipelines/home#!/results/9/steps/%7Bab-1%7D',
      { text: '/harbor/pay/pipelines/results/9' },
    ],
    ['https://github.com/harbor/pay/actions/runs/12345/job/9', { text: '/harbor/pay/runs/12345' }],
    ['https://argocd.harbor.example/applications/argocd/pay-api?view=tree', { text: '/applications/argocd/pay-api/' }],
    ['https://argocd.harbor.example/applications/pay-api', { text: '/applications/pay-api/' }],
    ['https://argocd.harbor.example/argo/applications/pay-api/', { text: '/applications/pay-api/' }],
    ['https://jenkins.harbor.example/job/deploy-pay/57/', { text: 'jenkins.harbor.example/job/deploy-pay/57' }],
    [`<https://gitlab.harbor.example/harbor/pay/-/commit/${SHA}>`, { commit: SHA }],
    [`https://gitlab.harbor.example/harbor/pay/-/tree/${SHA}/src`, { commit: SHA }],
    [`https://gitlab.harbor.example/harbor/pay/-/compare/0a1b2c3d...${SHA}?from=1`, { commit: SHA }],
    [`https://github.com/harbor/pay/compare/0a1b2c3d..${SHA.slice(0, 8)}`, { commit: SHA.slice(0, 8) }],
    ['gitlab.harbor.example/harbor/pay/-/jobs/4711', { text: '/harbor/pay/jobs/4711' }],
    ['https://gitlab.harbor.example/harbor/pay/-/environments/3', { text: 'harbor/pay' }],
    ['https://gitlab.harbor.example/harbor/pay/-/tree/main', { text: 'harbor/pay' }],
    ['https://gitlab.harbor.example/harbor/Pay.git', { text: 'harbor/pay' }],
    ['git@gitlab.harbor.example:harbor/pay.git', { text: 'harbor/pay' }],
    ['ssh://git@gitlab.harbor.example:2222/harbor/pay.git', { text: 'harbor/pay' }],
  ])('%s', (address, subject) => {
    expect(subjectOf(address)).toEqual(subject);
  });

  it.each([
    ...['pay', 'https://', 'https://harbor.example/', 'see https://gitlab.harbor.example/a/b/-/jobs/1', undefined],
    ...['registry.harbor.example/ledger:1.9.0', 'harbor/pay!12', 'feature/jobs/12', '()', '<', 'git@harbor.example'],
  ])('is not %j', (text) => {
    expect(subjectOf(text)).toBeUndefined();
  });

  it.each([
    ['https://g.example/a/b/-/jobs/4711', 'https://g.example/a/b/-/jobs/4711#L3'],
    ['https://argocd.example/applications/argocd/pay', 'https://argocd.example/applications/pay?view=tree'],
    ['https://argocd.example/applications/pay', 'https://argocd.example/applications/argocd/pay'],
    ['https://argocd.example/applications/team-a/pay?operation=true', 'https://argocd.example/applications/team-a/pay'],
    ['https://jenkins.example/job/pay/57/', 'https://jenkins.example/job/pay/57'],
    ['https://azure.example/o/p/_release?releaseId=5', 'https://azure.example/o/p/_release?releaseId=5'],
  ])('finds the index entry of %s by %s', (kept, pasted) => {
    expect(runTermsOf(kept)).toContain(subjectOf(pasted)?.text);
  });

  it.each([
    [
      'https://bitbucket.org/harbor/pay/pipelines/results/9',
      'https://bitbucket.org/harbor/pay-api/pipelines/results/9',
    ],
    ['https://argocd.example/applications/argocd/pay-api', 'https://argocd.example/applications/pay'],
    ['https://argocd.example/applications/team-a/pay', 'https://argocd.example/applications/team-b/pay'],
  ])('does not confuse %s with %s', (kept, pasted) => {
    const wanted = subjectOf(pasted)?.text ?? '';
    expect(runTermsOf(kept).some((term) => term.includes(wanted))).toBe(false);
  });
});
