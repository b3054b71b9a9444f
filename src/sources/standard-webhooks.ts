import { createHmac } from 'node:crypto';
import { WebhookRejected } from '../domain/errors.ts';
import type { Webhook } from './received-webhook.ts';
import { isOneOf } from './signature.ts';

/** Standard Webhooks leaves the window to the receiver; this is what its own libraries use. */
const TOLERANCE_MS = 5 * 60_000;

/** `whsec_` and the base64 of a 32 byte key. */
export const SIGNING_TOKEN = /^whsec_[A-Za-z0-9+/]{43}=$/;

/**
 * Verifies `webhook-id`, `webhook-timestamp` and `webhook-signature` (https://www.standardwebhooks.com) over the raw
 * bytes. Any value of the header may match any of the tokens: that is how both sides replace a key.
 * @throws WebhookRejected `bad_signature`
 */
export function verifyStandardWebhook(webhook: Webhook, signingTokens: readonly string[]): void {
  const id = webhook.headers['webhook-id'];
  const timestamp = webhook.headers['webhook-timestamp'];
  const given = (webhook.headers['webhook-signature'] ?? '').split(' ').filter((value) => value.startsWith('v1,'));
  if (!id || !timestamp || given.length === 0) {
    throw refused(
      'webhook-id, webhook-timestamp and a v1 webhook-signature are needed; check that no proxy drops them',
    );
  }
  const ageMs = webhook.receivedAt.getTime() - Number(timestamp) * 1000;
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(ageMs) > TOLERANCE_MS) {
    throw refused('webhook-timestamp is more than 5 minutes away from our clock; check the clocks of both hosts');
  }
  const expected = signingTokens.map((token) => `v1,${sign(token, `${id}.${timestamp}.`, webhook.body)}`);
  // All are compared, so that the response time does not reveal which one matched.
  if (!given.map((value) => isOneOf(value, expected)).includes(true)) {
    throw refused('webhook-signature matches none of signing_tokens; copy the signing token anew from the sender');
  }
}

function sign(token: string, prefix: string, body: Buffer): string {
  const key = Buffer.from(token.slice('whsec_'.length), 'base64');
  return createHmac('sha256', key).update(prefix).update(body).digest('base64');
}

const refused = (message: string) => new WebhookRejected('bad_signature', message);
