import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Dispatcher } from 'undici';
import { AddressRefused } from './guard.ts';

/** The proxies for outgoing requests, as the environment names them. */
export interface Proxies {
  /** HTTP_PROXY: for http:// addresses. */
  readonly http?: string | undefined;
  /** HTTPS_PROXY: for https:// addresses. */
  readonly https?: string | undefined;
  /** NO_PROXY: hosts that are reached without a proxy. */
  readonly except?: string | undefined;
}

/** For the whole process, from its environment. Set when the configuration is loaded, before the first request. */
let proxies: Proxies = {};

export function useProxies(next: Proxies): void {
  proxies = next;
}

/** To one host, of all sinks together: further requests wait for a free connection. */
const CONNECTIONS = 32;

/** A tenth of a start, and no webhook needs it: it is loaded with the first request that goes out. */
let undici: typeof import('undici') | undefined;

/**
 * Chooses whether a request goes out directly or by a proxy.
 * @throws AddressRefused
 */
export type Egress = (url: URL) => Promise<Dispatcher>;

/**
 * Directly, or by the proxy for this address. A proxy resolves names by itself, so `lookup` checks them first: a name
 * that resolves to a blocked address here is not passed to the proxy. A name that cannot be resolved here is left to
 * the proxy, since networks with a proxy often resolve no outside name. The proxy itself may have any address.
 */
export function createEgress(lookup: LookupFunction): Egress {
  let direct: Dispatcher | undefined;
  const byProxy = new Map<string, Dispatcher>();
  return async (url) => {
    undici ??= await import('undici');
    const { Agent, ProxyAgent } = undici;
    const proxy = proxyFor(url, proxies);
    if (proxy === undefined) {
      direct ??= new Agent({ connections: CONNECTIONS, connect: { lookup } });
      return direct;
    }
    await judge(url.hostname, lookup);
    // Without a tunnel for http://, as curl does it: most proxies open tunnels to port 443 alone.
    const agent = byProxy.get(proxy) ?? new ProxyAgent({ uri: proxy, proxyTunnel: false, connections: CONNECTIONS });
    byProxy.set(proxy, agent);
    return agent;
  };
}

/** The proxy for requests to this address. Loopback addresses are this machine, never the proxy's. */
export function proxyFor(url: URL, { http, https, except = '' }: Proxies): string | undefined {
  const proxy = url.protocol === 'https:' ? https : http;
  if (proxy === undefined || isLoopback(hostOf(url))) return undefined;
  return except.split(/[,\s]+/).some((entry) => entry !== '' && names(entry.toLowerCase(), url)) ? undefined : proxy;
}

/** `*`, a host with all below it (example.com, *.example.com), an address or a range; a port may follow. */
function names(entry: string, url: URL): boolean {
  if (entry === '*') return true;
  const host = hostOf(url);
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  if (ipaddr.isValid(host)) {
    if (ipaddr.isValidCIDR(entry)) return isInRange(host, entry);
    if (ipaddr.isValid(entry)) return isSameAddress(host, entry);
  }
  const [, written = entry, itsPort] = /^(.*):(\d{1,5})$/.exec(entry) ?? [];
  if (itsPort !== undefined && itsPort !== port) return false;
  const bare = written.replace(/^\[|\]$/g, '').replace(/^\*?\./, '');
  if (bare === '') return false;
  if (ipaddr.isValid(host)) return ipaddr.isValid(bare) && isSameAddress(host, bare);
  return host === bare || host.endsWith(`.${bare}`);
}

const hostOf = ({ hostname }: URL): string =>
  hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');

const isSameAddress = (one: string, other: string): boolean =>
  ipaddr.process(one).toNormalizedString() === ipaddr.process(other).toNormalizedString();

function isInRange(address: string, range: string): boolean {
  const parsed = ipaddr.process(address);
  const [base, bits] = ipaddr.parseCIDR(range);
  return parsed.kind() === base.kind() && parsed.match(base, bits);
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' ||
  host.endsWith('.localhost') ||
  (ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback');

/** A numeric address was configured on purpose, as without a proxy. */
function judge(hostname: string, lookup: LookupFunction): Promise<void> {
  if (ipaddr.isValid(hostname.replace(/^\[|\]$/g, ''))) return Promise.resolve();
  return new Promise((resolve, reject) => {
    lookup(hostname, { all: true }, (error) => (error instanceof AddressRefused ? reject(error) : resolve()));
  });
}

/** The proxy would not let the request through: it never left. */
class ProxyRefused extends Error {
  override readonly name = 'ProxyRefused';
  readonly code = 'PROXY_REFUSED';
}

/** undici's message for a CONNECT that was not answered 200 (lib/dispatcher/proxy-agent.js). */
const REFUSED = /^Proxy response \((\d{3})\) !== 200/;

export function withProxyNamed(cause: unknown): unknown {
  const status = cause instanceof Error ? REFUSED.exec(cause.message)?.[1] : undefined;
  if (status === undefined) return cause;
  const advice =
    status === '407'
      ? 'write user and password into the address of the proxy'
      : 'have the proxy let this host through, or name it in NO_PROXY';
  return new ProxyRefused(`the proxy answered ${status}: ${advice}`, { cause });
}
