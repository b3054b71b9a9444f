import { printParseErrorCode, visit } from 'jsonc-parser';

/** A message may end up in logs, and bodies hold commit messages and tokens. */
const SHOWN_CHARACTERS = 20;

/** The search takes about 50 ms for each MiB; a body of 25 MiB must not block others for a second. */
const SEARCHED_CHARACTERS = 2 * 1024 * 1024;

interface Finding {
  readonly offset: number;
  /** `{at}` is replaced by line and column. */
  readonly message: string;
}

/** The last token before the first error. */
interface Before {
  readonly kind: 'start' | 'open' | 'key' | 'colon' | 'comma' | 'string' | 'scalar' | 'close';
  readonly end: number;
}

interface Fault {
  /** The name of jsonc-parser's error code. */
  readonly code: string;
  readonly offset: number;
  readonly length: number;
  readonly before: Before;
  /** The last key: the one whose value is wrong. */
  readonly key: string | undefined;
  readonly inside: 'object' | 'array' | undefined;
  readonly escapeAdvice: string;
}

/**
 * What is wrong with a text that JSON.parse refuses, for a person: found with jsonc-parser, which says where and after
 * what it stopped.
 * @param cause the error of JSON.parse
 */
export function explainFault(text: string, cause: unknown, escapeAdvice: string): Finding {
  if (text.trim() === '') {
    return { offset: 0, message: "the body is empty: send a JSON object (with curl: --data '{…}')" };
  }
  if (text.startsWith('\uFFFD\uFFFD') && text.includes('\0')) {
    return { offset: 0, message: 'the body is UTF-16: send it as UTF-8' };
  }
  // the second byte of gzip is no UTF-8
  if (text.startsWith('\u001f\uFFFD'))
    return { offset: 0, message: 'the body is gzip: add the header Content-Encoding: gzip, or send it plain' };
  const format = FORMATS.find(([begin]) => begin.test(text));
  if (format) return { offset: 0, message: format[1] };
  const fault = text.length <= SEARCHED_CHARACTERS ? firstFault(text) : undefined;
  if (fault) return explain({ ...fault, escapeAdvice }, text);
  const position = /at position (\d+)/.exec(String(cause))?.[1]; // V8 gives it for some faults only
  if (position === undefined)
    return { offset: 0, message: 'the body is not JSON, and too large or too deep to say where' };
  return { offset: Number(position), message: 'the body is not JSON at {at}, and too large or too deep to say why' };
}

/** Bodies that are whole in another format, by their first characters. */
const FORMATS: readonly (readonly [begin: RegExp, message: string])[] = [
  [
    /^--[^\r\n]{1,200}\r?\nContent-Disposition:/i,
    'the body is a form with files: send the JSON itself, --data-binary @file',
  ],
  [/^(?:eyJ|ewog|ewk|eyAg|ew0K)[\w+/=\r\n]{8}/, 'the body is base64: send the JSON that is encoded in it'],
  [
    /^@?[\w./-]{1,100}\.json\s{0,4}$/,
    'the body is the name of a file: send its content, --data-binary @file with curl',
  ],
  [
    /^\s{0,20}'\s{0,20}[{[]/,
    'the body is in single quotation marks, which this command line keeps (Windows): send a file, --data-binary @file',
  ],
  [
    /^\s{0,20}\{\s{0,20}\\"/,
    'the quotation marks have backslashes that the shell keeps: take them out, or send a file, --data-binary @file',
  ],
  [
    /^\s{0,20}\{\s{0,20}'/,
    'the body is as Python or JavaScript prints it: json.dumps or JSON.stringify makes JSON of it',
  ],
  [/^\s{0,20}\{\s{0,20}[“”„]/, 'the quotation marks are typographic: write " instead'],
  [/^(?:---\s|[A-Za-z_][\w-]{0,60}: )/, 'the body is YAML: send a JSON object, {…}'],
  [/^\s{0,20}<(?:!doctype html|html)[\s>]/i, 'the body is an HTML page: send a JSON object, {…}'],
  [/^\s{0,20}<(?:\?xml|[a-z][\w:.-]{0,60}[\s/>])/i, 'the body is XML: send a JSON object, {…}'],
];

/** @returns undefined when the text is nested deeper than jsonc-parser, which is recursive, can follow. */
function firstFault(text: string): Omit<Fault, 'escapeAdvice'> | undefined {
  const open: ('object' | 'array')[] = [];
  let before: Before = { kind: 'start', end: 0 };
  let key: string | undefined;
  let fault: Omit<Fault, 'escapeAdvice'> | undefined;
  const step = (kind: Before['kind']) => (offset: number, length: number) => {
    before = { kind, end: offset + length };
  };
  const begin = (kind: 'object' | 'array') => (offset: number, length: number) => {
    open.push(kind);
    step('open')(offset, length);
  };
  const end = (offset: number, length: number) => {
    open.pop();
    step('close')(offset, length);
  };
  const onError = (code: Parameters<typeof printParseErrorCode>[0], offset: number, length: number) => {
    fault = { code: printParseErrorCode(code), offset, length, before, key, inside: open.at(-1) };
    throw new FoundIt();
  };
  const onObjectProperty = (name: string, offset: number, length: number) => {
    key = name;
    step('key')(offset, length);
  };
  try {
    visit(
      text,
      {
        onObjectBegin: begin('object'),
        onArrayBegin: begin('array'),
        onObjectEnd: end,
        onArrayEnd: end,
        onObjectProperty,
        onSeparator: (character, offset, length) => step(character === ':' ? 'colon' : 'comma')(offset, length),
        onLiteralValue: (value, offset, length) =>
          step(typeof value === 'string' ? 'string' : 'scalar')(offset, length),
        onError,
      },
      { disallowComments: true },
    );
  } catch (error) {
    if (!(error instanceof FoundIt) && !(error instanceof RangeError)) throw error;
  }
  return fault;
}

/** Ends the visit at the first error: later ones only follow from it. */
class FoundIt extends Error {}

function explain(fault: Fault, text: string): Finding {
  return (
    cutOff(fault, text) ??
    openQuote(fault, text) ??
    insideText(fault, text) ??
    noValue(fault, text) ??
    commaTooMany(fault, text) ??
    notAKey(fault, text) ??
    afterTheEnd(fault, text) ??
    notAValue(fault, text) ??
    otherFault(fault, text)
  );
}

function cutOff({ offset, length, code, before, key }: Fault, text: string): Finding | undefined {
  const textEnd = text.trimEnd().length;
  const inText = code === 'UnexpectedEndOfString' && offset + length >= textEnd;
  if (offset < textEnd && !inText) return undefined;
  const where = key !== undefined && (inText || before.kind === 'colon') ? `, in the value of ${quote(key)}` : '';
  const message = `the body breaks off at {at}${where}: send it whole, with every " and bracket closed`;
  return { offset: textEnd, message };
}

/** `"Revert "Add x""`: the string seems to end at its second quote. */
function openQuote({ code, offset, before, key, escapeAdvice }: Fault, text: string): Finding | undefined {
  const afterText = before.kind === 'string' && /^[ \t]*$/.test(text.slice(before.end, offset));
  if (!afterText || !['InvalidSymbol', 'CommaExpected', 'UnexpectedEndOfString'].includes(code)) return undefined;
  // the next key: a comma is missing
  if (/^"[^"\n]{0,200}"\s*:/.test(text.slice(offset, offset + 300))) return undefined;
  return {
    offset: before.end - 1,
    message: `${subject(key, text, before.end - 1)} holds an unescaped " at {at}: ${escapeAdvice}`,
  };
}

function insideText({ code, offset, length, before, key, escapeAdvice }: Fault, text: string): Finding | undefined {
  const token = text.slice(offset, offset + length);
  const holds = (at: number, what: string): Finding => {
    const name = before.kind === 'colon' || before.kind === 'comma' ? key : undefined;
    return {
      offset: offset + at,
      message: `${subject(name, text, offset + at)} holds ${what} at {at}: ${escapeAdvice}`,
    };
  };
  if (code === 'UnexpectedEndOfString') return holds(length, 'an unescaped line break');
  if (code === 'InvalidCharacter') return holds(token.search(/\p{Cc}/u), 'an unescaped tab or control character');
  if (code !== 'InvalidEscapeCharacter' && code !== 'InvalidUnicode') return undefined;
  return holds(wrongEscape(token), 'an unescaped \\');
}

function wrongEscape(token: string): number {
  // in chunks: a regular expression has a stack limit, too
  const right = /(?:[^\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})){1,1000}/y;
  let index = 0;
  while (right.test(token)) index = right.lastIndex;
  return index;
}

/** `"pr_number": ,`: a variable of the pipeline was empty. */
function noValue({ code, offset, before, key }: Fault, text: string): Finding | undefined {
  if (code !== 'ValueExpected' || before.kind !== 'colon' || !/[,}\]]/.test(text.charAt(offset))) return undefined;
  return { offset, message: `${quote(key ?? '')} has no value at {at}: leave the key out, or write null` };
}

function commaTooMany({ code, offset, before }: Fault, text: string): Finding | undefined {
  const expected = code === 'ValueExpected' || code === 'PropertyNameExpected';
  if (!expected || !/[,}\]]/.test(text.charAt(offset))) return undefined;
  if (before.kind !== 'comma') return undefined;
  return { offset: before.end - 1, message: 'a comma too many at {at}: no entry follows it, take it out' };
}

function notAKey({ code, offset, before, inside }: Fault, text: string): Finding | undefined {
  const keyDue = inside === 'object' && (before.kind === 'open' || before.kind === 'comma');
  if (!keyDue || (code !== 'InvalidSymbol' && code !== 'PropertyNameExpected')) return undefined;
  return { offset, message: `a key is not in double quotes at {at}, near ${near(text, offset)}: write "key": value` };
}

/** Templates write notes below the object that they send. */
function afterTheEnd({ code, inside, before, ...fault }: Fault, text: string): Finding | undefined {
  const isComplete = inside === undefined && before.kind === 'close';
  return isComplete && code === 'InvalidSymbol'
    ? otherFault({ ...fault, code: 'EndOfFileExpected', inside, before }, text)
    : undefined;
}

function notAValue({ code, offset, length, before, key, escapeAdvice }: Fault, text: string): Finding | undefined {
  if (before.kind === 'start') {
    return {
      offset,
      message: `the body is not JSON at {at}: it begins with ${near(text, offset)}, send a JSON object, {…}`,
    };
  }
  // 4f0c9e1d: a number, then letters
  const gluedOn = before.kind === 'scalar' && before.end === offset && code !== 'EndOfFileExpected';
  const wrong =
    gluedOn || code === 'InvalidSymbol' || code === 'UnexpectedEndOfNumber' || code === 'InvalidNumberFormat';
  if (!wrong) return undefined;
  const variable = /^\$\{?(\w{1,18})/.exec(text.slice(offset, offset + length + 1));
  if (variable) {
    return {
      offset,
      message:
        `the variable $${variable[1]} was not filled in at {at}: the shell does not look into single ` +
        `quotes, ${escapeAdvice.split(', which ', 1)[0]}`,
    };
  }
  return {
    offset,
    message: `the value of ${subject(key, text, offset)} is not JSON at {at}: put text in double quotes`,
  };
}

const WORDS: Readonly<Record<string, string>> = {
  CommaExpected: 'a comma is missing before {at}',
  ColonExpected: 'a colon is missing before {at}',
  EndOfFileExpected: 'the JSON is complete before {at}, but more follows: send one object, {…}',
  InvalidCommentToken: 'there is a comment at {at}: JSON allows none, remove it',
};

function otherFault({ code, offset }: Fault, text: string): Finding {
  return { offset, message: `${WORDS[code] ?? 'the body is not JSON at {at}'}, near ${near(text, offset)}` };
}

const subject = (key: string | undefined, text: string, offset: number): string =>
  key === undefined ? `the text near ${near(text, offset)}` : quote(key);

const quote = (text: string): string => JSON.stringify(text.slice(0, SHOWN_CHARACTERS));

const near = (text: string, offset: number): string => {
  const start = Math.max(0, offset - SHOWN_CHARACTERS / 4);
  return `‹${text.slice(start, start + SHOWN_CHARACTERS).replace(/[^\x20-\x7e\u00a0-\uffff]/g, ' ')}›`;
};
