import { z } from 'zod';
import { isSecretParameter } from './secret-names.ts';

/** What a record keeps; browsers and proxies accept no longer ones. */
export const URL_CHARS = 2_000;
/** A longer text is no address that anybody could follow. Its beginning is kept so that the record can note it. */
const READ_URL_CHARS = 4_000;

/** An address in the configuration. */
export const webUrl = (error: string) => z.url({ protocol: /^https?$/, error });

/** Most addresses have neither a user nor parameters: parsing those as well would cost ten times as much. */
const PLAIN_URL = /^https?:\/\/[^\s@?#]+$/;

/** An absolute http(s) address, parsed; undefined for anything else. */
export function parseWebUrl(text: string | null | undefined): URL | undefined {
  const trimmed = text?.trim() ?? '';
  const start = trimmed.slice(0, 8).toLowerCase();
  if (!start.startsWith('http://') && !start.startsWith('https://')) return undefined;
  const cut = trimmed.length > READ_URL_CHARS ? trimmed.slice(0, READ_URL_CHARS) : trimmed;
  return URL.canParse(cut) ? new URL(cut) : undefined;
}

/**
 * An address as it may be kept, shown and sent on: http(s), without user and password, and without the values of
 * parameters that grant access. Returns the same text where nothing had to be removed.
 */
export function safeUrl(text: string | null | undefined): string | undefined {
  if (text && text.length <= URL_CHARS && PLAIN_URL.test(text)) return URL.canParse(text) ? text : undefined;
  const url = parseWebUrl(text);
  if (!url) return undefined;
  const kept = (text ?? '').trim();
  const search = withoutSecrets(url.search, '?');
  const hash = withoutSecrets(url.hash, '#');
  const isClean = !url.username && !url.password && search === url.search && hash === url.hash;
  if (isClean) return kept.length > READ_URL_CHARS ? kept.slice(0, READ_URL_CHARS) : kept;
  url.username = '';
  url.password = '';
  url.search = search;
  url.hash = hash;
  return url.href;
}

/** Implicit grants put the token into the fragment. */
function withoutSecrets(parameters: string, sign: '?' | '#'): string {
  if (!parameters.includes('=')) return parameters;
  const parts = parameters.slice(1).split('&');
  const kept = parts.filter((part) => !isSecretParameter(nameOf(part)));
  return kept.length === parts.length ? parameters : kept.length === 0 ? '' : `${sign}${kept.join('&')}`;
}

function nameOf(parameter: string): string {
  const name = parameter.split('=', 1)[0] ?? '';
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // a lone "%" is literal
  }
}

/**
 * An address as a URI (RFC 3986), for strict destinations: a tool may write anything, and browsers are less strict (URL
 * leaves "|" as it is). Undefined for what is no address.
 */
export function uriOf(text: string | null | undefined): string | undefined {
  const url = parseWebUrl(text);
  if (!url) return undefined;
  const { origin, pathname, search, hash } = url;
  const strange = /%(?![0-9a-f]{2})|[^\w.~:/?#@!$&'()*+,;=%-]/gi;
  return `${origin}${`${pathname}${search}${hash}`.replace(strange, encodeURIComponent)}`;
}

/** For the schema of a source: anything else is left out. */
export const Url = z.transform((value: unknown) => (typeof value === 'string' ? safeUrl(value) : undefined));
