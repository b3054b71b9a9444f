import type { IncomingMessage } from 'node:http';
import type { RequestHandler, Response } from 'express';

/** "/shiplog" of "https://tools.example.com/shiplog/"; empty at the root of a host. */
export const basePathOf = (publicUrl: string | undefined): string =>
  publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, '');

/** `POST http://host/path`, as clients write for a proxy: a server must accept it (RFC 9112, section 3.2.2). */
export function toOriginForm(request: IncomingMessage): void {
  const [, rest] = /^https?:\/\/[^/?#]*(.*)$/i.exec(request.url ?? '') ?? [];
  if (rest !== undefined) request.url = rest.startsWith('/') ? rest : `/${rest}`;
}

/** For a proxy that keeps the prefix: everything behind this handler sees the path without it. */
export function stripBase(request: IncomingMessage, base: string): void {
  const url = request.url ?? '/';
  if (base === '' || !url.startsWith(base)) return;
  const rest = url.slice(base.length);
  if (rest === '' || rest.startsWith('/') || rest.startsWith('?'))
    request.url = rest.startsWith('/') ? rest : `/${rest}`;
}

const PREFIX = /^(?:\/[A-Za-z0-9._~-]{1,50}){1,5}$/;
/** Attributes that hold an address, and a refresh that does. A quote in a text is always escaped. */
const ADDRESS = /((?:\s(?:href|src|action|formaction|data-live)="|content="0; url=))\/(?!\/)/g;

/**
 * Pages are written for the root of a host. Where a proxy shows them below a path, every address in them gets that
 * prefix: the path of `public_url`, or what a trusted proxy that removed it says in X-Forwarded-Prefix.
 */
export function underBase(base: string, trustsProxy: boolean): RequestHandler {
  return (request, response, next) => {
    const forwarded = trustsProxy ? request.get('x-forwarded-prefix')?.replace(/\/$/, '') : undefined;
    const prefix = forwarded !== undefined && PREFIX.test(forwarded) ? forwarded : base;
    prefixes.set(request, prefix);
    if (prefix !== '') rewrite(response, prefix);
    next();
  };
}

const prefixes = new WeakMap<object, string>();
/** The path below which the sender of the request sees this bridge; empty at the root of a host. */
export const prefixOf = (request: object): string => prefixes.get(request) ?? '';

function rewrite(response: Response, prefix: string): void {
  const send = response.send.bind(response);
  response.send = (body?: unknown) => {
    const isPage =
      typeof body === 'string' && String(response.get('content-type') ?? 'text/html').startsWith('text/html');
    return send(isPage ? body.replace(ADDRESS, `$1${prefix}/`) : body);
  };
  const redirect = response.redirect.bind(response);
  response.redirect = (...given: readonly unknown[]) => {
    const [status, url] = given.length > 1 ? [Number(given[0]), String(given[1])] : [302, String(given[0])];
    redirect(status, url.startsWith('/') && !url.startsWith('//') ? prefix + url : url);
  };
}
