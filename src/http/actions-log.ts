import type { Request, RequestHandler } from 'express';
import ipaddr from 'ipaddr.js';
import type { ProxyAuth } from '../config/proxy-auth.ts';

/** An action of a person, for the log. */
export interface Done {
  /** The person that a trusted proxy names or that logged in by a provider, else the name of the token. */
  readonly by: string;
  /** Set where a provider identified the person: the name is not one of a token. */
  readonly login?: 'oidc';
  readonly action: string;
  readonly status: number;
  /** The object of the action, as far as the request names it. */
  readonly to: Readonly<Record<string, string>>;
}

interface Who {
  readonly name?: string;
  readonly login?: 'oidc';
}

export interface ActionLogParts {
  readonly auth: ProxyAuth | undefined;
  /** Undefined, or without a name: nobody is known. */
  readonly whoIs: (request: Request) => Who | undefined;
  readonly onDone: (done: Done) => void;
}

/** In a line of the log, from a request of any length. */
const SHOWN_CHARS = 200;
/** Parameters of a request that may be logged; the others are tokens and texts. */
const LOGGED = ['id', 'sink', 'source', 'deployment', 'webhook', 'kind', 'reason', 'since', 'all', 'show'];

/**
 * Logs every request that changes something, when it is answered. Unauthenticated attempts are logged as refusals
 * elsewhere.
 */
export function logActions({ auth, whoIs, onDone }: ActionLogParts): RequestHandler {
  return (request, response, next) => {
    if (request.method === 'GET' || request.method === 'HEAD') return next();
    const action = request.path.slice(0, SHOWN_CHARS); // a router removes its own part of the path
    response.once('finish', () => {
      const { name, login } = whoIs(request) ?? {};
      if (name === undefined) return;
      const by = (auth && personIn(request, auth)) ?? name;
      onDone({
        by,
        ...(login && { login }),
        action,
        status: response.statusCode,
        to: loggedFieldsOf(request.body),
      });
    });
    next();
  };
}

/** Only from the proxy's own address: the header of any other sender is not believed. */
function personIn(request: Request, { proxy_header, trusted }: ProxyAuth): string | undefined {
  const sent = request.headers[proxy_header];
  const name = typeof sent === 'string' ? sent.trim().slice(0, SHOWN_CHARS) : '';
  return name && isTrusted(request.socket.remoteAddress, trusted) ? name : undefined;
}

function isTrusted(address: string | undefined, trusted: readonly string[]): boolean {
  if (address === undefined || !ipaddr.isValid(address)) return false;
  const peer = ipaddr.process(address);
  return trusted.some((range) => {
    const [network, bits] = ipaddr.isValidCIDR(range)
      ? ipaddr.parseCIDR(range)
      : [ipaddr.process(range), ipaddr.process(range).kind() === 'ipv4' ? 32 : 128];
    return peer.kind() === network.kind() && peer.match(network, bits);
  });
}

function loggedFieldsOf(body: unknown): Record<string, string> {
  if (typeof body !== 'object' || body === null) return {};
  const logged = Object.entries(body).filter(
    ([name, value]) => LOGGED.includes(name) && ['string', 'boolean'].includes(typeof value),
  );
  return Object.fromEntries(logged.map(([name, value]) => [name, String(value).slice(0, SHOWN_CHARS)]));
}
