import type { Html } from '../html.ts';
import { prettyJson } from './pretty-json.ts';

/** Fields in which destinations put messages for people. */
const MESSAGE_FIELDS = /^(messages?|msg|errors?|error_?description|details?|title|reasons?|description)$/i;
/** Fields in which an entry of an error list names the field that it is about. */
const PLACE = /^(field|path|param|property|loc)$/i;
/**
 * Stored answers are shorter (outbound/http.ts); an error of our own may have any length, and every bracket costs a
 * parse.
 */
const LONGEST = 4_000;
/** The format of `failure` in outbound/http.ts: what was attempted, the status, the answer. */
const BEFORE_JSON = /: (?:\d{3} )?(?=[[{])/;

/**
 * The message of a destination: the texts of an answer that is JSON, with the whole answer folded below. Anything else
 * is returned unchanged.
 */
export function DestinationWords({ children: words }: { children: string }): Html {
  const found = splitAtJson(words);
  if (!found) return <>{words}</>;
  const { before, json, value, after } = found;
  const whole = (
    <pre class="answer" tabindex="0">
      {prettyJson(json) ?? json}
    </pre>
  );
  const message = [...new Set(textsIn(value))].join('; ');
  if (message === '') return <>{[before, whole, after.replace(/^\. /, '')]}</>;
  const sentence = after.startsWith('.') ? message.replace(/\.$/, '') : message;
  return (
    <>
      {[before, sentence, after]}
      <details>
        <summary>The whole answer</summary>
        {whole}
      </details>
    </>
  );
}

/** The longest JSON in it, for the advice that follows may hold brackets. An answer that was cut off has no end. */
function splitAtJson(text: string) {
  const match = text.length <= LONGEST ? BEFORE_JSON.exec(text) : undefined;
  if (!match) return undefined;
  const from = match.index + match[0].length;
  for (let to = text.length; to > from; to -= 1) {
    if (!/[\]}]/.test(text[to - 1] ?? '')) continue;
    const json = text.slice(from, to);
    const value = parsed(json);
    if (value !== undefined) return { before: text.slice(0, from), json, value, after: text.slice(to) };
  }
  return undefined;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** @param field the field that it is about */
function textsIn(value: unknown, field = ''): string[] {
  if (typeof value === 'string') return value === '' ? [] : [field ? `${field}: ${value}` : value];
  if (Array.isArray(value)) return value.flatMap((one) => textsIn(one, field));
  if (typeof value !== 'object' || value === null) return [];
  const entries = Object.entries(value);
  const messages = entries.filter(([name]) => MESSAGE_FIELDS.test(name));
  const where = entries.find(([name, value]) => PLACE.test(name) && typeof value === 'string')?.[1] ?? field;
  return messages.flatMap(([, value]) => (isByField(value) ? byField(value) : textsIn(value, where)));
}

/** GitLab's format: `{"message": {"ref": ["is missing"]}}`. */
const isByField = (value: unknown): value is object =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !Object.keys(value).some((name) => MESSAGE_FIELDS.test(name));

const byField = (value: object) => Object.entries(value).flatMap(([name, value]) => textsIn(value, name));
