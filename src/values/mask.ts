import { LRUCache } from 'lru-cache';
import { hideNames, hideSecrets, MASKED, mayHoldSecret } from './secret-shapes.ts';

/** Removes the configured secrets, and those that are recognised by their shape, from all that is stored or shown. */
export interface Mask {
  text(text: string): string;
  /** The configured secrets alone; the very bytes when nothing is to be hidden. */
  bytes(bytes: Buffer): Buffer;
  /**
   * The same for every text in a value; for what can be written as JSON. Returns the same value when nothing has to be
   * masked.
   */
  value<T>(value: T): T;
  /** JSON.stringify of the masked value. */
  json(value: unknown): string;
  /** All secrets, in one pattern. */
  written<T>(value: T): { readonly value: T; readonly json: string };
}

/** A shorter secret would occur in other texts by chance. */
const MIN_CHARS = 8;

/** @param secrets all secrets of the configuration: of sources, sinks and pages. */
export function createMask(secrets: readonly string[]): Mask {
  const long = secrets.filter((secret) => secret.length >= MIN_CHARS).flatMap(spellingsOf);
  const inText = long.length > 0 ? patternOf(long) : undefined;
  const inBytes =
    long.length > 0 ? patternOf(long.map((spelling) => Buffer.from(spelling).toString('latin1'))) : undefined;
  const text = (given: string) => hideSecrets(inText ? given.replace(inText, MASKED) : given);
  const mayHold = (given: string) => mayHoldSecret(given) || (inText !== undefined && given.search(inText) >= 0);
  // The texts one by one: within JSON text a match could begin in the middle of an escape.
  const parsed = (json: string) =>
    JSON.parse(json, (_key, part: unknown) => {
      if (typeof part === 'string') return text(part);
      if (typeof part === 'object' && part !== null && !Array.isArray(part)) hideNames(part, text);
      return part;
    });
  const written: Mask['written'] = (value) => {
    const json = JSON.stringify(value);
    if (json === undefined || !mayHold(json)) return { value, json };
    const masked = parsed(json);
    return { value: masked, json: JSON.stringify(masked) };
  };
  return {
    text,
    bytes(bytes) {
      if (!inBytes) return bytes;
      const before = bytes.toString('latin1'); // one character a byte, whatever the bytes are
      return before.search(inBytes) < 0 ? bytes : Buffer.from(before.replace(inBytes, MASKED), 'latin1');
    },
    value: (value) => written(value).value,
    json: (value) => written(value).json,
    written,
  };
}

/**
 * The forms of a secret in an answer or a body: as it is, percent-encoded in a URL, and within JSON as the encoders
 * write it (PHP escapes the slash, Go escapes <, > and &, Python everything beyond ASCII).
 */
function spellingsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const spellings = [
    secret,
    Buffer.from(secret).toString('latin1'), // in a header: Node reads those byte by byte
    encodeURIComponent(Buffer.from(secret).toString()),
    json,
    json.replaceAll('/', '\\/'),
    json.replace(/[<>&]/g, escapedUnit),
    json.replace(/[^ -~]/g, escapedUnit),
  ];
  return [...new Set(spellings)];
}

const escapedUnit = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A reload brings new secrets: the patterns of the old ones must not stay in memory for ever. */
const patterns = new LRUCache<string, RegExp>({ max: 1_000 });

/**
 * Finds one secret, in all its forms. Compiled once: a configuration has few secrets, and destinations answer often.
 */
export function patternOfSecret(secret: string): RegExp {
  const known = patterns.get(secret) ?? patternOf(spellingsOf(secret));
  patterns.set(secret, known);
  return known;
}

/** The longest first, since one may begin with another. */
const patternOf = (spellings: readonly string[]): RegExp =>
  new RegExp(
    [...new Set(spellings)]
      .sort((a, b) => b.length - a.length)
      .map(escaped)
      .join('|'),
    'g',
  );

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
