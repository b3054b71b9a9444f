/**
 * JSON that a script in Redis can read. Its cjson refuses half a surrogate pair, which a sender may write as an escape and
 * a cut through an emoji leaves behind; one such text would keep the deployment from ever being recorded.
 */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) => (typeof part === 'string' ? part.replace(HALF, '\ufffd') : part));

/** With the flag `u` a whole pair is one character, and no surrogate. */
const HALF = /\p{Surrogate}/gu;
