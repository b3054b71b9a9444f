import type { JsonObject } from './json.ts';
import { beyondMostValues } from './json-limits.ts';
import { isSecretField, isSecretName } from './secret-names.ts';
import { hideNames, hideSecrets, mayHoldSecret } from './secret-shapes.ts';

/**
 * Searched for in the raw text first: most bodies contain none of these words and are kept unchanged. A single
 * expression for all of them would take twice as long. In JSON within a text, quotes have backslashes.
 */
const SECRET_WORDS: readonly RegExp[] = [
  /"variables\\*"\s*:\s*\[\s*\{|"data_base64"/i,
  /token|secret|passw|passphrase|passcode|authorization|credential|signature|session_?id|cookie/i,
  /key(?:(?<=(?:api|private|access|signing|encryption|integration|master|shared|auth|account)_?key)|s?\\*"\s*:[\s[]*\\*"[\w+/=-]{24})/i,
  /(?:pass|pwd|jwt|sig|auth|session|bearer|pin|otp)\\*["'=](?<=(?:^|["'&?]|u0026|[_-](?=pass))(?:pass|pwd|jwt|sig|auth|session|bearer|pin|otp)\\*["'=])/i,
];
const hasSecretWord = (text: string): boolean => SECRET_WORDS.some((words) => words.test(text));
/**
 * Escapes of characters that may occur in a secret or its name: `"\u0074oken"` is the name `token`. Not those of
 * `<`, `>` and `&`, which Go and Rails write in each webhook: the searches know them.
 */
const ESCAPED_ASCII = /\\u00(?:2[0-3589a-f]|3[0-9abdf]|[4-7][\da-f])/i;
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
 * @param json what these bytes were parsed to, where they were: it stays as it is
 */
export function redactBody(body: Buffer, json?: unknown): Buffer {
  const text = body.toString('latin1'); // the words are ASCII, and this is read three times as fast
  const hasShapes = mayHoldSecret(text) || ESCAPED_ASCII.test(text);
  if (!hasShapes && !hasSecretWord(text)) return body;
  if (body.length === 0) return body;
  return redactJson(body, json, hasShapes ? hideSecrets : undefined) ?? redactText(body, text);
}

/** It is no JSON, or beyond the limits of what is parsed. */
function redactText(body: Buffer, text: string): Buffer {
  const isNamed = hasSecretWord(text) || ESCAPED_ASCII.test(text) || text.includes('\\u0026');
  return Buffer.from(isNamed ? NOT_KEPT : hideSecrets(body.toString('utf8')));
}

/** Undefined: no text of the body has a shape of a secret, and only names are looked at. */
type HideShapes = ((text: string) => string) | undefined;

/** @returns undefined for what is no JSON, or beyond the limits of what is parsed. */
function redactJson(body: Buffer, json: unknown, hideShapes: HideShapes): Buffer | undefined {
  if (json === undefined && beyondMostValues(body) !== undefined) return undefined;
  try {
    const value: unknown = json ?? JSON.parse(body.toString('utf8'));
    // written again even where nothing was masked: a duplicate key may hide a secret
    return Buffer.from(JSON.stringify(hidden(value, '', hideShapes)));
  } catch {
    return undefined;
  }
}

/**
 * The same value where nothing is to be hidden. A reviver of JSON.parse would take three times as long.
 * @param name of the field that holds it; that of an outer field which marks everything below it as secret, as in
 *   `"token": { "value": "…" }`; in a list, the name of the list
 */
function hidden(value: unknown, name: string, hideShapes: HideShapes): unknown {
  if (typeof value === 'string') return hiddenText(value, name, hideShapes);
  if (typeof value === 'number') return isSecretName(name) ? REDACTED : value;
  if (typeof value !== 'object' || value === null) return value;
  if (!Array.isArray(value)) return hiddenFields(withSafeNames(value, hideShapes), name, hideShapes);
  const list = hiddenItems(value, name, hideShapes);
  return name === 'variables' ? list.map(withoutValue) : list;
}

/** A copy with what has changed, or the very same. */
function hiddenItems(list: readonly unknown[], name: string, hideShapes: HideShapes): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (const [at, item] of list.entries()) {
    const shown = hidden(item, name, hideShapes);
    if (shown === item) continue;
    copy ??= [...list];
    copy[at] = shown;
  }
  return copy ?? list;
}

/** A copy with what has changed, or the very same. */
function hiddenFields(fields: JsonObject, name: string, hideShapes: HideShapes): JsonObject {
  let copy: Record<string, unknown> | undefined;
  const outer = isSecretName(name) ? name : undefined;
  const named = nameOfValue(fields);
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    const shown = hidden(value, outer ?? (key === 'value' || key === 'Value' ? named : key), hideShapes);
    if (shown === value) continue;
    copy ??= { ...fields };
    copy[key] = shown;
  }
  return copy ?? fields;
}

/** Of `{"name": "db.password", "value": …}`, as charts and containers have settings: the name that is a secret's. */
function nameOfValue({ name, key, Name, Key }: JsonObject): string {
  const named = [name, key, Name, Key].find((one) => typeof one === 'string' && isSecretName(one));
  return typeof named === 'string' ? named : 'value';
}

/** The names of its fields may hold a secret as well. In one search: no shape of a secret spans a line break. */
function withSafeNames(given: object, hideShapes: HideShapes): JsonObject {
  const fields = given as JsonObject; // what JSON.parse gives
  if (!hideShapes || !mayHoldSecret(Object.keys(fields).join('\n'))) return fields;
  const copy = { ...fields };
  hideNames(copy, hideShapes);
  return copy;
}

function hiddenText(text: string, name: string, hideShapes: HideShapes): string {
  if (text === '') return text;
  if (isSecretField(name, text)) return REDACTED;
  const inner = hiddenInside(text, name, hideShapes);
  if (inner !== undefined) return inner;
  const signed = text.includes('?') ? SIGNED_URL.exec(text) : null;
  const shown = signed?.[1] ?? text;
  const safe = hideShapes ? hideShapes(shown) : shown;
  return signed ? `${safe}?${REDACTED}` : safe;
}

const BYTES = 'data_base64';
/** Not every text in brackets: to try to parse `[REDACTED]`, which is frequent, takes as long as ten searches. */
const JSON_BEGINS = /^\s{0,9}(?:\{\s*["}]|\[\s*(?:["{[\]\d-]|true|false|null))/;

/** JSON in a text, or in the bytes of a CloudEvent: it is what a broker passed on. Undefined: it is none of these. */
function hiddenInside(text: string, name: string, hideShapes: HideShapes): string | undefined {
  const isBytes = name === BYTES;
  const json = isBytes ? Buffer.from(text, 'base64').toString() : text;
  if (!JSON_BEGINS.test(json)) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    const shown = hidden(value, '', isBytes ? hideSecrets : hideShapes);
    if (shown === value) return text;
    const safe = JSON.stringify(shown);
    return isBytes ? Buffer.from(safe).toString('base64') : safe;
  } catch (error) {
    if (error instanceof RangeError) throw error; // nested too deeply: nothing of the body is kept
    return undefined;
  }
}

/** A variable of CI. */
const withoutValue = (variable: unknown): unknown =>
  typeof variable === 'object' && variable !== null && 'value' in variable
    ? { ...variable, value: REDACTED }
    : variable;
