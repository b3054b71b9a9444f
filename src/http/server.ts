import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../values/within.ts';
import { stripBase, toOriginForm } from './base-path.ts';
import { watchConnections } from './connections.ts';
import { answerUnreadable, type OnUnreadable, refuseWithoutHost } from './unreadable.ts';

/** The longest time for a request to arrive completely: cuts slow-loris attacks. */
const REQUEST_TIMEOUT_MS = 8_000; // plus up to a second until Node checks
const HEADERS_TIMEOUT_MS = 5_000; // of these
/** Connections that wait to be accepted in a burst. The kernel's own limit is often the same. */
const BACKLOG = 4_096;
/**
 * Longer than load balancers keep an idle connection (60 s): the load balancer must close first, never we while a
 * request arrives.
 */
const KEEP_ALIVE_MS = 65_000;
const MAX_HEADER_BYTES = 32 * 1024; // twice Node's default: proxies add cookies and tokens
/**
 * While the server stops, every answer says that it is the connection's last, so that senders go elsewhere; a request
 * that arrives on a connection at the moment of its closing would get no answer.
 */
const FAREWELL_MS = 500;
/**
 * Requests are answered within 2 s; a sender that has not sent a whole request by then must not hold up the shutdown.
 */
const CLOSE_WITHIN_MS = 3_000;

export interface OpenServer {
  readonly server: Server;
  readonly url: string;
  /** From now on requests are answered by this handler. Those that came before the first handler have waited. */
  serve(app: RequestListener, base?: string): void;
}

export interface ServerParts {
  readonly host: string;
  readonly port: number;
  /** What was sent was no HTTP request, and is in no inbox. */
  readonly onUnreadable?: OnUnreadable;
}

/** Listens before anything else is opened. */
export function openServer({ host, port, onUnreadable = () => {} }: ServerParts): Promise<OpenServer> {
  let first = (_handle: RequestListener) => {};
  let handler = new Promise<RequestListener>((resolve) => {
    first = resolve;
  });
  let prefix = '';
  const serve: OpenServer['serve'] = (app, base = '') => {
    prefix = base;
    first(app);
    handler = Promise.resolve(app);
  };
  const options = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: 1_000, // by default Node checks for overdue requests every 30 s
    maxHeaderSize: MAX_HEADER_BYTES,
    joinDuplicateHeaders: true, // otherwise the second of two Authorization headers is dropped silently
    requireHostHeader: false, // Node's own answer is an empty 400
  };
  const server = createServer(options, (request, response) =>
    connections.inTurn(request, response, () => {
      if (refuseWithoutHost(request, response, onUnreadable)) return;
      if (closing.has(server)) response.setHeader('connection', 'close');
      toOriginForm(request);
      stripBase(request, prefix);
      void handler.then((handle) => handle(request, response));
    }),
  );
  answerHalfClosed(server);
  answerUnreadable(server, onUnreadable);
  // Node would refuse an unknown expectation with an empty 417. A server may ignore it (RFC 9110, section 10.1.1).
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  const connections = watchConnections(server);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, BACKLOG, () => {
      server.off('error', reject);
      const { address, family, port } = server.address() as AddressInfo; // a TCP server that listens has one
      resolve({ server, serve, url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}` });
    });
  });
}

/**
 * A client may send its request and close its sending side (`nc -N`, some Perl and Lua clients): it still reads the
 * answer, after which the connection is closed. By default Node closes it at once, before an answer that waits for
 * Redis. No connection stays open for it: an incomplete request is refused with 400, and one without a request closed.
 */
function answerHalfClosed(server: Server): void {
  Object.assign(server, { httpAllowHalfOpen: true }); // of Node's server since 0.4, and not among its types
}

const closing = new WeakSet<Server>();

/** Accepts no new connection after a short delay, and answers the requests that were received. */
export async function closeServer(server: Server): Promise<void> {
  closing.add(server);
  await sleep(FAREWELL_MS);
  await nextIdle();
  // Not the HTTP server's own close(), which cuts connections whose request has not been read yet.
  const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
  const late = setTimeout(() => server.closeAllConnections(), CLOSE_WITHIN_MS);
  await within(FAREWELL_MS, closed, () => {});
  await nextIdle();
  server.closeIdleConnections();
  await closed;
  clearTimeout(late);
}

/** A turn that did no work takes less. */
const QUIET_MS = 0.3;
/** A server under full load has no idle turn: it closes all the same. */
const MOST_TURNS = 2_000;

/**
 * Resolves right after the event loop polled the network and found nothing: everything that arrived by then is accepted
 * and read. What arrives between that poll and the close gets no answer, so that the interval must be short.
 */
async function nextIdle(): Promise<void> {
  for (let turns = 0; turns < MOST_TURNS; turns += 1) {
    const fromMs = performance.now();
    // After the timers and the network, before anything else (libuv's "check").
    await new Promise((resolve) => setImmediate(resolve));
    if (turns > 0 && performance.now() - fromMs < QUIET_MS) return;
  }
}
