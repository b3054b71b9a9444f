import type { SetupAddress, SetupRecipe } from '../recipe.ts';

export const recipe = async (address: SetupAddress): Promise<SetupRecipe> => ({
  intro: ['Alerts stand on the timeline, with the changes that may have caused them.'],
  steps: [
    { text: ['Alertmanager: a receiver, and a route to it'], block: receiver(address) },
    {
      text: [
        'Grafana: a contact point of the kind ',
        { menu: 'Webhook' },
        ' with this address; under the optional settings the authorization header with scheme ',
        { code: 'Bearer' },
        ' and these credentials',
      ],
      block: [address.url, secretOf(address)].join('\n'),
    },
    {
      text: [
        'PagerDuty: ',
        { menu: 'Integrations > Generic Webhooks (v3)' },
        ' with this address and the custom header ',
        { code: 'Authorization' },
        ', or with the secret that PagerDuty shows in ',
        { code: 'secrets' },
        ' of this source',
      ],
      block: [address.url, `Authorization: Bearer ${secretOf(address)}`].join('\n'),
    },
    { text: ['Let the tool send a test: the answer appears above, the alert on the timeline.'] },
  ],
});

const secretOf = ({ secret }: SetupAddress): string => secret ?? '<the secret>';

const receiver = (address: SetupAddress): string =>
  [
    'receivers:',
    '  - name: shiplog',
    '    webhook_configs:',
    `      - url: ${JSON.stringify(address.url)}`,
    '        send_resolved: true',
    '        http_config:',
    `          authorization: { credentials: ${JSON.stringify(secretOf(address))} }`,
    'route:',
    '  routes:',
    '    - receiver: shiplog',
    '      continue: true',
  ].join('\n');
