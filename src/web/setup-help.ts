import { type Html, html } from './html.ts';

/** Where a webhook of this source goes, as the reader's own browser reaches us. */
export interface Place {
  readonly base: string;
  readonly url: string;
  readonly name: string;
}

/** What to paste where. The whole story of each tool is its README. */
export function helpFor(type: string, place: Place): Html {
  return Object.hasOwn(HELP, type) ? (HELP[type]?.(place) ?? other(place)) : other(place);
}

const HELP: Readonly<Record<string, (place: Place) => Html>> = {
  gitlab: ({ name }) => html`<ol>
<li>In the project or group: <b>Settings › Webhooks › Add new webhook</b></li>
<li>URL: the one above. Secret token: the secret.</li>
<li>Trigger: <b>Deployment events</b> only; untick Push events.</li>
<li><b>Test › Deployment events</b>, then look here again. Without GitLab: <code>npx shiplog sample ${name}</code></li>
</ol>`,
  bitbucket: ({ base, name }) => html`<p>Bitbucket has no deployment webhook: the step that deploys posts.</p>
<ol>
<li><b>Repository settings › Repository variables</b>: <code>SHIPLOG_URL</code> = <code>${base}</code>, and <code>SHIPLOG_SECRET</code> = the secret, <i>Secured</i></li>
<li>Give the step in <code>bitbucket-pipelines.yml</code> a <code>deployment:</code> and these lines:</li>
</ol>
<details><summary>bitbucket-pipelines.yml</summary><pre tabindex="0">${bitbucketStep(name)}</pre></details>
<p>Try it: <code>npx shiplog sample ${name}</code></p>`,
  argocd: ({ url, name }) => html`<ol>
<li>In the secret <code>argocd-notifications-secret</code>: <code>shiplog-token</code> = the secret, without a newline at its end</li>
<li>In <code>src/sources/argocd/configmap.yaml</code> put your addresses, then merge it into <code>argocd-notifications-cm</code> with <code>kubectl patch</code> (README beside it):
<pre tabindex="0">service.webhook.shiplog: |
  url: ${url}
  headers:
  - name: Content-Type
    value: application/json
  - name: Authorization
    value: Bearer $shiplog-token</pre></li>
<li>Try it: <code>npx shiplog sample ${name}</code></li>
</ol>`,
  'changes-api': ({
    base,
    url,
  }) => html`<p>Pipelines that post to Alert24’s changes API need another host and key, and nothing else: <code>${base}/api/v1/changes</code>. New ones:</p>
<pre tabindex="0">curl -fsS --retry 3 ${url} \\
  -H "Authorization: Bearer $SHIPLOG_TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{"summary": "Deployed lighthouse-api 1.4.2",
       "service": "lighthouse-api", "environment": "staging"}'</pre>`,
};

const other = ({ name }: Place): Html =>
  html`<p>Send its webhooks to the URL above, with the secret. Try it: <code>npx shiplog sample ${name}</code></p>`;

/** The lines of src/sources/bitbucket/README.md; a test compares them. */
export const bitbucketStep = (name: string): string => String.raw`- step:
    name: Deploy
    deployment: production
    after-script:
      - &tell-shiplog |
        {
          body=$(jq -nc --arg message "$(git log -1 --pretty=%B)" --arg author "$(git log -1 --pretty=%an)" '
            env | {
              BITBUCKET_COMMIT, BITBUCKET_BRANCH, BITBUCKET_TAG, BITBUCKET_PR_ID, BITBUCKET_BUILD_NUMBER,
              BITBUCKET_PIPELINE_UUID, BITBUCKET_STEP_UUID, BITBUCKET_STEP_RUN_NUMBER, BITBUCKET_STEP_TRIGGERER_UUID,
              BITBUCKET_REPO_FULL_NAME, BITBUCKET_REPO_UUID, BITBUCKET_DEPLOYMENT_ENVIRONMENT, BITBUCKET_EXIT_CODE
            } + {commit_message: $message, commit_author: $author}') &&
          signature=$(printf %s "$body" | openssl dgst -sha256 -hmac "$SHIPLOG_SECRET" | sed 's/^.* //') &&
          printf %s "$body" | curl -fsS --max-time 10 --retry 3 \
            -H "Content-Type: application/json" -H "X-Hub-Signature: sha256=$signature" \
            --data-binary @- "$SHIPLOG_URL/webhooks/${name}"
        } || echo "Shiplog was not told"
    script:
      - *tell-shiplog # optional: announces that the deployment has begun
      - ./deploy.sh
`;
