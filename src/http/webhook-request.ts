import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Webhook, WebhookHead } from '../sources/received-webhook.ts';
import { networkOf } from './refusals.ts';

/** Without the query. Doubled slashes count as one: a base URL with a trailing slash is a common slip. */
export function pathOf(url: string): string {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  return path.includes('//') ? path.replace(/\/{2,}/g, '/') : path;
}

/**
 * @param url path and query, as sent
 * @param ip the address of the sender
 */
export function toHead(request: IncomingMessage, url: string, ip: string | undefined): WebhookHead {
  const mark = url.indexOf('?');
  const query = mark < 0 ? '' : url.slice(mark + 1);
  return {
    id: randomUUID(),
    method: request.method ?? '',
    path: pathOf(url),
    ...(query && { query }),
    headers: headersOf(request),
    receivedAt: new Date(),
    address: networkOf(ip),
  };
}

/** Joined as the server does (`joinDuplicateHeaders`): two tokens must be one wrong token. */
function headersOf({ headers }: IncomingMessage): Webhook['headers'] {
  if (!headers['set-cookie']) return headers as Webhook['headers']; // the only header with a list
  return { ...headers, 'set-cookie': headers['set-cookie'].join(', ') };
}

/**
 * The address of the sender. Each proxy adds the address that it saw to X-Forwarded-For, and as many of them are
 * trusted; what stands before, the sender may have written itself.
 */
export function addressOf({ socket, headers }: IncomingMessage, trustProxy: number): string | undefined {
  const forwarded = trustProxy > 0 ? headers['x-forwarded-for'] : undefined;
  if (forwarded === undefined) return socket.remoteAddress;
  const seen = String(forwarded)
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '');
  return seen.at(-Math.min(trustProxy, seen.length)) ?? socket.remoteAddress;
}
