const MESSAGE_LIMIT = 500; // characters

/** Whole characters, and no control characters: messages of `helm template` hold bells and worse. */
export function short(text: string, limit = MESSAGE_LIMIT): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  const clean = text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, ' ').trim();
  const characters = [...clean];
  return characters.length > limit ? `${characters.slice(0, limit - 1).join('')}…` : clean;
}

const URL_LIMIT = 2000; // characters

export function webUrl(text: string | undefined): URL | undefined {
  if (!text || text.length > URL_LIMIT || !/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text);
}

/** For a sentence: what they said, in quotes. */
export const word = (text: string | undefined): string => (text ? `"${text.slice(0, 40)}"` : 'missing');
