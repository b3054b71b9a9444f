import { type SetupAddress, type SetupRecipe, secretOr, shellQuoted, shownSecret } from '../recipe.ts';

export const recipe = async (address: SetupAddress): Promise<SetupRecipe> => ({
  steps: [
    { text: ['In the project or group: ', { menu: 'Settings › Webhooks › Add new webhook' }] },
    { text: ['URL: ', { code: address.url }] },
    { text: ['Secret token: ', shownSecret(address)] },
    {
      text: ['Trigger: ', { menu: 'Deployment events' }, ' only; untick Push events. Leave SSL verification on.'],
    },
    { text: [{ menu: 'Test › Deployment events' }, ': the answer appears above.'] },
  ],
  attachments: [{ title: 'The same by GitLab’s API', text: hookByApi(address) }],
});

const hookByApi = (address: SetupAddress) =>
  `curl --fail-with-body -H "PRIVATE-TOKEN: $GITLAB_TOKEN" "$GITLAB_URL/api/v4/projects/$PROJECT_ID/hooks" \\
  --data-urlencode url=${shellQuoted(address.url)} \\
  --data-urlencode token=${secretOr(address, 'SHIPLOG_GITLAB_SECRET')} \\
  -d deployment_events=true -d push_events=false -d enable_ssl_verification=true`;
