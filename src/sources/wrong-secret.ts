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

/** Clients and proxies add these to requests of any tool. */
const COMMON_HEADERS: ReadonlySet<string> = new Set(['authorization', 'idempotency-key', 'x-request-id']);

type Recognized = Pick<Source, 'name' | 'type' | 'keptHeaders'> & Partial<Pick<Source, 'proofHeaders'>>;

/**
 * The source at whose address the webhook was probably meant to arrive: it has a header of that source's tool, which no
 * other tool has, and none of the source's own.
 */
export function strayFrom(
  source: Pick<Recognized, 'name' | 'keptHeaders' | 'proofHeaders'>,
  { headers }: Pick<Webhook, 'headers'>,
  sources: readonly Recognized[],
): { readonly name: string; readonly header: string } | undefined {
  const own = headersOf(source);
  const present = Object.keys(headers).filter((header) => !COMMON_HEADERS.has(header));
  if (present.some((header) => source.keptHeaders.includes(header))) return undefined;
  for (const header of present.filter((name) => !own.includes(name))) {
    const owners = sources.filter((other) => headersOf(other).includes(header));
    const [first] = owners;
    if (first && new Set(owners.map(({ type }) => type)).size === 1) return { name: first.name, header };
  }
  return undefined;
}

const headersOf = ({ keptHeaders, proofHeaders = [] }: Pick<Recognized, 'keptHeaders' | 'proofHeaders'>) => [
  ...keptHeaders,
  ...proofHeaders,
];

export const strayText = ({ name, header }: { readonly name: string; readonly header: string }): string =>
  `this looks like a webhook of the source "${name}" (it has the header ${header}), whose address is /webhooks/${name}`;

/** The sources whose secret the headers alone prove, else those whose header for it is present. */
export function sourcesMeant(webhook: Webhook, sources: readonly Source[]): readonly Source[] {
  const proved = sources.filter((source) => source.isProvedBy(webhook, source.secrets));
  if (proved.length > 0) return proved;
  const isShared = (header: string) => sources.filter(({ proofHeaders }) => proofHeaders.includes(header)).length > 1;
  return sources.filter(({ proofHeaders }) =>
    proofHeaders.some((header) => webhook.headers[header] !== undefined && !isShared(header)),
  );
}
