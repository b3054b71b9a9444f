import { shownSecret } from '../../recipe.ts';
import type { Preset } from '../preset.ts';

const event = 'Payload.Event';
const message = (capture: string) => ({ path: `${event}.Message`, capture });

/** https://octopus.com/docs/administration/managing-infrastructure/subscriptions : one webhook an event. */
export const octopus: Preset = {
  version: 1,
  productName: 'Octopus Deploy',
  verify: { header: 'X-Shiplog-Secret' },
  mapping: {
    witness: 'job',
    events: [
      {
        name: 'subscription',
        when: {
          [`${event}.Category`]: [
            'DeploymentQueued',
            'DeploymentStarted',
            'DeploymentResumed',
            'DeploymentSucceeded',
            'DeploymentFailed',
          ],
        },
        fields: {
          id: { path: `${event}.RelatedDocumentIds`, capture: '/^Deployments-\\d+$/' },
          state: {
            path: `${event}.Category`,
            map: {
              DeploymentQueued: 'pending',
              DeploymentStarted: 'running',
              DeploymentResumed: 'running',
              DeploymentSucceeded: 'succeeded',
              DeploymentFailed: 'failed',
            },
          },
          environment: {
            first: [
              message('/ release \\S+ to (?<environment>.+) for .+$/'), // of a tenant
              message('/ release \\S+ to (?<environment>.+)$/'),
            ],
          },
          service: message('/ (?:queued|started|resumed|succeeded|failed)\\s+for (?<project>.+?) release \\S+ to /'),
          tags: [
            {
              text: 'release:{release}',
              with: { release: message('/ release (?<release>\\S+) to /') },
            },
          ],
          description: { path: `${event}.Message` },
          actor: { path: `${event}.Username` },
          occurred_at: { path: `${event}.Occurred` },
        },
      },
    ],
  },
  steps: (address) => [
    { text: [{ menu: 'Configuration → Subscriptions → Add subscription' }] },
    {
      text: [
        'Event categories: ',
        { menu: 'Deployment queued, Deployment started, Deployment succeeded, Deployment failed' },
      ],
    },
    { text: ['Payload URL:'], block: address.url },
    { text: ['Header name ', { code: 'X-Shiplog-Secret' }, ', header value ', shownSecret(address)] },
  ],
  sample(at) {
    const number = Math.floor(at.getTime() / 1000);
    return {
      body: {
        Timestamp: at.toISOString(),
        EventType: 'SubscriptionPayload',
        Payload: {
          Event: {
            RelatedDocumentIds: ['Projects-1', `Deployments-${number}`, 'Environments-1'],
            Category: 'DeploymentSucceeded',
            Username: 'mira',
            Occurred: at.toISOString(),
            Message: `Deploy to Staging succeeded for shiplog-sample release 1.0.${number} to Staging`,
          },
        },
      },
    };
  },
};
