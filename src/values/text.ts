import { z } from 'zod';
import { hideSecrets } from './secret-shapes.ts';

export const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** Names, such as of a service, a branch, a person. */
export const NAME_CHARS = 255;
/** Paths and images: a full path consists of several names. */
export const PATH_CHARS = 500;
/** Commit messages, descriptions. */
export const TEXT_CHARS = 10_000;
/**
 * What a source reads of any text: more than a record keeps, so that the record can note what was cut
 * (domain/bounded-record.ts), and little enough that the length of a text costs nothing.
 */
const READ_CHARS = 12_000;
/** Entries of a list or fields of an object that a source reads. */
const READ_ITEMS = 5_000;

const TYPED_CHARS = 300; // room for a URL or a sentence
/** Text that a person types: a name in a form, a query or a setting. */
export const TypedText = z.string().trim().max(TYPED_CHARS, `write at most ${TYPED_CHARS} characters`);

/** The first UTF-16 units up to the limit, never half of a surrogate pair. */
export function cutUnits(text: string, max: number): string {
  if (text.length <= max) return text;
  const isHigh = (text.charCodeAt(max - 1) & 0xfc00) === 0xd800;
  return text.slice(0, isHigh ? max - 1 : max);
}

/** The same with `…` as its last character where something was cut. */
export const shorten = (text: string, max: number): string =>
  text.length <= max ? text : `${cutUnits(text, max - 1)}…`;

/** Of what a tool or destination answers: the sentence that says what is wrong. It is kept with each attempt. */
const ANSWER_CHARS = 500;
/** For an error: in one line, and no longer than an error may quote. */
export const inOneLine = (text: string): string => cutUnits(text.replace(/\s+/g, ' ').trim(), ANSWER_CHARS);

const EXCERPT_CHARS = 40; // in a sentence of an error
/** As much of a sender's word as a message repeats. Half a secret would not be recognised later. */
export const excerpt = (text: string): string => shorten(hideSecrets(readText(text)), EXCERPT_CHARS);

/** Trimmed, and cut to what is read of any text. */
export const readText = (text: string): string => cutUnits(text.trim(), READ_CHARS);

/**
 * Text that is not blank, or undefined. A wrong type counts as missing: one odd field must not lose the deployment.
 * @param isNothing what the tool's templates print for a missing value, beside ''
 */
export const textUnless = (isNothing: (text: string) => boolean) =>
  // One step: as a chain of zod's own (string, transform, nullish, catch) it takes ten times as long.
  z.transform((value: unknown): string | undefined => {
    if (typeof value !== 'string') return undefined;
    const read = readText(value);
    return read === '' || isNothing(read) ? undefined : read;
  });

/** Entries beyond the limit are not read at all: a list of millions would cost seconds. */
export const firstItems = (value: unknown): unknown => (Array.isArray(value) ? value.slice(0, READ_ITEMS) : value);

/** The same for the fields of an object whose names are the sender's. */
export function firstFields(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const names = Object.keys(value);
  if (names.length <= READ_ITEMS) return value;
  return Object.fromEntries(names.slice(0, READ_ITEMS).map((name) => [name, Reflect.get(value, name)]));
}

/** As much of a list as is read. Where it may be missing or of another type, the caller says what counts then. */
export const listOf = <Item extends z.ZodType>(item: Item) => z.preprocess(firstItems, z.array(item));

/** Removes a character from both ends. A regular expression would take quadratic time. */
export function trimChars(text: string, chars: string): string {
  return trimCharsEnd(trimCharsStart(text, chars), chars);
}

function trimCharsStart(text: string, chars: string): string {
  let start = 0;
  while (start < text.length && chars.includes(text.charAt(start))) start += 1;
  return text.slice(start);
}

export function trimCharsEnd(text: string, chars: string): string {
  let end = text.length;
  while (end > 0 && chars.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** `prod` of `prod2`, in linear time. */
export const withoutEndNumber = (text: string): string => trimCharsEnd(text, '0123456789');

export const withoutEnd = (text: string, end: string): string =>
  text.endsWith(end) ? text.slice(0, text.length - end.length) : text;

/** Half a surrogate pair is no character: encoders, and Redis' JSON, throw at it. */
export const wellFormed = (text: string): string => text.toWellFormed();
