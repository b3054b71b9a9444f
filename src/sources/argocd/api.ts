import { parseJson } from '../../values/parse-json.ts';
import { type ApiSettings, imitation, paramsOf } from '../gitlab-api/api.ts';
import type { ImitatedApi, Served } from '../outcome.ts';
import type { Webhook } from '../received-webhook.ts';
import { applicationIn } from './application.ts';
import { checkCommitStatus, commitStatusPath } from './commit-status.ts';
import { isNotification } from './contract.ts';
import type { Settings } from './settings.ts';

/**
 * GitLab's Deployments API with the tokens of this source: GitLab's documented ConfigMap for Argo CD calls it. Other
 * bodies that templates send to its paths (commit statuses, this source's own bodies) are mapped as usual.
 */
export function argocdApi({ instance, defaultRef }: Settings): ImitatedApi {
  const settings: ApiSettings = { instance, defaultRef, takesWithoutCommit };
  const api = imitation(settings);
  return {
    covers: api.covers,
    isWrittenAt: (path) => commitStatusPath(path) !== undefined || api.isWrittenAt(path),
    async serve(webhook, rows) {
      const status = commitStatusPath(webhook.path);
      if (status && webhook.method === 'POST') return serveStatus(webhook);
      return isOurs(webhook) ? { kind: 'webhook', webhook } : api.serve(webhook, rows);
    },
  };
}

/** As JSON, whatever its format was: GitLab accepts a form and a query as well. */
function serveStatus(webhook: Webhook): Served {
  const params = paramsOf(webhook);
  checkCommitStatus(params);
  return { kind: 'webhook', webhook: { ...webhook, body: Buffer.from(JSON.stringify(params)) } };
}

function isOurs({ body, method }: Webhook): boolean {
  if (body.length === 0 || method === 'GET') return false;
  const parsed = parseJson(body);
  if (!parsed.ok || typeof parsed.value !== 'object' || parsed.value === null || Array.isArray(parsed.value))
    return false;
  const { value } = parsed;
  return isNotification(value) || applicationIn(value) !== undefined;
}

/** What Argo CD's templates print where GitLab expects a commit: nothing, or the version of a Helm chart. */
const takesWithoutCommit = (sha: string): boolean =>
  /^(?:<no value>|<nil>|v?\d+\.\d+\.\d+(?:[-+.][\w.+-]*)?)$/.test(sha);
