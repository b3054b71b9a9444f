const FIELD = 'payload=';

/**
 * The JSON in the field `payload` of a form, as GitHub sends it unless the content type of the webhook is changed, and
 * as Travis CI does. Any other body is returned as it is.
 */
export function jsonOfForm(body: Buffer): Buffer {
  if (body.toString('latin1', 0, FIELD.length) !== FIELD) return body;
  const json = new URLSearchParams(body.toString('utf8')).get('payload')?.trim();
  return json?.startsWith('{') ? Buffer.from(json) : body;
}
