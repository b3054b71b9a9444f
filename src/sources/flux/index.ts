import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { WebhookRejected } from '../../domain/errors.ts';
import { Name } from '../../values/settings.ts';
import type { Webhook, WebhookHead } from '../received-webhook.ts';
import { hmacMatches, isHubSignature } from '../signature.ts';
import { SIGNED_SOURCE, signedSource } from '../signed-source.ts';
import type { Source } from '../source.ts';
import { FACTS, SIGNATURE } from './facts.ts';
import { mapEvent } from './map.ts';
import { sampleEvent } from './sample.ts';
import { recipe } from './setup.ts';

/**
 * Events of Kustomizations and HelmReleases, as the notification controller of Flux sends and signs them. The keys of
 * `environments` are a cluster (of the Alert's eventMetadata), a namespace or namespace/name.
 */
export const flux = z
  .strictObject({ type: z.literal('flux'), name: Name.default('flux'), ...SIGNED_SOURCE })
  .transform((config): Source => {
    const { name: instance, environments } = config;
    const proof = { header: SIGNATURE, sign, verify, verifyHeaders, sampleBody: sampleEvent };
    return {
      ...FACTS,
      ...signedSource(config, proof),
      map: (payload, webhook) => mapEvent(payload, webhook, { instance, environments }),
      recipe,
    };
  });

const sign = (body: string, secret: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

function verify(webhook: Webhook, secrets: readonly string[]): void {
  verifyHeaders(webhook);
  if (hmacMatches(webhook.headers[SIGNATURE], webhook.body, secrets)) return;
  throw new WebhookRejected(
    'bad_signature',
    'Wrong X-Signature: set the secret of this source as `token` in the Secret that the Provider names',
  );
}

function verifyHeaders({ headers }: WebhookHead): 'needs_body' {
  const given = headers[SIGNATURE];
  if (isHubSignature(given)) return 'needs_body';
  throw new WebhookRejected(
    'bad_signature',
    `${given === undefined ? 'Missing' : 'Malformed'} X-Signature: use a Provider of type generic-hmac, with a ` +
      'Secret whose `token` is the secret of this source',
  );
}
