// The addresses of our pages: made and recognised here. web/router.tsx answers them.
import { hideSecrets } from './secret-shapes.ts';
import { wellFormed } from './text.ts';

/**
 * A lone surrogate cannot occur in a URL; the store keeps U+FFFD in its place as well. Of a key with a secret in it,
 * which an earlier release may have made, the part that may be shown.
 */
export const deploymentPath = (key: string): string =>
  `/deployments/${encodeURIComponent(hideSecrets(wellFormed(key))).replaceAll('%3A', ':')}`;

export const webhookPath = (id: string): string => `/inbox/${encodeURIComponent(id)}`;

export const alertPath = (id: string): string => `/alerts/${encodeURIComponent(id)}`;

/** The key or an alias of a deployment, or the id of a webhook: whether there is one is another question. */
export interface NamedRecord {
  /** The page in whose address it was. Undefined: it was written by itself. */
  readonly page?: OwnPage;
  readonly name: string;
}
type OwnPage = 'deployments' | 'inbox';

/** Keys of deployments have a colon, and ids of webhooks are UUIDs: other texts, and other addresses, are no names. */
const NAME = /^(?:[^\s:]+:\S.*|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/;
const MIN_CHARS = 8; // a shorter text is a word, such as `a:b`
const MAX_CHARS = 1_000; // longer than any key (domain/bounded-record.ts)

/** What a text names that is a key, an alias, an id, or the address of the page that shows one. */
export function namedIn(text: string | undefined): NamedRecord | undefined {
  const written = text?.trim() ?? '';
  const page = pageIn(written);
  if (page && isName(page.name)) return page;
  return isName(written) && !/\s/.test(written) ? { name: written } : undefined;
}

const isName = (text: string): boolean => text.length >= MIN_CHARS && text.length <= MAX_CHARS && NAME.test(text);

function pageIn(address: string): Required<NamedRecord> | undefined {
  if (!URL.canParse(address)) return undefined;
  const [, page, name] = /\/(deployments|inbox)\/([^/].*)$/.exec(new URL(address).pathname) ?? [];
  if (name === undefined) return undefined;
  try {
    return { page: page as OwnPage, name: decodeURIComponent(name) };
  } catch {
    return undefined; // a lone "%"
  }
}
