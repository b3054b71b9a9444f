import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { WebhookRejected } from '../../domain/errors.ts';
import { Name } from '../../values/settings.ts';
import type { Webhook, WebhookHead } from '../received-webhook.ts';
import { isOneOf } from '../signature.ts';
import { SIGNED_SOURCE, signedSource } from '../signed-source.ts';
import type { Source } from '../source.ts';
import { FACTS, SIGNATURE } from './facts.ts';
import { mapNotification } from './map.ts';
import { sampleRelease } from './sample.ts';
import { recipe } from './setup.ts';

/**
 * App webhooks of Heroku: `api:release`, and `api:build` for builds that fail. The keys of `environments` are the names
 * of apps: the webhooks say neither the environment nor the stage of a pipeline.
 */
export const heroku = z
  .strictObject({ type: z.literal('heroku'), name: Name.default('heroku'), ...SIGNED_SOURCE })
  .transform((config): Source => {
    const { name: instance, environments } = config;
    const proof = { header: SIGNATURE, sign, verify, verifyHeaders, sampleBody: sampleRelease };
    return {
      ...FACTS,
      ...signedSource(config, proof),
      map: (payload, webhook) => mapNotification(payload, webhook, { instance, environments }),
      recipe,
    };
  });

/** Base64, over the raw bytes. */
const sign = (body: string | Buffer, secret: string): string =>
  createHmac('sha256', secret).update(body).digest('base64');

function verify(webhook: Webhook, secrets: readonly string[]): void {
  verifyHeaders(webhook);
  const signatures = secrets.map((secret) => sign(webhook.body, secret));
  if (isOneOf(webhook.headers[SIGNATURE], signatures)) return;
  throw new WebhookRejected(
    'bad_signature',
    'Wrong Heroku-Webhook-Hmac-SHA256: the webhook has another secret (heroku webhooks:add -s …), or a proxy ' +
      'changed the body',
  );
}

function verifyHeaders({ headers }: WebhookHead): 'needs_body' {
  if (headers[SIGNATURE]) return 'needs_body';
  throw new WebhookRejected(
    'bad_signature',
    'Missing Heroku-Webhook-Hmac-SHA256: make the webhook with the secret of this source (heroku webhooks:add -s …)',
  );
}
