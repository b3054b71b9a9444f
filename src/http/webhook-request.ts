import { randomUUID } from 'node:crypto';
import type { Request } from 'express';
import type { Webhook, WebhookHead } from '../sources/source.ts';
import { networkOf } from './refusals.ts';

/** Without the query. Doubled slashes are one: a base URL that ends in a slash is a common slip. */
export const pathOf = (url: string): string => (url.split('?')[0] ?? '/').replace(/\/{2,}/g, '/');

/** @param url path and query, as sent */
export function toHead(request: Request, url: string): WebhookHead {
  const [, query = ''] = url.split(/\?(.*)/s);
  return {
    id: randomUUID(),
    method: request.method,
    path: pathOf(url),
    ...(query && { query }),
    headers: headersOf(request),
    receivedAt: new Date(),
    address: networkOf(request.ip),
  };
}

/**
 * Not the request's own `headers`: of two Authorization headers they hold the first alone, and two tokens must be one
 * wrong token.
 */
function headersOf({ rawHeaders }: Request): Webhook['headers'] {
  const headers: Record<string, string> = Object.create(null);
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    const value = rawHeaders[at + 1] ?? '';
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return headers;
}
