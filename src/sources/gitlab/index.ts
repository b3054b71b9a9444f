import { z } from 'zod';
import { WebhookRejected } from '../../domain/errors.ts';
import { MEBIBYTE, Name, Secrets } from '../../values/settings.ts';
import type { Webhook, WebhookHead } from '../received-webhook.ts';
import { isOneOf, passes } from '../signature.ts';
import type { Source } from '../source.ts';
import { SIGNING_TOKEN, verifyStandardWebhook } from '../standard-webhooks.ts';
import { Api, type GitlabApi } from './api.ts';
import { createApplyHooks } from './apply-hooks.ts';
import { FACTS } from './facts.ts';
import { createHookChecks } from './hook-check.ts';
import { mapHook } from './map.ts';
import { repeatDetail } from './map-deployment.ts';
import { createMissed } from './missed.ts';
import { createResolve } from './resolve.ts';
import { sampleDeploymentHook } from './sample.ts';
import { recipe } from './setup.ts';
import { createTokenExpiresAt } from './token.ts';

const Config = z.strictObject({
  type: z.literal('gitlab'),
  name: Name.default('gitlab'),
  /** Secret tokens, as GitLab sends them in X-Gitlab-Token. One that looks like a signing token counts as both. */
  secrets: Secrets,
  /** Signing tokens of GitLab 19.0 and later. */
  signing_tokens: z
    .array(z.string().regex(SIGNING_TOKEN, 'a signing token is whsec_ and the base64 of 32 bytes; copy it from GitLab'))
    .default([]),
  /** GitLab itself sends at most 25 MB. */
  max_body_mib: z.number().positive().max(100).default(25),
  api: Api.optional(),
});
type Config = z.output<typeof Config>;

/** Deployment, job and pipeline webhooks of GitLab 8 to 19. */
export const gitlab = Config.transform(
  (config): Source => ({
    ...FACTS,
    name: config.name,
    secrets: config.secrets,
    hidden: [...config.signing_tokens, ...(config.api ? [config.api.token] : [])],
    maxBodyBytes: Math.floor(config.max_body_mib * MEBIBYTE),
    verify: (webhook) => verify(webhook, config),
    isProvedBy: (webhook, others) =>
      passes(() => verify(webhook, { ...config, secrets: [...others], signing_tokens: [] })),
    verifyHeaders: (head) => verifyHeaders(head, config),
    map: (payload, webhook) =>
      mapHook(payload, { instance: config.name, webhook, ...(config.api && { apiHost: config.api.host }) }),
    recipe,
    repeatDetail: repeatDetail,
    sample: (at) => ({
      path: `/webhooks/${config.name}`,
      headers: {
        'content-type': 'application/json',
        'x-gitlab-event': 'Deployment Hook',
        'x-gitlab-token': config.secrets[0] ?? '',
      },
      body: sampleDeploymentHook(at),
    }),
    ...(config.api && apiPart(config.api, config)),
  }),
);

/** Functions of a source with an API token. */
function apiPart(api: GitlabApi, { name, secrets, signing_tokens }: Config) {
  return {
    resolve: createResolve(api, name),
    missed: createMissed(api, name),
    applyHooks: createApplyHooks(api, { secrets, signingTokens: signing_tokens }),
    tokenExpiresAt: createTokenExpiresAt(api),
    findings: createHookChecks(api, name),
  } satisfies Partial<Source>;
}

/**
 * GitLab sends X-Gitlab-Token beside a signature, so that a hook can move from one to the other. A wrong signature must
 * never be accepted because of the token.
 */
function verify(webhook: Webhook, config: Config): void {
  if (verifyHeaders(webhook, config) === 'needs_body') verifyStandardWebhook(webhook, signingTokensOf(config));
}

function verifyHeaders({ headers }: WebhookHead, config: Config): 'proved' | 'needs_body' {
  const signed = headers['webhook-signature'] !== undefined;
  if (signed && signingTokensOf(config).length > 0) return 'needs_body';
  const token = headers['x-gitlab-token'];
  if (isOneOf(token, config.secrets)) return 'proved';
  if (token !== undefined) {
    throw refused(`X-Gitlab-Token is not one of the secrets of this source; ${GIVE_TOKEN}`);
  }
  throw refused(
    signed
      ? 'the webhook is signed, but no signing token is configured here; add it to signing_tokens of this source'
      : `X-Gitlab-Token is missing; ${GIVE_TOKEN}`,
  );
}

const GIVE_TOKEN = 'set the secret token of the webhook in GitLab to the one that `npx shiplog secrets` shows';

const signingTokensOf = ({ signing_tokens, secrets }: Config): string[] => [
  ...signing_tokens,
  ...secrets.filter((secret) => SIGNING_TOKEN.test(secret)),
];

const refused = (message: string) => new WebhookRejected('bad_signature', message);
