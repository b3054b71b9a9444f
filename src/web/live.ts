import type { Request, RequestHandler, Response } from 'express';

const LOOK_EVERY_MS = 1_000;
/** Proxies cut connections on which nothing passes, often after 60 s. */
const HEARTBEAT_MS = 15_000;
const MAX_LISTENERS = 100;
/** A browser comes back after this when the connection is lost. */
const RETRY_MS = 3_000;
/** A client that reads nothing any more is disconnected: a heartbeat is 3 bytes. */
const MAX_UNREAD_BYTES = 4_096;

export interface Live {
  /** `GET /events`: says that something changed, not what; the page then loads itself again. */
  readonly handle: RequestHandler;
  /** Ends every stream, so that a server can close. Browsers come back to the next one. */
  close(): void;
}

/**
 * One watcher for all clients, and none while there is no client.
 * @param version another one whenever anything may have changed.
 * @param holderOf who listens: the places are shared evenly among them.
 */
export function createLive(version: () => Promise<string>, holderOf: (request: Request) => string = () => ''): Live {
  /** In the order that they came, and whose each is. */
  const listeners = new Map<Response, string>();
  let watching: NodeJS.Timeout | undefined;
  let beating: NodeJS.Timeout | undefined;
  let sentVersion: string | undefined;
  let closed = false;

  const say = (text: string) => {
    for (const response of listeners.keys()) {
      if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
      else response.write(text);
    }
  };
  const look = async () => {
    const now = await version();
    if (sentVersion !== undefined && now !== sentVersion) say(`event: changes\ndata: ${now}\n\n`);
    sentVersion = now;
  };
  const watch = () => {
    // While Redis is away there is nothing to send: what changed meanwhile is sent when it is back.
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
          .json({ error: 'too many pages listen already; this one looks once a minute' });
        return;
      }
      response.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
      response.flushHeaders();
      response.write(`retry: ${RETRY_MS}\n\n`);
      response.on('close', () => leave(response));
      listeners.set(response, holder);
      if (listeners.size > 1) return;
      void look().catch(() => {});
      watch();
      beating = setInterval(() => say(':\n\n'), HEARTBEAT_MS);
    },
    close() {
      closed = true;
      for (const response of [...listeners.keys()]) response.end();
      for (const response of [...listeners.keys()]) leave(response);
    },
  };
}

/**
 * The oldest stream of the reader with the most, where the new reader has at least two fewer: in the end all have the
 * same number.
 */
function oldestOverLimit(listeners: ReadonlyMap<Response, string>, holder: string): Response | undefined {
  const counts = new Map<string, number>();
  for (const one of listeners.values()) counts.set(one, (counts.get(one) ?? 0) + 1);
  const [greediest = '', most = 0] = [...counts].toSorted(([, one], [, other]) => other - one)[0] ?? [];
  if (most < (counts.get(holder) ?? 0) + 2) return undefined;
  return [...listeners].find(([, one]) => one === greediest)?.[0];
}
