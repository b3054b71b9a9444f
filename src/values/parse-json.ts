import { readJson } from './json.ts';
import { explainFault } from './json-fault.ts';
import { beyondMostValues, TOO_MANY_VALUES } from './json-limits.ts';

/** Offsets count UTF-16 units of the text after the byte order mark; lines and columns begin with 1. */
export type ParsedJson =
  /** `isRepaired`: the body itself is no JSON. */
  | { readonly ok: true; readonly value: unknown; readonly isRepaired?: true }
  | {
      readonly ok: false;
      /**
       * For the reader of a pipeline log: what is wrong, where, and what to write. It quotes at most 20 characters of
       * the body.
       */
      readonly message: string;
      readonly line: number;
      readonly column: number;
      readonly offset: number;
    };

/** What to do about a character that is not escaped, where the sender's tool is not known. */
const ESCAPE_ADVICE = 'build the body with `jq -n --arg`, which escapes it';

/** Removes the byte order mark; broken UTF-8 becomes U+FFFD and loses no deployment. */
const utf8 = new TextDecoder();

export interface JsonOptions {
  /** How this sender escapes text: an instruction, which may continue with ", which …". */
  readonly escapeAdvice?: string;
  /** Reads `"key": ,` as an empty variable in that position: `"$key"`. */
  readonly fillsEmptyValues?: boolean;
}

/** Strict JSON in UTF-8. Never throws; the cause of an error is searched for only when JSON.parse fails. */
export function parseJson(body: Buffer, options: JsonOptions = {}): ParsedJson {
  const { escapeAdvice = ESCAPE_ADVICE, fillsEmptyValues = false } = options;
  const beyond = beyondMostValues(body);
  if (beyond !== undefined) {
    const before = utf8.decode(body.subarray(0, beyond));
    return { ok: false, message: TOO_MANY_VALUES, ...positionOf(before, before.length), offset: before.length };
  }
  const text = utf8.decode(body);
  try {
    return { ok: true, value: readJson(text) };
  } catch (cause) {
    const filled = fillsEmptyValues ? parseFilled(text) : undefined;
    if (filled) return filled;
    const { offset, message } = explainFault(text, cause, escapeAdvice);
    const { line, column } = positionOf(text, offset);
    return {
      ok: false,
      message: message.replace('{at}', () => `line ${line}, column ${column}`),
      line,
      column,
      offset,
    };
  }
}

/** @returns undefined when there is another error as well. */
function parseFilled(text: string): ParsedJson | undefined {
  const filled = fillEmptyValues(text);
  if (filled === text) return undefined;
  try {
    return { ok: true, value: readJson(filled), isRepaired: true };
  } catch {
    return undefined; // positions refer to the text as it came
  }
}

/** In one pass: strings are skipped, and where a value is missing after a key, the key's variable is inserted. */
function fillEmptyValues(text: string): string {
  const parts: string[] = [];
  let [done, key, isValueDue] = [0, '', false];
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') {
      const end = endOfText(text, at);
      if (!isValueDue) key = text.slice(at + 1, end);
      isValueDue = false;
      at = end;
    } else if (character === ':') {
      isValueDue = true;
    } else if (isValueDue && (character === ',' || character === '}')) {
      parts.push(text.slice(done, at), `"$${key}"`);
      [done, isValueDue] = [at, false];
    } else if (character.trim() !== '') {
      isValueDue = false;
    }
  }
  return parts.join('') + text.slice(done);
}

/** The end of the string that begins at a quote: its closing quote, or the end of the text. */
function endOfText(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charAt(at) !== '"') at += text.charAt(at) === '\\' ? 2 : 1;
  return at;
}

/** A line ends with \n, with \r\n or with \r alone. */
function positionOf(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (let index = 0; index < offset; index += 1) {
    const character = text.charCodeAt(index);
    if (character !== 10 && (character !== 13 || text.charCodeAt(index + 1) === 10)) continue;
    line += 1;
    start = index + 1;
  }
  return { line, column: offset - start + 1 };
}
