import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A wire between two programs that can be made bad while it is in use. */
export interface Wire {
  readonly port: number;
  /** Connections that are open just now. */
  open(): number;
  /** Milliseconds that a request and its answer take longer, together. */
  setLatency(ms: number): void;
  /** The share of packets that are lost: each comes again after 200 ms, as TCP does it. */
  setLoss(share: number): void;
  /** Bytes a second and direction. */
  setThrottle(bytesPerSecond: number): void;
  /** Accepts connections and bytes and passes nothing on. Ending it lets through what waited. */
  setBlackHole(on: boolean): void;
  /** Answers go nowhere: what is sent arrives, then the connection is reset. */
  setResetAfterSend(on: boolean): void;
  /** Refuses new connections. */
  setRefusing(on: boolean): Promise<void>;
  /** Where new connections lead. Those that are open stay. */
  setTarget(port: number): void;
  /** Resets every connection that is open. */
  cut(): void;
  /**
   * Sees every piece on its way to the target before it is passed on. `drop` passes nothing of it on, and nothing after it.
   */
  onRequest(watch: ((bytes: Buffer) => 'pass' | 'drop') | undefined): void;
  heal(): Promise<void>;
  close(): Promise<void>;
}

const RETRANSMIT_MS = 200; // TCP's least time to send again

interface Condition {
  latencyMs: number;
  loss: number;
  bytesPerSecond: number;
  blackHole: boolean;
  resetAfterSend: boolean;
  target: number;
  watch: ((bytes: Buffer) => 'pass' | 'drop') | undefined;
}

const SOUND = { latencyMs: 0, loss: 0, bytesPerSecond: Number.POSITIVE_INFINITY, blackHole: false };

/** A TCP proxy on a free port of 127.0.0.1. `random` decides which packets are lost. */
export async function startWire(target: number, random: () => number): Promise<Wire> {
  const wire: Condition = { ...SOUND, resetAfterSend: false, target, watch: undefined };
  const set = (change: Partial<Condition>) => void Object.assign(wire, change);
  const pairs = new Set<Pair>();
  const server = createServer((client) => {
    const pair = join(client, wire, random);
    pairs.add(pair);
    client.once('close', () => pairs.delete(pair));
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const cut = () => {
    for (const pair of pairs) pair.reset();
  };
  await listen(0);
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  const setRefusing = async (on: boolean) => {
    if (on && server.listening) server.close();
    if (!on && !server.listening) await listen(port);
  };
  const setBlackHole = (on: boolean) => {
    wire.blackHole = on;
    if (!on) for (const pair of pairs) pair.flush();
  };
  return {
    port,
    open: () => pairs.size,
    setLatency: (ms) => set({ latencyMs: ms }),
    setLoss: (share) => set({ loss: share }),
    setThrottle: (bytesPerSecond) => set({ bytesPerSecond }),
    setBlackHole,
    setResetAfterSend: (on) => set({ resetAfterSend: on }),
    setRefusing,
    setTarget: (to) => set({ target: to }),
    cut,
    onRequest: (watch) => set({ watch }),
    async heal() {
      Object.assign(wire, SOUND, { resetAfterSend: false, watch: undefined });
      setBlackHole(false);
      await setRefusing(false);
    },
    async close() {
      server.close();
      cut();
    },
  };
}

interface Pair {
  reset(): void;
  flush(): void;
}

/** One connection on either side, and a lane for each direction. */
function join(client: Socket, wire: Condition, random: () => number): Pair {
  const server = connect(wire.target, '127.0.0.1');
  const reset = () => {
    client.resetAndDestroy();
    server.destroy();
  };
  const up = createLane(server, wire, random);
  const down = createLane(client, wire, random);
  let dropped = false;
  for (const [socket, other] of [
    [client, server],
    [server, client],
  ] as const) {
    socket.setNoDelay(true);
    socket.on('error', () => other.destroy());
    socket.on('close', () => other.destroy());
  }
  client.on('data', (bytes: Buffer) => {
    dropped ||= wire.watch?.(bytes) === 'drop';
    if (!dropped) up.push(bytes);
  });
  server.on('data', (bytes: Buffer) => {
    if (wire.resetAfterSend) reset();
    else down.push(bytes);
  });
  const flush = () => {
    up.flush();
    down.flush();
  };
  return { reset, flush };
}

/** Passes pieces on in their order, each at its time: no piece overtakes the one before it. */
function createLane(to: Socket, wire: Condition, random: () => number) {
  const waiting: { bytes: Buffer; dueMs: number }[] = [];
  let lastDueMs = 0;
  let timer: NodeJS.Timeout | undefined;
  const pump = () => {
    timer = undefined;
    if (wire.blackHole) return;
    for (let [first] = waiting; first; [first] = waiting) {
      const leftMs = first.dueMs - performance.now();
      if (leftMs >= 1) {
        timer = setTimeout(pump, leftMs);
        return;
      }
      waiting.shift();
      to.write(first.bytes);
    }
  };
  return {
    push(bytes: Buffer) {
      const onWireMs = (bytes.length / wire.bytesPerSecond) * 1000;
      const lostMs = random() < wire.loss ? RETRANSMIT_MS : 0;
      lastDueMs = Math.max(lastDueMs, performance.now() + wire.latencyMs / 2 + lostMs) + onWireMs;
      waiting.push({ bytes, dueMs: lastDueMs });
      if (timer === undefined) pump();
    },
    flush: pump,
  };
}
