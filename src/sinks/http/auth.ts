import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { JsonRequest } from '../../outbound/http.ts';
import { valueAt } from '../../templates/path.ts';
import { inside, type TemplateContext } from '../../templates/template-context.ts';
import { partsOf, pieceOf } from '../../templates/text.ts';
import type { TemplateSettings } from './scope.ts';

const HeaderName = z.string().regex(/^[A-Za-z0-9-]+$/, 'write the name of a header, such as X-Api-Key');

/** `whsec_` and base64 of 24 to 64 bytes (Standard Webhooks, "symmetric"). */
const SIGNING_KEY = /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/;

const ONE = 'write one of bearer, basic, hmac, or header with its value';

/** How it authenticates. Every value is a text in which `{secrets.name}` is replaced. */
export const Auth = z
  .strictObject({
    bearer: z.string().optional(),
    header: HeaderName.optional(),
    value: z.string().optional(),
    basic: z.strictObject({ user: z.string(), password: z.string() }).optional(),
    /** Standard Webhooks: webhook-id, webhook-timestamp, webhook-signature. */
    hmac: z.string().optional(),
  })
  .refine(({ value: _, ...ways }) => Object.values(ways).filter((way) => way !== undefined).length === 1, ONE)
  .refine(({ header, value }) => (header === undefined) === (value === undefined), 'header and value go together');
export type Auth = z.infer<typeof Auth>;

export interface Proof {
  readonly secrets: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** Signs the very bytes that are sent. */
  readonly sign?: (body: unknown, event: { id: string; at: Date }) => Readonly<Record<string, string>>;
}

/** Absent after a complaint, and without `auth`. */
export function compileAuth(auth: Auth | undefined, given: TemplateSettings, at: TemplateContext): Proof | undefined {
  if (!auth) return undefined;
  const fill = (written: string, ...keys: readonly string[]) => filled(written, given, inside(at, ...keys));
  if (auth.bearer !== undefined) return inHeader('authorization', 'Bearer ', fill(auth.bearer, 'bearer'));
  if (auth.header !== undefined && auth.value !== undefined)
    return inHeader(auth.header.toLowerCase(), '', fill(auth.value, 'value'));
  if (auth.basic) return basic(fill(auth.basic.user, 'basic', 'user'), fill(auth.basic.password, 'basic', 'password'));
  if (auth.hmac !== undefined) return signed(fill(auth.hmac, 'hmac'), inside(at, 'hmac'));
  return undefined;
}

/**
 * Headers that are the same for every deployment. A line break would be refused by the HTTP client, far from the cause.
 */
function filled(written: string, given: TemplateSettings, at: TemplateContext): string | undefined {
  const constant = { ...at, shape: { fields: { settings: settingsOf(at), secrets: secretsOf(at) } } };
  const pieces = partsOf(written, constant)?.map((part) =>
    'text' in part ? part.text : pieceOf(valueAt(given, part.path)),
  );
  if (!pieces || pieces.includes(undefined)) return undefined;
  const text = pieces.join('');
  if (/^[\x20-\x7e]+$/.test(text) && text.trim() === text) return text;
  at.complain(at.path, 'it holds a line break or begins or ends with white space, often from `echo`; use `printf %s`');
  return undefined;
}

const settingsOf = ({ shape }: TemplateContext) => shape.fields['settings'] ?? { fields: {} };
const secretsOf = ({ shape }: TemplateContext) => shape.fields['secrets'] ?? { fields: {} };

function inHeader(name: string, prefix: string, secret: string | undefined): Proof | undefined {
  return secret === undefined ? undefined : { secrets: [secret], headers: { [name]: `${prefix}${secret}` } };
}

function basic(user: string | undefined, password: string | undefined): Proof | undefined {
  if (user === undefined || password === undefined) return undefined;
  const encoded = Buffer.from(`${user}:${password}`).toString('base64');
  return { secrets: [encoded, password], headers: { authorization: `Basic ${encoded}` } };
}

function signed(key: string | undefined, at: TemplateContext): Proof | undefined {
  if (key === undefined) return undefined;
  if (!SIGNING_KEY.test(key)) {
    at.complain(
      at.path,
      'write whsec_ and base64 of 24 to 64 bytes; make one with: echo "whsec_$(openssl rand -base64 32)"',
    );
    return undefined;
  }
  const bytes = Buffer.from(key.slice('whsec_'.length), 'base64');
  return {
    secrets: [key],
    headers: {},
    sign(body, { id, at }) {
      const timestamp = String(Math.floor(at.getTime() / 1000));
      const content = `${id}.${timestamp}.${JSON.stringify(body)}`;
      const signature = createHmac('sha256', bytes).update(content).digest('base64');
      return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
    },
  };
}

export const isSigned = ({ headers }: Pick<JsonRequest, 'headers'>): boolean =>
  headers?.['webhook-signature'] !== undefined;
