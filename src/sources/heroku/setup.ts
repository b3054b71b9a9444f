import { type SetupAddress, type SetupRecipe, secretOr, shellQuoted } from '../recipe.ts';

export const recipe = async (address: SetupAddress): Promise<SetupRecipe> => ({
  steps: [
    { text: ['For each app:'], block: addWebhook(address) },
    {
      text: [
        'Heroku does not say which environment an app is. In the configuration, at this source: ',
        { code: 'environments: { my-app: production }' },
      ],
    },
    {
      text: [
        'Set a config var: the answer appears above. ',
        { code: 'heroku webhooks:deliveries -a my-app' },
        ' shows what was answered.',
      ],
    },
  ],
});

const addWebhook = (address: SetupAddress) => `heroku webhooks:add -a my-app -i api:release,api:build -l sync \\
  -s ${secretOr(address, 'SHIPLOG_HEROKU_SECRET')} \\
  -u ${shellQuoted(address.url)}`;
