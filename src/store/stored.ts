import { boundRecord } from '../domain/bounded-record.ts';
import { hideSecrets, mayHoldSecret } from '../values/secrets.ts';

/**
 * What is stored under these finds the rest again, and stays what it is. Secrets in it are masked where it is shown
 * (http/app.ts).
 */
const FINDS_OTHERS: ReadonlySet<string> = new Set(['key', 'deployment', 'lineage', 'aliases', 'webhook', 'id']);

/** JSON that a bridge before the first masking may have written: without secrets that are recognised by their shape. */
export function parseStored(json: string): unknown {
  if (!mayHoldSecret(json)) return JSON.parse(json);
  return JSON.parse(json, (name, part: unknown) =>
    typeof part === 'string' && !FINDS_OTHERS.has(name) ? hideSecrets(part) : part,
  );
}

/** No field of a shorter one is as long as most may be; nearly all are shorter. */
const SHORT_CHARS = 4_000;

/** With the limits of today, which an earlier bridge did not know. */
export const boundStored = <Told extends { readonly notes: readonly string[] }>(stored: Told, json: string): Told =>
  json.length > SHORT_CHARS ? boundRecord(stored) : stored;
