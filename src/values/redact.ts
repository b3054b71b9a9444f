import { beyondMostValues } from './json-limits.ts';
import { isSecretKey, isSecretName } from './secret-names.ts';
import { hideNames, hideSecrets, mayHoldSecret } from './secrets.ts';

/** Searched for in the raw text first: most bodies contain none of these words and are kept unchanged. */
const SECRET_WORDS =
  /token|secret|passw|passphrase|api_?key|private_?key|access_?key|authorization|credential|signature|session_?id|(?:^|["'&?])(?:pass|pwd|jwt|sig|auth|session)["'=]|(?:signing|encryption|integration|master|shared|auth|account)_?key|keys?"\s*:[\s[]*"[\w+/=-]{24}|"variables"\s*:\s*\[\s*\{/i;
/**
 * Escapes of characters that may occur in a secret or its name: `"\u0074oken"` is the name `token`, and `\u0026sig=` a
 * parameter. Go and Rails escape `<` and `>` like this.
 */
const ESCAPED_ASCII = /\\u00(?:2[0135689a-f]|3[0-9abdf]|[4-7][\da-f])/i;
/**
 * An address that gives access to anyone who has it, such as the `output_stream_url` of Heroku's builds
 * (X-Amz-Signature).
 */
const SIGNED_URL = /^(https?:\/\/[^?\s]+)\?\S*(?:signature|token|credential|secret|api_?key)=/i;
const REDACTED = '[redacted]';
const NOT_KEPT = '[not kept: it may hold a secret, and it cannot be read to take it out]';

/**
 * A body without secrets, as it is kept and shown: without the values of CI variables (GitLab's pipeline hooks carry
 * them), of fields whose names mark them as secret, of signed addresses, and without secrets that are recognised by
 * their shape. Names are compared after unescaping. Returns the same bytes when nothing is masked.
 */
export function redactBody(body: Buffer): Buffer {
  const text = body.toString('latin1'); // the words are ASCII, and this is read three times as fast
  const hasShapes = mayHoldSecret(text) || ESCAPED_ASCII.test(text);
  if (!hasShapes && !SECRET_WORDS.test(text)) return body;
  if (body.length === 0) return body;
  return redactJson(body, hasShapes ? hideSecrets : (value) => value) ?? redactText(body, text);
}

/** It is no JSON, or beyond the limits of what is parsed. */
function redactText(body: Buffer, text: string): Buffer {
  const isNamed = SECRET_WORDS.test(text) || ESCAPED_ASCII.test(text);
  return Buffer.from(isNamed ? NOT_KEPT : hideSecrets(body.toString('utf8')));
}

type HideShapes = (text: string) => string;

/** @returns undefined for what is no JSON, or beyond the limits of what is parsed. */
function redactJson(body: Buffer, hideShapes: HideShapes): Buffer | undefined {
  if (beyondMostValues(body) !== undefined) return undefined;
  try {
    const root = { value: JSON.parse(body.toString('utf8')) };
    hideIn(root, { hideShapes });
    // written again even where nothing was masked: a duplicate key may hide a secret
    return Buffer.from(JSON.stringify(root.value));
  } catch {
    return undefined;
  }
}

interface Hiding {
  readonly hideShapes: HideShapes;
  /** The name of an outer field marks everything below it as secret, as in `"token": { "value": "…" }`. */
  readonly secretName?: string;
}

/**
 * In place: a reviver would take three times as long.
 * @param listName the name of the list, within one
 */
function hideIn(holder: object, hiding: Hiding, listName?: string): void {
  const fields = holder as Record<string, unknown>; // what JSON.parse gives
  for (const key of namesIn(holder, hiding.hideShapes)) {
    const value = fields[key];
    const name = hiding.secretName ?? listName ?? key;
    if (typeof value !== 'object' || value === null) {
      fields[key] = hidden(name, value, hiding.hideShapes);
      continue;
    }
    const isList = Array.isArray(value);
    hideIn(value, isSecretName(name) ? { ...hiding, secretName: name } : hiding, isList ? name : undefined);
    if (isList && name === 'variables') hideVariables(value);
  }
}

/** The names of the fields, after those that hold a secret have been replaced. */
function namesIn(holder: object, hideShapes: HideShapes): string[] {
  const names = Object.keys(holder);
  // In one search: no shape of a secret spans a line break.
  if (Array.isArray(holder) || !mayHoldSecret(names.join('\n'))) return names;
  hideNames(holder, hideShapes);
  return Object.keys(holder);
}

function hidden(name: string, value: unknown, hideShapes: HideShapes): unknown {
  if (typeof value === 'number') return isSecretName(name) ? REDACTED : value;
  if (typeof value !== 'string' || value === '') return value;
  if (isSecretName(name) || isSecretKey(name, value)) return REDACTED;
  const signed = SIGNED_URL.exec(value);
  return signed ? `${hideShapes(signed[1] ?? '')}?${REDACTED}` : hideShapes(value);
}

function hideVariables(variables: readonly unknown[]): void {
  for (const variable of variables)
    if (typeof variable === 'object' && variable !== null && 'value' in variable) variable.value = REDACTED;
}
