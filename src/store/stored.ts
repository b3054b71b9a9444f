import { boundRecord } from '../domain/bounded-record.ts';
import { hideSecrets, mayHoldSecret } from '../values/secret-shapes.ts';

/**
 * Values of these fields lead to other data, and stay unchanged. Secrets in them are masked where they are shown
 * (http/app.ts).
 */
const FINDS_OTHERS: ReadonlySet<string> = new Set(['key', 'deployment', 'lineage', 'aliases', 'webhook', 'id']);

/**
 * JSON that an early release may have written without masking: secrets that are recognised by their shape are masked.
 */
export function parseStored(json: string): unknown {
  if (!mayHoldSecret(json)) return JSON.parse(json);
  return JSON.parse(json, (name, part: unknown) =>
    typeof part === 'string' && !FINDS_OTHERS.has(name) ? hideSecrets(part) : part,
  );
}

/** No field of a shorter text can exceed its limit; nearly all are shorter. */
const SHORT_CHARS = 4_000;

/** With today's limits, which an early release did not have. */
export const boundStored = <Bounded extends { readonly notes: readonly string[] }>(
  stored: Bounded,
  json: string,
): Bounded => (json.length > SHORT_CHARS ? boundRecord(stored) : stored);
