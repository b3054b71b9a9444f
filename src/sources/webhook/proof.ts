import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { WebhookRejected } from '../../domain/errors.ts';
import { toIso } from '../../values/time.ts';
import type { Webhook, WebhookHead } from '../received-webhook.ts';
import { basicPassword, bearerToken, isOneOf } from '../signature.ts';

const HeaderName = z
  .string()
  .regex(/^[A-Za-z0-9-]+$/, 'write the name of a header, such as X-Signature')
  .transform((name) => name.toLowerCase());

/** What signers put around the bytes that they sign. */
const SIGNED = /^[^{}]*(?:\{timestamp\}[^{}]*)?\{body\}$/;

const Hmac = z.strictObject({
  header: HeaderName,
  algorithm: z.enum(['sha1', 'sha256', 'sha512'], 'write sha1, sha256 or sha512').default('sha256'),
  /** The text in the header before the signature. */
  prefix: z.string().max(40).default(''),
  encoding: z.enum(['hex', 'base64'], 'write hex or base64').default('hex'),
  /** Where the sender signs a time as well, so that nobody can replay an old webhook. */
  timestamp: z
    .strictObject({
      header: HeaderName,
      /** What is signed: `{timestamp}` and `{body}` are replaced by the header and the raw bytes. */
      signed: z
        .string()
        .regex(SIGNED, 'write what is signed with {timestamp} and then {body}, such as "{timestamp}.{body}"')
        .default('{timestamp}.{body}'),
      tolerance_seconds: z.number().int().min(1).max(86_400).default(300),
    })
    .optional(),
});
type Hmac = z.infer<typeof Hmac>;

const WAYS = 'write bearer, basic, path, { header: … } or { hmac: { header: … } }';

/** How senders prove that they know a secret. */
export const Verify = z.union(
  [z.enum(['bearer', 'basic', 'path']), z.strictObject({ header: HeaderName }), z.strictObject({ hmac: Hmac })],
  WAYS,
);
export type Verify = z.infer<typeof Verify>;
export type WrittenVerify = z.input<typeof Verify>;

export interface Proof {
  /** Lower case. */
  readonly headers: readonly string[];
  /** The one of them with the time that is signed. */
  readonly signedAtHeader?: string;
  verify(webhook: Webhook, secrets: readonly string[]): void;
  verifyHead(head: WebhookHead, secrets: readonly string[]): 'proved' | 'needs_body';
  /** Headers and path of an authenticated request with this body. */
  sign(body: string, secret: string, at: Date): { readonly headers: Readonly<Record<string, string>>; path: string };
}

export function createProof(verify: Verify, name: string): Proof {
  if (typeof verify === 'object' && 'hmac' in verify) return hmacProof(verify.hmac, name);
  const carrier = carrierOf(verify, name);
  const verifyHead = (head: WebhookHead, secrets: readonly string[]) => {
    const given = carrier.read(head);
    if (isOneOf(given, secrets)) return 'proved' as const;
    throw refused(given === undefined ? `${carrier.what} is missing` : `${carrier.what} is wrong`, name);
  };
  return {
    headers: carrier.header ? [carrier.header] : [],
    verifyHead,
    verify(webhook, secrets) {
      verifyHead(webhook, secrets);
    },
    sign: (_, secret) => carrier.write(secret),
  };
}

const refused = (what: string, name: string): WebhookRejected =>
  new WebhookRejected('bad_signature', `${what}: set the secret of the source ${name} in the tool that sends`);

/** Where a secret is sent in clear text. */
interface Carrier {
  readonly what: string;
  readonly header: string | undefined;
  read(head: WebhookHead): string | undefined;
  write(secret: string): { readonly headers: Readonly<Record<string, string>>; path: string };
}

function carrierOf(verify: Exclude<Verify, { hmac: Hmac }>, name: string): Carrier {
  const path = `/webhooks/${name}`;
  const inHeader = (header: string, what: string, toValue: (secret: string) => string): Omit<Carrier, 'read'> => ({
    what,
    header,
    write: (secret) => ({ path, headers: { [header]: toValue(secret) } }),
  });
  if (verify === 'bearer')
    return {
      ...inHeader('authorization', 'Authorization: Bearer …', (secret) => `Bearer ${secret}`),
      read: ({ headers }) => bearerToken(headers['authorization']),
    };
  if (verify === 'basic') {
    const toValue = (secret: string) => `Basic ${Buffer.from(`shiplog:${secret}`).toString('base64')}`;
    return {
      ...inHeader('authorization', 'the password of Authorization: Basic …', toValue),
      read: ({ headers }) => basicPassword(headers['authorization']),
    };
  }
  if (verify !== 'path')
    return {
      ...inHeader(verify.header, `the header ${verify.header}`, (secret) => secret),
      read: ({ headers }) => headers[verify.header] || undefined,
    };
  return {
    what: `the secret at the end of the path (${path}/<secret>)`,
    header: undefined,
    read: (head) => lastPart(head.path, `${path}/`),
    write: (secret) => ({ path: `${path}/${encodeURIComponent(secret)}`, headers: {} }),
  };
}

function lastPart(path: string, prefix: string): string | undefined {
  if (!path.startsWith(prefix)) return undefined;
  const rest = path.slice(prefix.length).replace(/\/$/, '');
  try {
    return decodeURIComponent(rest) || undefined;
  } catch {
    return rest; // a lone "%" is literal
  }
}

/** Over the raw bytes, and compared in constant time. */
function hmacProof(hmac: Hmac, name: string): Proof {
  const { header, timestamp } = hmac;
  const verifyHead = ({ headers, receivedAt }: WebhookHead) => {
    if (!headers[header]) throw refused(`the header ${header} is missing`, name);
    if (timestamp && !isFresh(headers[timestamp.header], receivedAt, timestamp.tolerance_seconds))
      throw new WebhookRejected(
        'bad_signature',
        `${timestamp.header} is missing, or more than ${timestamp.tolerance_seconds} s away from our clock: check ` +
          'the clocks of both hosts, and that no proxy drops the header',
      );
    return 'needs_body' as const;
  };
  return {
    headers: [header, ...(timestamp ? [timestamp.header] : [])],
    ...(timestamp && { signedAtHeader: timestamp.header }),
    verifyHead,
    verify(webhook, secrets) {
      verifyHead(webhook);
      const { headers, body } = webhook;
      const time = timestamp && headers[timestamp.header];
      const given = normalSignature(headers[header] ?? '', hmac);
      if (
        !isOneOf(
          given,
          secrets.map((secret) => signature(hmac, { secret, body, time })),
        )
      )
        // all are compared
        throw refused(`the signature in ${header} is wrong (or a proxy changed the body)`, name);
    },
    sign(body, secret, at) {
      const time = timestamp && String(Math.floor(at.getTime() / 1000));
      const value = signature(hmac, { secret, body: Buffer.from(body), time });
      return {
        path: `/webhooks/${name}`,
        headers: { [header]: value, ...(timestamp && time !== undefined && { [timestamp.header]: time }) },
      };
    },
  };
}

/** Hex digits may be upper case. */
const normalSignature = (given: string, { prefix, encoding }: Hmac): string =>
  encoding === 'hex' && given.startsWith(prefix) ? `${prefix}${given.slice(prefix.length).toLowerCase()}` : given;

interface Signing {
  readonly secret: string;
  readonly body: Buffer;
  readonly time: string | undefined;
}

function signature({ algorithm, encoding, prefix, timestamp }: Hmac, { secret, body, time = '' }: Signing): string {
  const before = timestamp ? timestamp.signed.slice(0, -'{body}'.length).replace('{timestamp}', () => time) : '';
  return `${prefix}${createHmac(algorithm, secret).update(before).update(body).digest(encoding)}`;
}

function isFresh(time: string | undefined, now: Date, toleranceSeconds: number): boolean {
  const sentAt = toIso(time);
  return sentAt !== undefined && Math.abs(now.getTime() - Date.parse(sentAt)) <= toleranceSeconds * 1000;
}
