import { bearerOr, type SetupAddress, type SetupRecipe, shellQuoted, shownSecret } from '../recipe.ts';

export const recipe = async (address: SetupAddress): Promise<SetupRecipe> => ({
  intro: ['For jobs that use CTO.ai’s GitLab template: another address and another token, and nothing else.'],
  steps: [
    {
      text: [
        { menu: 'Settings › CI/CD › Variables' },
        ': ',
        { code: 'SHIPLOG_CTOAI_TOKEN' },
        ' = ',
        shownSecret(address),
        ', Masked',
      ],
    },
    {
      text: ['In the jobs of ', { code: '.gitlab-ci.yml' }, ' that extend ', { code: '.cto-notify-event' }, ':'],
      block: variables(address),
    },
    { text: ['Try it; the answer appears above:'], block: trial(address) },
  ],
});

const variables = ({ url }: SetupAddress) => `environment: { name: production, action: verify }
variables:
  ENDPOINT: "${url}/$CI_PIPELINE_ID"
  TOKEN: "$SHIPLOG_CTOAI_TOKEN"`;

const trial = (address: SetupAddress) => `curl --fail-with-body ${shellQuoted(`${address.url}/1`)} \\
  -H ${bearerOr(address, 'SHIPLOG_CTOAI_TOKEN')} \\
  -H "Content-Type: application/json" \\
  -d '{"event_name": "deployment", "event_action": "success", "team_id": "try",
       "repo": "try/me", "environment": "staging", "commit": "4f0c9e1d7a2b83c65d9e0f41ab37c2d8e56190bf"}'`;
