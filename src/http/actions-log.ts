import type { Request, RequestHandler } from 'express';
import ipaddr from 'ipaddr.js';
import type { ProxyAuth } from '../config/proxy-auth.ts';

/** What somebody has done, for the log. */
export interface Done {
  /** The person that a trusted proxy names or that logged in by a provider, else the name of the token. */
  readonly by: string;
  /** Set where a provider says who it was: the name is not one of a token. */
  readonly login?: 'oidc';
  readonly action: string;
  readonly status: number;
  /** What it was done to, as far as it was said. */
  readonly to: Readonly<Record<string, string>>;
}

interface Who {
  readonly name?: string;
  readonly login?: 'oidc';
}

export interface ActionLogParts {
  readonly auth: ProxyAuth | undefined;
  /** Undefined, or without a name: a stranger. */
  readonly whoIs: (request: Request) => Who | undefined;
  readonly onDone: (done: Done) => void;
}

const SHOWN_CHARS = 200;
/** Of what an order or a form says; the rest is tokens and texts. */
const SAID = ['id', 'sink', 'source', 'deployment', 'webhook', 'kind', 'reason', 'since', 'all', 'show'];

/**
 * Notes every request that changes something, when it is answered. What strangers tried is noted as a refusal
 * elsewhere.
 */
export function logActions({ auth, whoIs, onDone }: ActionLogParts): RequestHandler {
  return (request, response, next) => {
    if (request.method === 'GET' || request.method === 'HEAD') return next();
    const action = request.path.slice(0, SHOWN_CHARS); // a router cuts its own part off
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

/** Only from the proxy's own address: its header is believed, and nobody else's. */
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
    ([name, value]) => SAID.includes(name) && ['string', 'boolean'].includes(typeof value),
  );
  return Object.fromEntries(logged.map(([name, value]) => [name, String(value).slice(0, SHOWN_CHARS)]));
}
