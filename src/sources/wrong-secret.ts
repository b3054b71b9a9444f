import type { Webhook } from './received-webhook.ts';
import type { Source } from './source.ts';

/**
 * A signature is computed over the body once for each source: unauthenticated senders must not make us do that for
 * megabytes.
 */
const MAX_BYTES = 256 * 1024;

/**
 * Where the proof of a refused webhook is that of another source of this bridge: its name, for the inbox. Senders never
 * see it.
 */
export function secretOfAnother(
  source: Pick<Source, 'name'> & Partial<Pick<Source, 'isProvedBy'>>,
  webhook: Webhook,
  sources: readonly Pick<Source, 'name' | 'secrets'>[],
): string | undefined {
  if (webhook.body.length > MAX_BYTES) return undefined;
  return sources.find(({ name, secrets }) => name !== source.name && source.isProvedBy?.(webhook, secrets))?.name;
}

/** The sources whose secret the headers alone prove, else those whose header for it is present. */
export function sourcesMeant(webhook: Webhook, sources: readonly Source[]): readonly Source[] {
  const proved = sources.filter((source) => source.isProvedBy(webhook, source.secrets));
  if (proved.length > 0) return proved;
  const isShared = (header: string) => sources.filter(({ proofHeaders }) => proofHeaders.includes(header)).length > 1;
  return sources.filter(({ proofHeaders }) =>
    proofHeaders.some((header) => webhook.headers[header] !== undefined && !isShared(header)),
  );
}
