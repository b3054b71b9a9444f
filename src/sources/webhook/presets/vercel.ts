import { shownSecret } from '../../recipe.ts';
import { sampleSha } from '../../sample-sha.ts';
import type { Preset } from '../preset.ts';

const deployment = 'payload.deployment';
const meta = (...names: readonly string[]) => ({
  first: names.map((name) => ({ path: `${deployment}.meta.${name}` })),
});

/** A deployment without a target is what Vercel calls a preview. A promotion gives it the domains of production. */
const environment = {
  first: [{ path: 'type', map: { 'deployment.promoted': 'production' } }, { path: 'payload.target' }],
  default: 'preview',
};

/** https://vercel.com/docs/webhooks/webhooks-api . The same build is another deployment in another environment. */
export const vercel: Preset = {
  version: 1,
  productName: 'Vercel',
  verify: { hmac: { header: 'X-Vercel-Signature', algorithm: 'sha1' } },
  mapping: {
    witness: 'job',
    ignore: [
      {
        when: { type: 'deployment.rollback' },
        detail:
          'a rollback was asked for: Vercel names the deployments by their ids alone, and does not report its end',
      },
    ],
    events: [
      {
        name: 'deployment',
        when: {
          type: [
            'deployment.created',
            'deployment.succeeded',
            'deployment.ready',
            'deployment.error',
            'deployment.canceled',
            'deployment.promoted',
          ],
        },
        fields: {
          id: { text: `{${deployment}.id}:{environment}`, with: { environment } },
          state: {
            path: 'type',
            map: {
              'deployment.created': 'running',
              'deployment.succeeded': 'succeeded',
              'deployment.ready': 'succeeded',
              'deployment.promoted': 'succeeded',
              'deployment.error': 'failed',
              'deployment.canceled': 'canceled',
            },
          },
          environment,
          environment_url: { text: `https://{${deployment}.url}` },
          service: { first: [{ path: `${deployment}.name` }, { path: 'payload.name' }] },
          commit: meta('githubCommitSha', 'gitlabCommitSha', 'bitbucketCommitSha'),
          commit_message: meta('githubCommitMessage', 'gitlabCommitMessage', 'bitbucketCommitMessage'),
          commit_author: meta('githubCommitAuthorName', 'gitlabCommitAuthorName', 'bitbucketCommitAuthorName'),
          ref: meta('githubCommitRef', 'gitlabCommitRef', 'bitbucketCommitRef'),
          repository: {
            first: [
              { text: `https://github.com/{${deployment}.meta.githubOrg}/{${deployment}.meta.githubRepo}` },
              { path: `${deployment}.meta.gitlabProjectPath` },
            ],
          },
          gitlab_project: { path: `${deployment}.meta.gitlabProjectPath` },
          actor: meta('githubCommitAuthorLogin', 'gitlabCommitAuthorLogin'),
          pipeline_url: { path: 'payload.links.deployment' },
          occurred_at: { path: 'createdAt' },
        },
      },
    ],
  },
  steps: (address) => [
    { text: ['In the team: ', { menu: 'Settings → Webhooks → Create Webhook' }], block: address.url },
    { text: ['Events: ', { menu: 'Deployment Created, Succeeded, Error, Canceled, Promoted' }] },
    {
      text: [
        'Vercel makes the secret and shows it once. Set it as ',
        { code: 'secrets' },
        ' of this source, instead of ',
        shownSecret(address),
      ],
    },
  ],
  sample(at) {
    const number = Math.floor(at.getTime() / 1000);
    return {
      body: {
        id: `sample-${number}`,
        type: 'deployment.succeeded',
        createdAt: at.getTime(),
        payload: {
          target: 'staging',
          deployment: {
            id: `dpl_${number}`,
            name: 'shiplog-sample',
            url: 'shiplog-sample.vercel.app',
            meta: { githubCommitSha: sampleSha(number), githubOrg: 'shiplog', githubRepo: 'sample' },
          },
        },
      },
    };
  },
};
