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

/** Headers other than Authorization in which senders of an API write their key. */
export const KEY_HEADERS = ['x-api-key', 'api-key', 'apikey', 'x-api-token', 'x-auth-token', 'x-access-token'] as const;

/**
 * For senders of an API: `Authorization: Bearer <key>`, and the other ways in which people write a key. Of several keys
 * one that is right is enough.
 * @throws WebhookRejected `bad_signature` with the message for a missing or a wrong key.
 */
export function requireKey(
  head: Pick<WebhookHead, 'headers' | 'query'>,
  secrets: readonly string[],
  messages: { readonly missing: string; readonly wrong: string },
): void {
  const { headers } = head;
  const given = [...keysIn(headers['authorization']), ...KEY_HEADERS.map((name) => headers[name] || undefined)];
  // all are tried, so that the response time does not reveal which
  if (given.map((key) => isOneOf(key, secrets)).includes(true)) return;
  const isMissing = given.every((key) => key === undefined);
  throw new WebhookRejected('bad_signature', isMissing ? `${messages.missing}${seenIn(head)}` : messages.wrong);
}

/** After a scheme or alone; as the password of basic auth, or as its user without a password (`curl -u "$KEY:"`). */
function keysIn(authorization = ''): readonly (string | undefined)[] {
  const key = /^(?:(?:Bearer|Token|ApiKey|Api-Key|Key) +)?([^\s,]+)$/i.exec(authorization)?.[1];
  const [user, password] = basicPair(authorization) ?? [];
  return [isScheme(authorization) ? undefined : key, password || user];
}

/** The variable after it was empty. */
const isScheme = (authorization: string): boolean =>
  /^(?:Bearer|Token|ApiKey|Api-Key|Key|Basic)$/i.test(authorization.trim());

/** In one sentence; names of headers are up to the sender. */
const MOST_SEEN = 3;
const SHOWN_CHARS = 40;

/** Where a key seems to have been sent instead: the name of a header or parameter, and never what is in it. */
function seenIn({ headers, query = '' }: Pick<WebhookHead, 'headers' | 'query'>): string {
  const isKey = (name: string) => /key|token|secret|auth/i.test(name) && !/^(?:idempotency-key|sec-)/i.test(name);
  const found = Object.entries(headers).flatMap(([name, text = '']) =>
    isKey(name) && text !== '' && !isScheme(text) ? [name] : [],
  );
  const inQuery = [...new URLSearchParams(query).keys()].some(isKey);
  const names = found.slice(0, MOST_SEEN).map((name) => `the header ${name.slice(0, SHOWN_CHARS)}`);
  const seen = [...names, ...(inQuery ? ['a key in the query of the URL'] : [])];
  return seen.length === 0 ? '' : ` Seen, and not understood: ${seen.join(', ')}.`;
}

/** The password of `Authorization: Basic …`. The user name is free. */
export const basicPassword = (header: string | undefined): string | undefined => basicPair(header)?.[1];

function basicPair(header: string | undefined): readonly [user: string, password: string] | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/]+)={0,2}$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  // Base64 decoders ignore the last bits, which would make several texts of one secret.
  if (trimCharsEnd(bytes.toString('base64'), '=') !== encoded) return undefined;
  const pair = bytes.toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 0 ? undefined : [pair.slice(0, colon), pair.slice(colon + 1)];
}
