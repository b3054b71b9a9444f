/** Takes the configured secrets out of whatever is written down or said. */
export interface Mask {
  text(text: string): string;
  /** The very bytes when nothing is to be hidden. */
  bytes(bytes: Buffer): Buffer;
}

/** Shorter ones would stand in every other text by chance. */
const MIN_CHARS = 8;
const MASKED = '[secret]';

/** @param secrets everything that the configuration keeps secret: of sources, sinks and pages. */
export function createMask(secrets: readonly string[]): Mask {
  const long = secrets.filter((secret) => secret.length >= MIN_CHARS);
  // As it is, as it stands within JSON, and percent-encoded in a URL; the longest first, since one may begin with another.
  const spellings = long.flatMap((secret) => [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(Buffer.from(secret).toString()),
  ]);
  const sorted = [...new Set(spellings)].sort((a, b) => b.length - a.length);
  if (sorted.length === 0) return { text: (text) => text, bytes: (bytes) => bytes };
  const pattern = new RegExp(sorted.map(escaped).join('|'), 'g');
  const text = (given: string) => given.replace(pattern, MASKED);
  return {
    text,
    bytes(bytes) {
      const before = bytes.toString('latin1'); // one character a byte, whatever the bytes are
      const after = text(before);
      return after === before ? bytes : Buffer.from(after, 'latin1');
    },
  };
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
