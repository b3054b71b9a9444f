import { hideSecrets } from '../values/secret-shapes.ts';

/**
 * Markup that is safe to send. Only elements (jsx-runtime.ts) and the functions below make it; anything else inside one
 * is text.
 */
export class Html {
  readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
  toString(): string {
    return this.markup;
  }
}

/**
 * The value of an attribute, sent exactly as it is. An element is no such value: the compiler distinguishes them by the
 * field.
 */
export class Exact extends Html {
  readonly isExact = true;
}

/** The content of an element: nested markup, text, lists of both; `undefined` and `false` are nothing. */
export type Piece = Html | string | number | undefined | false | readonly Piece[];

/**
 * Everything between the braces is escaped unless an element made it. Attribute values always stand in double quotes.
 */
export function html(fixed: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  return new Html(fixed.map((text, index) => (index === 0 ? text : toMarkup(pieces[index - 1]) + text)).join(''));
}

export function toMarkup(piece: Piece): string {
  if (typeof piece === 'string') return escaped(piece);
  if (piece === undefined || piece === false) return '';
  if (piece instanceof Html) return piece.markup;
  if (Array.isArray(piece)) return piece.reduce<string>((all, one) => all + toMarkup(one), '');
  return escaped(String(piece));
}

/** Most text needs no change: testing costs a third of replacing. */
const SPECIAL = // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
  /[&<>"'\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

/** No secret that is recognised by its shape is shorter. */
const SHORTEST_SECRET_CHARS = 10;

/**
 * Without secrets, too: an earlier release did not mask them, and its names and keys stay as long as the change log
 * keeps them.
 */
export function escaped(text: string): string {
  const shown = text.length < SHORTEST_SECRET_CHARS ? text : hideSecrets(text);
  return SPECIAL.test(shown) ? escapeMarkup(revealHidden(shown)) : shown;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeMarkup = (text: string) => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

/**
 * Terminal escapes, and bidirectional or invisible marks, are shown: nobody may read "production" where something else
 * is written.
 */
function revealHidden(text: string): string {
  return text.replace(HIDDEN, (mark) => `[U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`);
}

const HIDDEN = // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/**
 * For the value of a form field: escaped, but sent back exactly as it came. Characters that a terminal obeys are
 * escaped; NUL and C1 characters, which no reference can name, are replaced.
 */
export const exactly = (text: string): Exact =>
  new Exact(SPECIAL.test(text) ? escapeMarkup(text).replace(HIDDEN, toReference) : text);

function toReference(mark: string): string {
  const code = mark.charCodeAt(0);
  return code === 0 || (code >= 0x80 && code <= 0x9f) ? '\ufffd' : `&#x${code.toString(16)};`;
}

/** The address where it is http, https or one of ours; undefined for anything else. */
export function safeHref(address: string): string | undefined {
  if (localPath(address) === address) return address;
  if (!/^https?:\/\//i.test(address)) return undefined;
  return URL.canParse(address) ? new URL(address).href : undefined;
}

/**
 * The path, query and fragment of an address on this host, or undefined: it must not lead elsewhere, however a browser
 * interprets it.
 */
export function localPath(address: string): string | undefined {
  const here = 'http://shiplog.invalid';
  if (!address.startsWith('/') || !URL.canParse(address, here)) return undefined;
  const { origin, pathname, search, hash } = new URL(address, here);
  return origin === here && !pathname.startsWith('//') ? pathname + search + hash : undefined;
}
