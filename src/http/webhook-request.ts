import { randomUUID } from 'node:crypto';
import type { Request } from 'express';
import type { Webhook, WebhookHead } from '../sources/received-webhook.ts';
import { networkOf } from './refusals.ts';

/** Without the query. Doubled slashes count as one: a base URL with a trailing slash is a common slip. */
export const pathOf = (url: string): string => (url.split('?')[0] ?? '/').replace(/\/{2,}/g, '/');

/** @param url path and query, as sent */
export function toHead(request: Request, url: string): WebhookHead {
  const mark = url.indexOf('?');
  const query = mark < 0 ? '' : url.slice(mark + 1);
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

/** Joined as the server does (`joinDuplicateHeaders`): two tokens must be one wrong token. */
function headersOf({ headers }: Request): Webhook['headers'] {
  if (!headers['set-cookie']) return headers as Webhook['headers']; // the only header with a list
  return { ...headers, 'set-cookie': headers['set-cookie'].join(', ') };
}
