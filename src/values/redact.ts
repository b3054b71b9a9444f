import { beyondMostValues } from './json-limits.ts';
import { isSecretName } from './secret-names.ts';
import { hideSecrets, mayHoldSecret } from './secrets.ts';

/** Looked for in the raw text first: most bodies hold none of these words and are kept as they are. */
const SECRET_WORDS =
  /token|secret|passw|passphrase|api_?key|private_?key|access_?key|authorization|credential|signature|session_?id|(?:^|["'&?])(?:pass|pwd|jwt|sig|auth|session)["'=]|"variables"\s*:\s*\[\s*\{/i;
/**
 * What may be within a secret, or before it, and somebody wrote as an escape: `"\u0074oken"` is the name `token`,
 * and `\u0026sig=` a parameter. Go and Rails write `<` and `>` so.
 */
const ESCAPED_ASCII = /\\u00(?:2[0135689a-f]|3[0-9abdf]|[4-7][\da-f])/i;
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
  const hasShapes = mayHoldSecret(text) || ESCAPED_ASCII.test(text);
  if (!hasShapes && !SECRET_WORDS.test(text)) return body;
  if (body.length === 0) return body;
  return redactJson(body, hasShapes ? hideSecrets : (value) => value) ?? redactText(body, text);
}

/** It is no JSON, or more than is parsed. */
function redactText(body: Buffer, text: string): Buffer {
  const isNamed = SECRET_WORDS.test(text) || ESCAPED_ASCII.test(text);
  return Buffer.from(isNamed ? NOT_KEPT : hideSecrets(body.toString('utf8')));
}

type HideShapes = (text: string) => string;

/** @returns undefined for what is no JSON, or more than is parsed. */
function redactJson(body: Buffer, hideShapes: HideShapes): Buffer | undefined {
  if (beyondMostValues(body) !== undefined) return undefined;
  try {
    const root = { value: JSON.parse(body.toString('utf8')) };
    hideIn(root, { hideShapes });
    return Buffer.from(JSON.stringify(root.value)); // also where nothing was hidden: a name may stand there twice
  } catch {
    return undefined;
  }
}

interface Hiding {
  readonly hideShapes: HideShapes;
  /** The name above that says it: all below is secret, as in `"token": { "value": "…" }`. */
  readonly secretName?: string;
}

/** In place: a reviver would take three times as long. @param listName of the list that it is, where it is one */
function hideIn(holder: object, hiding: Hiding, listName?: string): void {
  const fields = holder as Record<string, unknown>; // what JSON.parse gives
  for (const key of Object.keys(fields)) {
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

function hidden(name: string, value: unknown, hideShapes: HideShapes): unknown {
  if (typeof value === 'number') return isSecretName(name) ? REDACTED : value;
  if (typeof value !== 'string' || value === '') return value;
  if (isSecretName(name)) return REDACTED;
  const signed = SIGNED_URL.exec(value);
  return signed ? `${hideShapes(signed[1] ?? '')}?${REDACTED}` : hideShapes(value);
}

function hideVariables(variables: readonly unknown[]): void {
  for (const variable of variables)
    if (typeof variable === 'object' && variable !== null && 'value' in variable) variable.value = REDACTED;
}
