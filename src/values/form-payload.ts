import { type FormField, parseMultipart } from './multipart.ts';

const FIELD = 'payload=';
/** A form has some dozens; each name is a word. */
const MAX_FIELDS = 200;
const FIELD_NAME = /^[A-Za-z_][\w.-]{0,99}(?:\[\])?$/;
const IS_FORM = /^\s{0,9}application\/x-www-form-urlencoded\b/i;
const IS_MULTIPART = /^\s{0,9}multipart\/form-data\b/i;

/**
 * The JSON in the field `payload` of a form, as GitHub sends it unless the content type of the webhook is changed, and
 * as Travis CI does; of a body that calls itself a form, the JSON in its only field, else its fields as an object: what
 * `curl --data-urlencode "summary=…"` and `curl -F summary=…` send. Any other body is returned as it is.
 */
export function jsonOfForm(body: Buffer, contentType = ''): Buffer {
  if (body.toString('latin1', 0, FIELD.length) === FIELD) {
    const json = jsonIn(new URLSearchParams(body.toString('utf8')).get('payload'));
    if (json) return json;
  }
  const isForm = IS_FORM.test(contentType);
  const fields = isForm ? urlEncoded(body) : IS_MULTIPART.test(contentType) && parseMultipart(body, contentType);
  return (fields && toJson(fields)) || body;
}

function jsonIn(text: string | null | undefined): Buffer | undefined {
  const json = text?.trim();
  return json?.startsWith('{') ? Buffer.from(json) : undefined;
}

/** Undefined: it is no form. curl calls all it sends a form, JSON and misspelt JSON as well. */
function urlEncoded(body: Buffer): readonly FormField[] | undefined {
  if (!/^[A-Za-z_]/.test(body.toString('latin1', 0, 1)) || !body.includes('=')) return undefined;
  return [...new URLSearchParams(body.toString('utf8'))];
}

/** Undefined: these are no fields of a form. */
function toJson(fields: readonly FormField[]): Buffer | undefined {
  const values = new Map<string, string[]>();
  for (const [name, value] of fields) values.set(name, [...(values.get(name) ?? []), value]);
  const names = [...values.keys()];
  if (names.length === 0 || names.length > MAX_FIELDS || !names.every((name) => FIELD_NAME.test(name)))
    return undefined;
  const json = jsonIn(fields.length === 1 ? fields[0]?.[1] : values.get('payload')?.[0]);
  if (json) return json;
  const entries = [...values].map(([name, all]) =>
    name.endsWith('[]') || all.length > 1 ? [name.replace('[]', ''), all] : [name, all[0]],
  );
  return Buffer.from(JSON.stringify(Object.fromEntries(entries)));
}
