const FIELD = 'payload=';
/** A form has some dozens; each name is a word. */
const MAX_FIELDS = 200;
const FIELD_NAME = /^[A-Za-z_][\w.-]{0,99}(?:\[\])?$/;
const IS_FORM = /^\s{0,9}application\/x-www-form-urlencoded\b/i;

/**
 * The JSON in the field `payload` of a form, as GitHub sends it unless the content type of the webhook is changed, and
 * as Travis CI does; of a body that calls itself a form, the JSON in its only field, else its fields as an object: what
 * `curl --data-urlencode "summary=…"` sends. Any other body is returned as it is.
 */
export function jsonOfForm(body: Buffer, contentType = ''): Buffer {
  if (body.toString('latin1', 0, FIELD.length) === FIELD) {
    const json = jsonIn(new URLSearchParams(body.toString('utf8')).get('payload'));
    if (json) return json;
  }
  return (IS_FORM.test(contentType) && fieldsOf(body)) || body;
}

function jsonIn(text: string | null): Buffer | undefined {
  const json = text?.trim();
  return json?.startsWith('{') ? Buffer.from(json) : undefined;
}

/** Undefined: it is no form. curl calls all it sends a form, JSON and misspelt JSON as well. */
function fieldsOf(body: Buffer): Buffer | undefined {
  if (!/^[A-Za-z_]/.test(body.toString('latin1', 0, 1)) || !body.includes('=')) return undefined;
  const fields = new URLSearchParams(body.toString('utf8'));
  const names = [...new Set(fields.keys())];
  if (names.length > MAX_FIELDS || !names.every((name) => FIELD_NAME.test(name))) return undefined;
  const [only] = names.length === 1 ? fields.values() : [];
  const json = jsonIn(only ?? null);
  if (json) return json;
  const entries = names.map((name) => {
    const values = fields.getAll(name);
    return name.endsWith('[]') || values.length > 1 ? [name.replace('[]', ''), values] : [name, values[0]];
  });
  return Buffer.from(JSON.stringify(Object.fromEntries(entries)));
}
