import { wellFormed } from '../values/text.ts';
/**
 * JSON that a script in Redis can read. Its cjson refuses half a surrogate pair, which a sender may write as an escape
 * and a cut through an emoji leaves behind; one such text would keep the deployment from ever being recorded.
 */
export function toJson(value: unknown): string {
  const json = JSON.stringify(value);
  return json.includes(ESCAPED_HALF) ? JSON.stringify(value, withoutLoneSurrogates) : json;
}

/** How JSON.stringify writes a half, and hardly anything else: checking each text takes twice as long. */
const ESCAPED_HALF = '\\ud';

const withoutLoneSurrogates = (_key: string, part: unknown) => (typeof part === 'string' ? wellFormed(part) : part);
