import { excerpt } from '../../values/text.ts';
import { parseWebUrl, safeUrl } from '../../values/url.ts';

const MESSAGE_LIMIT = 500; // characters

/**
 * Whole characters, and no control characters: messages of `helm template` may hold BEL and other control characters.
 */
export function short(text: string, limit = MESSAGE_LIMIT): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  const clean = text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, ' ').trim();
  const characters = [...clean];
  return characters.length > limit ? `${characters.slice(0, limit - 1).join('')}…` : clean;
}

export const webUrl = (text: string | undefined): URL | undefined => parseWebUrl(safeUrl(text));

/** Foreign words in quotation marks, for a sentence. */
export const quotedWord = (text: string | undefined): string => (text ? `"${excerpt(text)}"` : 'missing');
