import type { Request, RequestHandler, Response } from 'express';

/** One small read from Redis for all pages that are open. */
const LOOK_EVERY_MS = 1_000;
/** Proxies close idle connections, often after 60 s. */
const HEARTBEAT_MS = 15_000;
/** Open pages. Each costs a connection and a message per change; further ones look once a minute. */
const MAX_LISTENERS = 100;
/** A browser reconnects after this when the connection is lost. */
const RETRY_MS = 3_000;
/** A client that no longer reads is disconnected: a heartbeat is 3 bytes. */
const MAX_UNREAD_BYTES = 4_096;

export interface Live {
  /** `GET /events`: says that something changed, not what; the page then loads itself again. */
  readonly handle: RequestHandler;
  /** Ends every stream, so that a server can close. Browsers reconnect to the next one. */
  close(): void;
}

/**
 * One poll for all clients, and none while there is no client.
 * @param version changes whenever anything may have changed
 * @param holderOf who listens: the streams are shared evenly among them
 */
export function createLive(version: () => Promise<string>, holderOf: (request: Request) => string = () => ''): Live {
  /** In their order, with the holder of each. */
  const listeners = new Map<Response, string>();
  let watching: NodeJS.Timeout | undefined;
  let beating: NodeJS.Timeout | undefined;
  let sentVersion: string | undefined;
  let closed = false;

  const send = (text: string) => {
    for (const response of listeners.keys()) {
      if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
      else response.write(text);
    }
  };
  const look = async () => {
    const now = await version();
    if (sentVersion !== undefined && now !== sentVersion) send(`event: changes\ndata: ${now}\n\n`);
    sentVersion = now;
  };
  const watch = () => {
    // While Redis is away nothing is sent: what changed meanwhile is sent when it is back.
    watching = setTimeout(
      () =>
        void look()
          .catch(() => {})
          .finally(() => listeners.size > 0 && watch()),
      LOOK_EVERY_MS,
    );
  };
  const leave = (response: Response) => {
    listeners.delete(response);
    if (listeners.size > 0) return;
    clearTimeout(watching);
    clearInterval(beating);
    sentVersion = undefined;
  };
  return {
    handle(request, response) {
      const holder = holderOf(request);
      const surplus = listeners.size >= MAX_LISTENERS ? oldestOverLimit(listeners, holder) : undefined;
      surplus?.end();
      if (surplus) leave(surplus);
      if (closed || listeners.size >= MAX_LISTENERS) {
        response
          .set('retry-after', '60')
          .status(503)
          .json({ error: 'too many open pages: this one updates once a minute' });
        return;
      }
      response.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
      response.flushHeaders();
      response.write(`retry: ${RETRY_MS}\n\n`);
      response.on('close', () => leave(response));
      // A stream never ends by itself: a client that stops sending is gone (http/server.ts answers the others).
      if (request.socket.readableEnded) response.end();
      else request.socket.once('end', () => response.end());
      listeners.set(response, holder);
      if (listeners.size > 1) return;
      void look().catch(() => {});
      watch();
      beating = setInterval(() => send(':\n\n'), HEARTBEAT_MS);
    },
    close() {
      closed = true;
      for (const response of [...listeners.keys()]) response.end();
      for (const response of [...listeners.keys()]) leave(response);
    },
  };
}

/**
 * The oldest stream of the reader with the most, if the new reader has at least two fewer: eventually all have the same
 * number.
 */
function oldestOverLimit(listeners: ReadonlyMap<Response, string>, holder: string): Response | undefined {
  const counts = new Map<string, number>();
  for (const one of listeners.values()) counts.set(one, (counts.get(one) ?? 0) + 1);
  const [greediest = '', most = 0] = [...counts].toSorted(([, one], [, other]) => other - one)[0] ?? [];
  if (most < (counts.get(holder) ?? 0) + 2) return undefined;
  return [...listeners].find(([, one]) => one === greediest)?.[0];
}
