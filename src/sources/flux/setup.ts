import type { SetupAddress, SetupRecipe } from '../recipe.ts';

export const recipe = async (address: SetupAddress): Promise<SetupRecipe> => ({
  intro: ['The notification controller signs its events (', { code: 'generic-hmac' }, ').'],
  steps: [
    { text: ['In the namespace of your Kustomizations and HelmReleases:'], block: manifests(address) },
    {
      text: [
        'Say which environment the cluster is, and with GitLab which project holds the manifests: ',
        { code: 'eventMetadata' },
        ' of the Alert, or the annotation ',
        { code: 'event.toolkit.fluxcd.io/environment' },
        ' of one object.',
      ],
    },
    { text: [{ code: 'flux reconcile kustomization flux-system' }, ': the answer appears above.'] },
  ],
});

const manifests = ({ url, secret }: SetupAddress): string =>
  [
    'apiVersion: v1',
    'kind: Secret',
    'metadata: { name: shiplog, namespace: flux-system }',
    'stringData:',
    `  token: ${secret === undefined ? '<the secret>' : JSON.stringify(secret)}`,
    '---',
    'apiVersion: notification.toolkit.fluxcd.io/v1beta3',
    'kind: Provider',
    'metadata: { name: shiplog, namespace: flux-system }',
    'spec:',
    '  type: generic-hmac',
    `  address: ${JSON.stringify(url)}`,
    '  secretRef: { name: shiplog }',
    '---',
    'apiVersion: notification.toolkit.fluxcd.io/v1beta3',
    'kind: Alert',
    'metadata: { name: shiplog, namespace: flux-system }',
    'spec:',
    '  providerRef: { name: shiplog }',
    '  eventSeverity: info',
    '  eventSources:',
    "    - { kind: Kustomization, name: '*' }",
    "    - { kind: HelmRelease, name: '*' }",
    '  eventMetadata:',
    '    cluster: my-cluster',
    '    environment: staging',
    '    gitlab_project: platform/manifests',
  ].join('\n');
