import type { Source } from '../sources/source.ts';
import { type Html, html } from './html.ts';

/** Where a webhook of this source goes, as the reader's own browser reaches us. */
export interface Place {
  readonly base: string;
  readonly url: string;
  readonly name: string;
  /** Only where somebody asked to see it. */
  readonly secret: string | undefined;
}

/** What to paste where, with everything filled in that may be seen. The whole story of each tool is its README. */
export async function recipeFor(source: Source, place: Place): Promise<Html> {
  if (source.type === 'argocd') return argocd(place, await configMapOf(source, place));
  return Object.hasOwn(RECIPES, source.type) ? (RECIPES[source.type]?.(place) ?? other(place)) : other(place);
}

/** In a shell, whatever stands in it. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const secretOr = ({ secret }: Place, otherwise: string) => (secret === undefined ? otherwise : quoted(secret));
const shown = (secret: string | undefined): Html =>
  secret === undefined ? html`the secret` : html`<code>${secret}</code>`;

const RECIPES: Readonly<Record<string, (place: Place) => Html>> = {
  gitlab: (place) => html`<ol>
<li>In the project or group: <b>Settings › Webhooks › Add new webhook</b></li>
<li>URL: <code>${place.url}</code></li>
<li>Secret token: ${shown(place.secret)}</li>
<li>Trigger: <b>Deployment events</b> only; untick Push events. Leave SSL verification on.</li>
<li><b>Test › Deployment events</b>: the answer appears above.</li>
</ol>
<details><summary>The same by GitLab’s API</summary><pre tabindex="0">curl --fail-with-body -H "PRIVATE-TOKEN: $GITLAB_TOKEN" "$GITLAB_URL/api/v4/projects/$PROJECT_ID/hooks" \\
  --data-urlencode url=${quoted(place.url)} \\
  --data-urlencode token=${secretOr(place, '"$SHIPLOG_GITLAB_SECRET"')} \\
  -d deployment_events=true -d push_events=false -d enable_ssl_verification=true</pre></details>`,
  bitbucket: (place) => html`<p>Bitbucket has no deployment webhook: the step that deploys posts.</p>
<ol>
<li><b>Repository settings › Repository variables</b>: <code>SHIPLOG_URL</code> = <code>${place.base}</code>, and <code>SHIPLOG_SECRET</code> = ${shown(place.secret)}, <i>Secured</i></li>
<li>Give the step in <code>bitbucket-pipelines.yml</code> a <code>deployment:</code> and these lines:</li>
</ol>
<details><summary>bitbucket-pipelines.yml</summary><pre tabindex="0">${bitbucketStep(place.name)}</pre></details>`,
  'changes-api': (
    place,
  ) => html`<p>Pipelines that post to Alert24’s changes API need another host and key, and nothing else: <code>${place.base}/api/v1/changes</code>. New ones:</p>
<pre tabindex="0">curl -fsS --retry 3 ${place.url} \\
  -H ${place.secret === undefined ? '"Authorization: Bearer $SHIPLOG_TOKEN"' : quoted(`Authorization: Bearer ${place.secret}`)} \\
  -H "Content-Type: application/json" \\
  -d '{"summary": "Deployed lighthouse-api 1.4.2",
       "service": "lighthouse-api", "environment": "staging"}'</pre>`,
  heroku: (place) => html`<ol>
<li>For each app:
<pre tabindex="0">heroku webhooks:add -a my-app -i api:release,api:build -l sync \\
  -s ${secretOr(place, '"$SHIPLOG_HEROKU_SECRET"')} \\
  -u ${quoted(place.url)}</pre></li>
<li>Heroku does not say which environment an app is. In the configuration, at this source: <code>environments: { my-app: production }</code></li>
<li>Set a config var: the answer appears above. <code>heroku webhooks:deliveries -a my-app</code> shows what was answered.</li>
</ol>`,
  ctoai: (
    place,
  ) => html`<p>For jobs that use CTO.ai’s GitLab template: another address and another token, and nothing else.</p>
<ol>
<li><b>Settings › CI/CD › Variables</b>: <code>SHIPLOG_CTOAI_TOKEN</code> = ${shown(place.secret)}, <i>Masked</i></li>
<li>In the jobs of <code>.gitlab-ci.yml</code> that extend <code>.cto-notify-event</code>:
<pre tabindex="0">environment: { name: production, action: verify }
variables:
  ENDPOINT: "${place.url}/$CI_PIPELINE_ID"
  TOKEN: "$SHIPLOG_CTOAI_TOKEN"</pre></li>
<li>Try it; the answer appears above:
<pre tabindex="0">curl --fail-with-body ${quoted(`${place.url}/1`)} \\
  -H ${place.secret === undefined ? '"Authorization: Bearer $SHIPLOG_CTOAI_TOKEN"' : quoted(`Authorization: Bearer ${place.secret}`)} \\
  -H "Content-Type: application/json" \\
  -d '{"event_name": "deployment", "event_action": "success", "team_id": "try",
       "repo": "try/me", "environment": "staging", "commit": "4f0c9e1d7a2b83c65d9e0f41ab37c2d8e56190bf"}'</pre></li>
</ol>`,
};

function argocd(place: Place, configMap: string): Html {
  return html`<ol>
<li>The token, without a newline at its end:
<pre tabindex="0">kubectl patch secret argocd-notifications-secret -n argocd --type merge \\
  -p "$(printf '{"stringData":{"shiplog-token":"%s"}}' ${secretOr(place, '"$ARGOCD_TOKEN"')})"</pre></li>
<li>Save the ConfigMap below as <code>shiplog-configmap.yaml</code>, write the address of your Argo CD for <code>argocdUrl</code>, and merge it. It says itself what to mind:
<pre tabindex="0">kubectl patch configmap argocd-notifications-cm -n argocd --type merge --patch-file shiplog-configmap.yaml</pre></li>
</ol>
<details><summary>shiplog-configmap.yaml</summary><pre tabindex="0">${configMap}</pre></details>`;
}

/** The file that the source itself hands out, with our address in it. */
async function configMapOf({ applyHooks }: Source, { url }: Place): Promise<string> {
  const order = { url, targets: [], dryRun: true, signal: AbortSignal.timeout(1_000) };
  const lines = await applyHooks?.(order).catch(() => undefined); // an address that is none: then the file as it is
  return lines?.join('\n') ?? `service.webhook.shiplog: |\n  url: ${url}`;
}

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
