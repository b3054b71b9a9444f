import { type SetupAddress, type SetupRecipe, shownSecret } from '../recipe.ts';

export const recipe = async (address: SetupAddress): Promise<SetupRecipe> => ({
  intro: ['Bitbucket has no deployment webhook: the step that deploys posts.'],
  steps: [
    {
      text: [
        { menu: 'Repository settings › Repository variables' },
        ': ',
        { code: 'SHIPLOG_URL' },
        ' = ',
        { code: address.base },
        ', and ',
        { code: 'SHIPLOG_BITBUCKET_SECRET' },
        ' = ',
        shownSecret(address),
        ', Secured',
      ],
    },
    {
      text: [
        'Give the step in ',
        { code: 'bitbucket-pipelines.yml' },
        ' a ',
        { code: 'deployment:' },
        ' and these lines:',
      ],
    },
  ],
  attachments: [{ title: 'bitbucket-pipelines.yml', text: pipelineStep(address.name) }],
});

/** The lines of README.md; a test compares them. */
export const pipelineStep = (name: string): string => String.raw`- step:
    name: Deploy
    deployment: production
    after-script:
      - &tell-shiplog |
        {
          message=$(git log -1 --pretty=%B | head -c 9999) # the whole of a long one would not fit into an argument
          body=$(jq -nc --arg message "$message" --arg author "$(git log -1 --pretty=%an)" '
            env | {
              BITBUCKET_COMMIT, BITBUCKET_BRANCH, BITBUCKET_TAG, BITBUCKET_PR_ID, BITBUCKET_BUILD_NUMBER,
              BITBUCKET_PIPELINE_UUID, BITBUCKET_STEP_UUID, BITBUCKET_STEP_RUN_NUMBER, BITBUCKET_STEP_TRIGGERER_UUID,
              BITBUCKET_REPO_FULL_NAME, BITBUCKET_REPO_UUID, BITBUCKET_DEPLOYMENT_ENVIRONMENT, BITBUCKET_EXIT_CODE,
              SHIPLOG_MORE_STEPS
            } + {commit_message: $message, commit_author: $author}') &&
          signature=$(printf %s "$body" | openssl dgst -sha256 -hmac "$SHIPLOG_BITBUCKET_SECRET" | sed 's/^.* //') &&
          printf %s "$body" | curl -fsS --max-time 10 --retry 3 \
            -H "Content-Type: application/json" -H "X-Hub-Signature: sha256=$signature" \
            --data-binary @- "${'$'}{SHIPLOG_URL%/}/webhooks/${name}"
        } || echo "Shiplog was not notified"
    script:
      - *tell-shiplog # optional: announces that the deployment has begun
      - ./deploy.sh
`;
