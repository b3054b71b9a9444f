/** Names under which senders put passwords: GitLab's `runners_token`, `BITBUCKET_STEP_OIDC_TOKEN`, `password` … */
const SECRET_NAME = /(token|secret|passw(or)?d|api_?key|private_?key|authorization|credentials?)$/i;
/** Looked for in the raw text first: most bodies hold none of these words and are kept as they are. */
const SUSPICIOUS =
  /token|secret|passw|api_?key|private_?key|authorization|credential|signature|"variables"\s*:\s*\[\s*\{/i;
/** An address that lets whoever has it in, such as the `output_stream_url` of Heroku's builds (X-Amz-Signature). */
const SIGNED_URL = /^(https?:\/\/[^?\s]+)\?\S*(?:signature|token|credential|secret|api_?key)=/i;
const REDACTED = '[redacted]';

/**
 * A body as it may be kept and shown: without the values of CI variables (GitLab's pipeline hooks carry them), of fields
 * whose names say that they are secret, and of addresses that are signed. Returns the very bytes when there is nothing to hide.
 */
export function redactBody(body: Buffer): Buffer {
  if (!SUSPICIOUS.test(body.toString('latin1'))) return body; // the words are ASCII, and this is read three times as fast
  try {
    return Buffer.from(JSON.stringify(hidden('', JSON.parse(body.toString('utf8')))));
  } catch {
    return body.length === 0
      ? body
      : Buffer.from('[not kept: it may hold a secret, and it cannot be read to take it out]');
  }
}

/** In place: a reviver would take three times as long. `key` is a field's name, `value` what it holds. */
function hidden(key: string, value: unknown): unknown {
  if (typeof value === 'string') return hiddenText(key, value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const inside = value.map((one) => hidden('', one));
    return key === 'variables' ? inside.map(hideVariable) : inside;
  }
  const fields = value as Record<string, unknown>; // what JSON.parse gives
  for (const name of Object.keys(fields)) fields[name] = hidden(name, fields[name]);
  return fields;
}

function hiddenText(key: string, value: string): string {
  if (value === '') return value;
  if (SECRET_NAME.test(key)) return REDACTED;
  const signed = SIGNED_URL.exec(value);
  return signed ? `${signed[1]}?${REDACTED}` : value;
}

function hideVariable(variable: unknown): unknown {
  return typeof variable === 'object' && variable !== null && 'value' in variable
    ? { ...variable, value: REDACTED }
    : variable;
}
