import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Longest time for a request to come in whole: slow-loris is cut. */
const REQUEST_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 5_000;
const MAX_HEADER_BYTES = 32 * 1024;

export interface OpenServer {
  readonly server: Server;
  readonly url: string;
  /** From now on requests are answered by this one. Those that came before the first have waited. */
  serve(handle: RequestListener): void;
}

/** Listens before anything else is opened. */
export function openServer(config: { readonly host: string; readonly port: number }): Promise<OpenServer> {
  let first: OpenServer['serve'] = () => {};
  let handler = new Promise<RequestListener>((resolve) => {
    first = resolve;
  });
  const serve: OpenServer['serve'] = (handle) => {
    first(handle);
    handler = Promise.resolve(handle);
  };
  const limits = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: 1_000, // Node looks for overdue requests every 30 s by itself
    maxHeaderSize: MAX_HEADER_BYTES,
  };
  const server = createServer(limits, (request, response) => void handler.then((handle) => handle(request, response)));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, () => {
      server.off('error', reject);
      const { address, family, port } = server.address() as AddressInfo; // a TCP server that listens has one
      resolve({ server, serve, url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}` });
    });
  });
}

export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
