import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { WebhookRejected } from '../domain/errors.ts';
import { trimCharsEnd } from '../values/text.ts';
import type { WebhookHead } from './received-webhook.ts';

const digestOf = (text: string): Buffer => hash('sha256', text, 'buffer');

const sameDigest = (given: Buffer, expected: Buffer): boolean => timingSafeEqual(given, expected);

/** Compares in constant time, whatever the lengths: both sides are hashed first. */
export const sameSecret = (given: string, expected: string): boolean => sameDigest(digestOf(given), digestOf(expected));

/** True when `given` is one of the secrets. All are tried, so that the response time does not reveal which. */
export function isOneOf(given: string | undefined, secrets: readonly string[]): boolean {
  if (given === undefined) return false;
  const digest = digestOf(given);
  return digestsOf(secrets)
    .map((secret) => sameDigest(digest, secret))
    .includes(true);
}

/** A list of the configuration is asked with each webhook. */
const knownDigests = new WeakMap<readonly string[], readonly Buffer[]>();

function digestsOf(secrets: readonly string[]): readonly Buffer[] {
  const digests = knownDigests.get(secrets) ?? secrets.map(digestOf);
  knownDigests.set(secrets, digests);
  return digests;
}

/** Whether a proof is accepted. */
export function passes(verify: () => void): boolean {
  try {
    verify();
    return true;
  } catch (error) {
    if (error instanceof WebhookRejected) return false;
    throw error;
  }
}

/** `sha256=<lower-case hex>` over the raw bytes. Other prefixes, upper case and wrong lengths fail. */
export function hmacMatches(header: string | undefined, body: Buffer, secrets: readonly string[]): boolean {
  if (header === undefined || !isHubSignature(header)) return false;
  return isOneOf(
    header,
    secrets.map((secret) => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`),
  );
}

/** The shape of an HMAC header of GitHub's kind. */
const HUB_SIGNATURE = /^sha256=[0-9a-f]{64}$/;

/** Whether it has the right shape: the body that it signs has not come yet. */
export const isHubSignature = (header: string | undefined): boolean =>
  header !== undefined && HUB_SIGNATURE.test(header);

/** The token of `Authorization: Bearer <token>`. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
}

/**
 * For senders that authenticate by `Authorization: Bearer` alone.
 * @throws WebhookRejected `bad_signature` with the message for a missing or a wrong token.
 */
export function requireBearer(
  { headers }: Pick<WebhookHead, 'headers'>,
  secrets: readonly string[],
  messages: { readonly missing: string; readonly wrong: string },
): void {
  const token = bearerToken(headers['authorization']);
  if (isOneOf(token, secrets)) return;
  throw new WebhookRejected('bad_signature', token === undefined ? messages.missing : messages.wrong);
}

/** The password of `Authorization: Basic …`. The user name is free. */
export function basicPassword(header: string | undefined): string | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/]+)={0,2}$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  // Base64 decoders ignore the last bits, which would make several texts of one secret.
  if (trimCharsEnd(bytes.toString('base64'), '=') !== encoded) return undefined;
  const pair = bytes.toString('utf8');
  return pair.includes(':') ? pair.slice(pair.indexOf(':') + 1) : undefined;
}
