import { isUtf8 } from 'node:buffer';

const BOMS: Readonly<Record<string, string>> = { fffe: 'utf-16le', feff: 'utf-16be' };
/** The first character of JSON is ASCII: one of its two bytes is 0. */
const STARTS: Readonly<Record<string, string>> = {
  '7b00': 'utf-16le',
  '5b00': 'utf-16le',
  '007b': 'utf-16be',
  '005b': 'utf-16be',
};

/** A letter of two to four bytes, as Latin-1 shows it. */
const LETTER = /[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}/;

/**
 * The text in UTF-8: PowerShell writes files in UTF-16, and sends bodies in Windows-1252 without saying so. Text that
 * is UTF-8, or was and is cut off, is returned as it is.
 */
export function inUtf8(body: Buffer, contentType = ''): Buffer {
  const begin = body.toString('hex', 0, 2);
  const wide = BOMS[begin] ?? STARTS[begin];
  if (wide !== undefined) return decoded(body, wide) ?? body;
  if (isUtf8(body)) return body;
  const [, named] = /;\s{0,9}charset="?([\w.:-]{1,40})/i.exec(contentType) ?? [];
  const isNamed = named !== undefined && !/^utf-?8$/i.test(named);
  if (isNamed) return decoded(body, named) ?? body;
  return LETTER.test(body.toString('latin1')) ? body : (decoded(body, 'windows-1252') ?? body);
}

/** Undefined: the encoding is unknown. */
function decoded(body: Buffer, encoding: string): Buffer | undefined {
  try {
    const decoder = new TextDecoder(encoding);
    return Buffer.from(decoder.encoding === 'windows-1252' ? windows1252(body) : decoder.decode(body));
  } catch {
    return undefined; // the sender chose the name
  }
}

/** What Latin-1 has no letters for. Node 20 decodes it as Latin-1. */
const FROM_80 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

const windows1252 = (body: Buffer): string =>
  body.toString('latin1').replace(/[\x80-\x9f]/g, (letter) => FROM_80.charAt(letter.charCodeAt(0) - 0x80));
