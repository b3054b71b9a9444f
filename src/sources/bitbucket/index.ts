import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { digest } from '../../domain/change-record.ts';
import { WebhookRejected } from '../../domain/errors.ts';
import { MEBIBYTE, Name, Secrets } from '../../values/settings.ts';
import { Projects } from '../projects.ts';
import type { Webhook, WebhookHead } from '../received-webhook.ts';
import { hmacMatches, isHubSignature, passes } from '../signature.ts';
import type { Sample, Source } from '../source.ts';
import { type Api, ApiSettings, createApi } from './api.ts';
import { FACTS } from './facts.ts';
import { createApplyHooks } from './hooks.ts';
import { isPing, toMapped } from './map.ts';
import { createMapRow } from './map-row.ts';
import { createMissed } from './missed.ts';
import { createResolve } from './resolve.ts';
import { personOf } from './rest.ts';
import { BuildStatusRules } from './rules.ts';
import { recipe } from './setup.ts';

export const bitbucket = z
  .strictObject({
    type: z.literal('bitbucket'),
    name: Name.default('bitbucket'),
    /** The webhook's secret in Bitbucket, and SHIPLOG_BITBUCKET_SECRET of the pipelines. */
    secrets: Secrets,
    /** Bitbucket Cloud sends at most 256 KB; the rest is room for steps that post more. */
    max_body_mib: z.number().positive().max(100).default(2),
    /** GitLab projects that its deployments may be written to. Absent: all. */
    projects: Projects,
    /** Bitbucket Cloud's REST API. Without a token it is never asked. */
    api: ApiSettings.optional(),
    /** Which build statuses are deployments, where Bitbucket cannot be asked. */
    build_status: BuildStatusRules.prefault({}),
  })
  .transform((config): Source => {
    const api = createApi(config.api);
    const settings = { instance: config.name, asks: api !== undefined, rules: config.build_status };
    return {
      ...FACTS,
      name: config.name,
      maxBodyBytes: Math.floor(config.max_body_mib * MEBIBYTE),
      projects: config.projects,
      secrets: config.secrets,
      hidden: config.api?.token ? [config.api.token] : [],
      verify: (webhook) => verify(webhook, config.secrets),
      isProvedBy: (webhook, others) => passes(() => verify(webhook, others)),
      verifyHeaders,
      // Data Center does not sign its connection test.
      isUnsignedTest: (head) => isPing(head) && head.headers['x-hub-signature'] === undefined,
      map: (payload, webhook) => toMapped(payload, webhook, settings),
      recipe,
      sample: (at) => sample(at, config),
      ...(api &&
        config.api &&
        apiFunctions({ api, settings: config.api, instance: config.name, secrets: config.secrets })),
    };
  });

/** Functions of a source with a token. */
function apiFunctions(parts: {
  readonly api: Api;
  readonly settings: ApiSettings;
  readonly instance: string;
  readonly secrets: readonly string[];
}): Pick<Source, 'resolve' | 'personName' | 'missed' | 'applyHooks'> {
  const mapRow = createMapRow();
  return {
    resolve: createResolve({ ...parts, mapRow }),
    personName: (accountId, signal) => personOf({ api: parts.api, signal }, accountId),
    missed: createMissed({ ...parts, mapRow }),
    applyHooks: createApplyHooks(parts),
  };
}

function verify(webhook: Webhook, secrets: readonly string[]): void {
  const signature = webhook.headers['x-hub-signature'];
  if (hmacMatches(signature, webhook.body, secrets)) return;
  throw new WebhookRejected('bad_signature', signatureAdvice(signature));
}

function verifyHeaders({ headers }: WebhookHead): 'needs_body' {
  const signature = headers['x-hub-signature'];
  if (isHubSignature(signature)) return 'needs_body';
  throw new WebhookRejected('bad_signature', signatureAdvice(signature));
}

function signatureAdvice(signature: string | undefined): string {
  if (!signature) {
    return (
      'X-Hub-Signature is missing: give the webhook in Bitbucket a secret of this source, or sign the post ' +
      'of the pipeline step as the README of the Bitbucket source shows'
    );
  }
  if (!isHubSignature(signature)) {
    return 'X-Hub-Signature must be "sha256=" and the 64 lower-case hex digits of an HMAC-SHA256 over the body';
  }
  return (
    'X-Hub-Signature does not fit the body: use the same secret on both sides, and sign exactly the bytes ' +
    'that are sent'
  );
}

/**
 * What the step of the README posts when it is done. Every moment has its own step, so that every test is a new
 * deployment.
 */
function sample(at: Date, config: { readonly name: string; readonly secrets: readonly string[] }): Sample {
  const hex = digest(`bitbucket sample ${at.toISOString()}`);
  const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '{$1-$2-$3-$4-$5}');
  const body = JSON.stringify({
    BITBUCKET_COMMIT: `${hex}5a3f1e00`,
    BITBUCKET_BRANCH: 'main',
    BITBUCKET_BUILD_NUMBER: String(Math.floor(at.getTime() / 1000)),
    BITBUCKET_STEP_UUID: uuid,
    BITBUCKET_REPO_FULL_NAME: 'harbor/lighthouse-api',
    BITBUCKET_DEPLOYMENT_ENVIRONMENT: 'staging',
    BITBUCKET_EXIT_CODE: '0',
    commit_message: 'Merged in lamp (pull request #7)\n\nTurn the lamp faster',
    commit_author: 'Mira Sample',
  });
  const signature = createHmac('sha256', config.secrets[0] ?? '')
    .update(body)
    .digest('hex');
  return {
    path: `/webhooks/${config.name}`,
    headers: { 'content-type': 'application/json', 'x-hub-signature': `sha256=${signature}` },
    body,
  };
}
