import { type FormField, parseMultipart } from '../../values/multipart.ts';
import { parseJson } from '../../values/parse-json.ts';
import type { Webhook } from '../received-webhook.ts';
import { badParameter, Refusal } from './refusal.ts';

export type Params = Readonly<Record<string, unknown>>;

const FIELDS_LIMIT = 50; // GitLab's clients send a handful

/**
 * The parameters of a request, from its query and its body, which takes precedence: JSON, a form, or the parts of a
 * form. A body without a content type, or JSON with the type of a form as `curl -d` sends it, is JSON if it looks like
 * it.
 * @throws Refusal
 */
export function paramsOf(webhook: Pick<Webhook, 'body' | 'headers' | 'query'>): Params {
  return { ...fromForm(webhook.query ?? ''), ...fromBody(webhook) };
}

function fromBody({ body, headers }: Pick<Webhook, 'body' | 'headers'>): Params {
  const type = headers['content-type']?.trim() ?? '';
  const text = body.toString('utf8').trim();
  if (text === '') return {};
  if (/^multipart\/form-data\b/i.test(type)) return fromMultipart(body, type);
  if (/^application\/x-www-form-urlencoded\b/i.test(type) && !text.startsWith('{')) return fromForm(text);
  if (isJsonType(type) || text.startsWith('{')) return fromJson(body);
  const error = `The provided content-type '${type.slice(0, 80)}' is not supported.`;
  throw new Refusal(415, { error }, `${error} Send application/json, or a form`);
}

const isJsonType = (type: string) => type === '' || /^application\/(?:[\w.+-]*\+)?json\b/i.test(type);

function fromJson(body: Buffer): Params {
  const parsed = parseJson(body);
  if (!parsed.ok) throw badParameter(`message body does not match declared format: ${parsed.message}`);
  const { value } = parsed;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw badParameter('message body does not match declared format: it is JSON, but no object');
}

function fromForm(text: string): Params {
  return limited([...new URLSearchParams(text)]);
}

function fromMultipart(body: Buffer, type: string): Params {
  const fields = parseMultipart(body, type);
  if (!fields) throw badParameter('message body does not match declared format: it is no multipart/form-data');
  return limited(fields);
}

/** Without the prototype of an object: a field may be called `constructor`. */
const limited = (fields: readonly FormField[]): Params =>
  Object.assign(Object.create(null), Object.fromEntries(fields.slice(0, FIELDS_LIMIT)));
