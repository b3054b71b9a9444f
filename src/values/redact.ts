import { beyondMostValues } from './json-limits.ts';
import { isSecretName } from './secret-names.ts';
import { hideSecrets, mayHoldSecret } from './secrets.ts';

/** Looked for in the raw text first: most bodies hold none of these words and are kept as they are. */
const SECRET_WORDS =
  /token|secret|passw|passphrase|api_?key|private_?key|access_?key|authorization|credential|signature|session_?id|(?:^|["'&?])(?:pass|pwd|jwt|sig|auth|session)["'=]|"variables"\s*:\s*\[\s*\{/i;
/** A letter, a digit or a hyphen that somebody wrote as an escape: `"\u0074oken"` is the name `token`. */
const ESCAPED_LETTERS = /\\u00(?:2[dD]|3\d|[46][1-9a-fA-F]|[57][\daA]|5[fF])/;
/** An address that lets anyone with it in, such as the `output_stream_url` of Heroku's builds (X-Amz-Signature). */
const SIGNED_URL = /^(https?:\/\/[^?\s]+)\?\S*(?:signature|token|credential|secret|api_?key)=/i;
const REDACTED = '[redacted]';
const NOT_KEPT = '[not kept: it may hold a secret, and it cannot be read to take it out]';

/**
 * A body as it may be kept and shown: without the values of CI variables (GitLab's pipeline hooks carry them), of
 * fields whose names say that they are secret, of addresses that are signed, and without what is a secret by its shape.
 * Names are compared as the parser reads them. Returns the very bytes when there is nothing to hide.
 */
export function redactBody(body: Buffer): Buffer {
  const text = body.toString('latin1'); // the words are ASCII, and this is read three times as fast
  const isNamed = SECRET_WORDS.test(text) || ESCAPED_LETTERS.test(text);
  if (!isNamed && !mayHoldSecret(text)) return body;
  if (body.length === 0) return body;
  return Buffer.from(hiddenJson(body) ?? (isNamed ? NOT_KEPT : hideSecrets(body.toString('utf8'))));
}

/** @returns undefined for what is no JSON, or more than is parsed. */
function hiddenJson(body: Buffer): string | undefined {
  if (beyondMostValues(body) !== undefined) return undefined;
  try {
    return JSON.stringify(hidden('', JSON.parse(body.toString('utf8'))));
  } catch {
    return undefined;
  }
}

/**
 * In place: a reviver would take three times as long. `key` is a field's name, `value` what it holds. All that is below
 * a name that says so is secret: `"token": { "value": "…" }`.
 */
function hidden(key: string, value: unknown): unknown {
  if (typeof value === 'string') return hiddenText(key, value);
  if (typeof value === 'number' && isSecretName(key)) return REDACTED;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const inside = value.map((one) => hidden(key, one));
    return key === 'variables' ? inside.map(hideVariable) : inside;
  }
  const fields = value as Record<string, unknown>; // what JSON.parse gives
  const above = isSecretName(key) ? key : undefined;
  for (const name of Object.keys(fields)) fields[name] = hidden(above ?? name, fields[name]);
  return fields;
}

function hiddenText(key: string, value: string): string {
  if (value === '') return value;
  if (isSecretName(key)) return REDACTED;
  const signed = SIGNED_URL.exec(value);
  return signed ? `${hideSecrets(signed[1] ?? '')}?${REDACTED}` : hideSecrets(value);
}

function hideVariable(variable: unknown): unknown {
  return typeof variable === 'object' && variable !== null && 'value' in variable
    ? { ...variable, value: REDACTED }
    : variable;
}
