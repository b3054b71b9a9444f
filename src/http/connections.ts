import { readFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { cutUnlessComplete } from './discard.ts';

/** An idle connection costs some ten kilobytes. */
const MOST_CONNECTIONS = 8_192;
/** The share of the process's file descriptors; Redis, the spool and the destinations need the others. */
const SHARE_OF_FILES = 3 / 4;
/**
 * The share of the connections that is used freely. Beyond it, unauthenticated ones make room, so that a new connection
 * is never refused.
 */
const CROWDED = 3 / 4;
/**
 * Requests that wait on one connection for the answer to the previous one. Node parses everything that came in one
 * chunk, some 800 in 64 KB; no tool sends a second webhook before the first is answered, and hardly any proxy does.
 */
const MOST_WAITING = 64;

/**
 * Connections whose first bytes are read in one turn of the event loop. A chunk of 64 KB in HTTP chunks of a byte takes
 * the parser ten milliseconds: a hundred of them parsed in a row would delay every request that waits for Redis.
 */
const STARTED_A_TURN = 4;

interface Turn {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly handle: () => void;
}

/** The requests of one connection. */
interface Line {
  isRunning: boolean;
  readonly waiting: Turn[];
}

export interface Connections {
  /** Handles a request as soon as the previous ones on the same connection are answered. */
  inTurn(request: IncomingMessage, response: ServerResponse, handle: () => void): void;
}

/**
 * Keeps unauthenticated connections from costing the others: when there are too many, the oldest that never had a
 * webhook accepted is closed, since an authentic one is accepted within milliseconds; and each connection has one
 * running request, so that all get the same share of the time.
 */
export function watchConnections(server: Server, most = connectionsAllowed()): Connections {
  const unproved = new Set<Socket>(); // in the order in which they came
  const lines = new Map<Socket, Line>();
  const startReading = createStart();
  let open = 0;
  server.maxConnections = most;
  server.on('drop', () => server.closeIdleConnections());
  server.on('connection', (socket) => {
    open += 1;
    if (open > most * CROWDED) closeOldest(unproved);
    unproved.add(socket);
    lines.set(socket, { isRunning: false, waiting: [] });
    startReading(socket);
    socket.once('close', () => {
      open -= 1;
      unproved.delete(socket);
      lines.delete(socket);
    });
  });
  const start = (line: Line, { request, response, handle }: Turn) => {
    const { socket, method } = request;
    line.isRunning = true;
    response.on('close', () => {
      if (!socket.destroyed) cutUnlessComplete(request);
      if (method === 'POST' && response.statusCode < 300) unproved.delete(socket);
      const next = line.waiting.shift();
      if (next && !socket.destroyed) start(line, next);
      else line.isRunning = false;
    });
    handle();
  };
  return {
    inTurn(request, response, handle) {
      const { socket } = request;
      const line = lines.get(socket);
      if (!line || socket.destroyed) return;
      const turn = { request, response, handle };
      if (!line.isRunning) start(line, turn);
      else if (line.waiting.length < MOST_WAITING) line.waiting.push(turn);
      else cutFlood(socket);
    },
  };
}

/** Lets this many connections begin in each turn of the event loop, the others in their order. */
function createStart() {
  const waiting: Socket[] = [];
  let started = 0;
  const turn = () => {
    const next = waiting.splice(0, STARTED_A_TURN);
    for (const socket of next) socket.resume();
    started = next.length;
    if (started > 0) setImmediate(turn);
  };
  return (socket: Socket) => {
    if (started === 0) setImmediate(turn);
    if (started < STARTED_A_TURN) started += 1;
    else waiting.push(socket.pause());
  };
}

/**
 * Node creates an error for each request that is cut off with its connection; the stack traces alone would take
 * seconds.
 */
function cutFlood(socket: Socket): void {
  const limit = Error.stackTraceLimit;
  socket.prependOnceListener('close', () => {
    Error.stackTraceLimit = 0;
  });
  socket.once('close', () => {
    Error.stackTraceLimit = limit;
  });
  socket.destroy();
}

function closeOldest(sockets: Set<Socket>): void {
  const [oldest] = sockets;
  if (!oldest) return;
  sockets.delete(oldest);
  oldest.destroy();
}

/** Node raises the limit of files to the maximum when it starts. */
export function connectionsAllowed(limits = readLimits()): number {
  const files = Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  return Math.min(MOST_CONNECTIONS, Math.floor(files * SHARE_OF_FILES));
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return ''; // not Linux
  }
}
