import { bearerOr, type SetupAddress, type SetupRecipe, shellQuoted, shownSecret } from '../recipe.ts';

export const recipe = async (address: SetupAddress): Promise<SetupRecipe> => ({
  intro: [
    'Two jobs that post CTO.ai’s event here, in the place of its GitLab template: that one posts to CTO.ai alone, ' +
      'whatever ENDPOINT says, and would send the secret there.',
  ],
  steps: [
    {
      text: [
        { menu: 'Settings › CI/CD › Variables' },
        ': ',
        { code: 'SHIPLOG_URL' },
        ' = ',
        { code: address.base },
        ', and ',
        { code: 'SHIPLOG_CTOAI_TOKEN' },
        ' = ',
        shownSecret(address),
        ', Masked',
      ],
    },
    { text: ['In ', { code: '.gitlab-ci.yml' }, ', with the name of your environment:'], block: jobs(address.name) },
    { text: ['Try it; the answer appears above:'], block: trial(address) },
  ],
});

/** The jobs of README.md; a test compares and runs them. */
export const jobs = (name: string): string => `.tell-shiplog:
  stage: .post
  image: alpine:3
  allow_failure: true
  before_script:
    - apk add --no-cache -q curl jq
  script:
    - |
      jq -nc 'env | {
        event_name: "deployment", event_action: .EVENT_ACTION, team_id: .TEAM_ID, repo: .CI_PROJECT_PATH,
        branch: .CI_COMMIT_BRANCH, commit: .CI_COMMIT_SHA, environment: .CI_ENVIRONMENT_NAME, image: .IMAGE,
        meta: {user: .GITLAB_USER_LOGIN}}' |
        curl -fsS --max-time 10 --retry 3 -H "Content-Type: application/json" \\
          -H "Authorization: Bearer $SHIPLOG_CTOAI_TOKEN" --data-binary @- \\
          "\${SHIPLOG_URL%/}/webhooks/${name}/$CI_PIPELINE_ID"

deploy_success:
  extends: .tell-shiplog
  when: on_success
  environment: { name: production, action: verify }
  variables: { EVENT_ACTION: success }

deploy_failure:
  extends: .tell-shiplog
  when: on_failure
  environment: { name: production, action: verify }
  variables: { EVENT_ACTION: failure }
`;

const trial = (address: SetupAddress) => `curl --fail-with-body ${shellQuoted(`${address.url}/1`)} \\
  -H ${bearerOr(address, 'SHIPLOG_CTOAI_TOKEN')} \\
  -H "Content-Type: application/json" \\
  -d '{"event_name": "deployment", "event_action": "success", "team_id": "try",
       "repo": "try/me", "environment": "staging", "commit": "4f0c9e1d7a2b83c65d9e0f41ab37c2d8e56190bf"}'`;
