import { createHmac } from 'node:crypto';
import { WebhookRejected } from '../../domain/errors.ts';
import type { Webhook, WebhookHead } from '../received-webhook.ts';
import { basicPassword, bearerToken, isOneOf } from '../signature.ts';
import { SIGNATURE } from './facts.ts';

/** While a secret is being replaced PagerDuty signs with both. */
const MAX_SIGNATURES = 10;
const ONE_SIGNATURE = /^v1=[0-9a-f]{64}$/;

/**
 * By a token in Authorization, as a bearer's or as the password of basic authentication, or by PagerDuty's signature.
 * @throws WebhookRejected
 */
export function verifyHeaders({ headers }: WebhookHead, secrets: readonly string[]): 'proved' | 'needs_body' {
  const authorization = headers['authorization'];
  const given = bearerToken(authorization) ?? basicPassword(authorization);
  if (isOneOf(given, secrets)) return 'proved';
  if (signaturesIn(headers[SIGNATURE]).length > 0) return 'needs_body';
  throw new WebhookRejected(
    'bad_signature',
    `${given === undefined ? 'Missing' : 'Wrong'} secret: send it as Authorization: Bearer …, as the password of ` +
      'basic authentication, or sign with it (X-PagerDuty-Signature)',
  );
}

/** @throws WebhookRejected */
export function verify(webhook: Webhook, secrets: readonly string[]): void {
  if (verifyHeaders(webhook, secrets) === 'proved') return;
  const expected = secrets.map((secret) => `v1=${createHmac('sha256', secret).update(webhook.body).digest('hex')}`);
  // All are compared, so that the response time does not reveal which one it is.
  if (
    signaturesIn(webhook.headers[SIGNATURE])
      .map((given) => isOneOf(given, expected))
      .includes(true)
  )
    return;
  throw new WebhookRejected(
    'bad_signature',
    'Wrong X-PagerDuty-Signature: put the secret that PagerDuty showed when the webhook was made into `secrets` of ' +
      'this source',
  );
}

const signaturesIn = (header = ''): string[] =>
  header
    .split(',', MAX_SIGNATURES)
    .map((part) => part.trim())
    .filter((part) => ONE_SIGNATURE.test(part));
