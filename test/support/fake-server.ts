import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

export interface FakeRequest {
  readonly method: string;
  /** Without the query, percent-encoded as it came. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Path and query exactly as they came: `path` has been through URL, which encodes braces by itself. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface FakeReply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  /** Text is sent as it is, undefined as nothing, everything else as JSON. */
  readonly body?: unknown;
}

/** What goes wrong, how often, and with which requests. */
export type Fault = (
  | { kind: 'status'; status: number; body?: unknown; headers?: Record<string, string> }
  /** Everything is done, then the connection is cut without an answer. */
  | { kind: 'lost-reply' }
  /** Everything is done, and no answer comes for as long as the caller waits. */
  | { kind: 'silent' }
  /** Everything is done, and another answer is given than the true one: a gateway that gave up. */
  | { kind: 'wrong-reply'; status: number; body?: unknown }
  /** The connection is cut before anything was done. */
  | { kind: 'cut' }
  | { kind: 'delay'; ms: number }
) & {
  /** How many requests it meets. Default 1. */
  times?: number;
  /** The share of requests that it meets, of those it could. Default 1. */
  ratio?: number;
  /** Every nth of the requests that it could meet. Default 1. */
  every?: number;
  method?: string;
  path?: RegExp;
  /** What the body must hold. */
  text?: RegExp;
};

export interface Refused {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly reason: string;
}

export interface LoggedRequest extends FakeRequest {
  /** Epoch milliseconds, when it had come in whole. */
  readonly atMs: number;
  /** Undefined: never answered. */
  status: number | undefined;
}

export interface FakeServer {
  readonly url: string;
  readonly requests: LoggedRequest[];
  /** Every 4xx that was given, with its body. */
  readonly refused: Refused[];
  inject(...faults: Fault[]): void;
  /** Called when a request has been handled, before it is answered: the moment to kill whoever waits for the answer. */
  onHandled(listener: (request: LoggedRequest) => void): void;
  /** No more faults. */
  heal(): void;
  /** Closes the port: connections are refused. */
  down(): Promise<void>;
  /** Opens the same port again. */
  up(): Promise<void>;
  close(): Promise<void>;
}

type Handle = (request: FakeRequest) => FakeReply | Promise<FakeReply>;

/** A real HTTP server on 127.0.0.1 with faults. `random` decides where a fault's `ratio` meets. */
export async function startFakeServer(handle: Handle, random: () => number = Math.random): Promise<FakeServer> {
  const requests: LoggedRequest[] = [];
  const refused: Refused[] = [];
  const faults = createFaults(random);
  const listeners: ((request: LoggedRequest) => void)[] = [];
  const server = createServer(async (incoming, response) => {
    incoming.on('error', () => {}); // the caller hung up
    const request = await read(incoming);
    requests.push(request);
    const reply = await answer(handle, request, faults.take(request));
    for (const listener of listeners) listener(request);
    if (reply === 'cut') return void incoming.socket.destroy();
    if (reply === 'silent') return;
    request.status = reply.status;
    const { method, path } = request;
    if (reply.status >= 400 && reply.status < 500)
      refused.push({ method, path, status: reply.status, reason: asText(reply.body) });
    write(response, reply);
  });
  const { port, up, down } = await open(server);
  const { inject, heal } = faults;
  const onHandled: FakeServer['onHandled'] = (listener) => void listeners.push(listener);
  return { url: `http://127.0.0.1:${port}`, requests, refused, inject, onHandled, heal, down, up, close: down };
}

function createFaults(random: () => number) {
  let faults: (Fault & { left: number; seen: number })[] = [];
  return {
    inject(...more: Fault[]) {
      faults.push(...more.map((fault) => ({ ...fault, left: fault.times ?? 1, seen: 0 })));
    },
    heal() {
      faults = [];
    },
    take(request: FakeRequest): Fault | undefined {
      const fault = faults.find((one) => {
        if (one.left <= 0 || !couldMeet(one, request)) return false;
        one.seen += 1;
        return one.seen % (one.every ?? 1) === 0 && (one.ratio === undefined || random() < one.ratio);
      });
      if (fault) fault.left -= 1;
      return fault;
    },
  };
}

const couldMeet = ({ method, path, text }: Fault, request: FakeRequest): boolean =>
  (method === undefined || method === request.method) &&
  (path === undefined || path.test(request.path)) &&
  (text === undefined || text.test(request.text));

async function answer(handle: Handle, request: FakeRequest, fault?: Fault): Promise<FakeReply | 'cut' | 'silent'> {
  if (fault?.kind === 'cut') return 'cut';
  if (fault?.kind === 'status') {
    const { status, body = { message: `injected ${status}` }, headers = {} } = fault;
    return { status, body, headers };
  }
  if (fault?.kind === 'delay') await wait(fault.ms);
  const reply = await handle(request);
  if (fault?.kind === 'lost-reply') return 'cut';
  if (fault?.kind === 'silent') return 'silent';
  return fault?.kind === 'wrong-reply' ? { status: fault.status, body: fault.body } : reply;
}

async function read(incoming: IncomingMessage): Promise<LoggedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const url = new URL(incoming.url ?? '/', 'http://fake');
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    target: incoming.url ?? '/',
    headers: incoming.headers,
    text: Buffer.concat(chunks).toString('utf8'),
    atMs: Date.now(),
    status: undefined,
  };
}

/** Opens any free port, and the same one again after it was closed. */
async function open(server: Server) {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  const port = await listen(server, 0);
  const down = async () => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const up = async () => {
    if (!server.listening) await listen(server, port);
  };
  return { port, down, up };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port); // a TCP server has an AddressInfo
    });
  });
}

const asText = (body: unknown): string => (typeof body === 'string' ? body : (JSON.stringify(body) ?? ''));

function write(response: ServerResponse, { status, headers = {}, body }: FakeReply): void {
  const type = typeof body === 'string' ? 'text/plain' : 'application/json';
  response.writeHead(status, { ...(body !== undefined && { 'content-type': type }), ...headers });
  response.end(body === undefined ? undefined : asText(body));
}
