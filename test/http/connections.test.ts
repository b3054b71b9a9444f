import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { connectionsAllowed, watchConnections } from '../../src/http/connections.ts';

interface Started {
  readonly most?: number;
  /** Answers; by default at once. */
  readonly answer?: (path: string) => Promise<number>;
}

async function start({ most = 100, answer = async () => 202 }: Started = {}) {
  const handled: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer((request, response) =>
    connections.inTurn(request, response, async () => {
      const path = request.url ?? '';
      handled.push(path);
      response.writeHead(await answer(path), { 'content-length': 0 }).end();
    }),
  );
  server.keepAliveTimeout = 0; // else Node closes what is idle for 5 s, as on a machine that stood still
  const connections = watchConnections(server, most);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const open = async () => {
    const socket = connect(port, '127.0.0.1');
    const seen = { text: '', closed: false };
    sockets.push(socket);
    socket.on('data', (bytes: Buffer) => {
      seen.text += bytes.toString();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      seen.closed = true;
    });
    await new Promise((resolve) => socket.once('connect', resolve));
    return { socket, seen, answers: () => seen.text.match(/HTTP\/1\.1 \d+/g) ?? [] };
  };
  return { handled, open };
}

const post = (path: string) => `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`;

describe('pipelined requests on one connection', () => {
  it('are handled one after another, in order', async () => {
    const release: (() => void)[] = [];
    const { open, handled } = await start({
      answer: () => new Promise((resolve) => release.push(() => resolve(202))),
    });
    const { socket, answers } = await open();
    socket.write(['/1', '/2', '/3'].map(post).join(''));
    await expect.poll(() => handled).toEqual(['/1']);
    release.shift()?.();
    await expect.poll(() => handled).toEqual(['/1', '/2']);
    release.shift()?.();
    await expect.poll(() => handled).toEqual(['/1', '/2', '/3']);
    release.shift()?.();
    await expect.poll(answers).toHaveLength(3);
    socket.write(post('/4'));
    await expect.poll(() => handled).toEqual(['/1', '/2', '/3', '/4']);
  });

  it('are not handled if they are a flood, and the connection is closed', async () => {
    const stackDepth = Error.stackTraceLimit;
    const answer = vi.fn(async () => 202);
    const { open, handled } = await start({ answer });
    const { socket, seen } = await open();
    socket.write(Array.from({ length: 1_000 }, (_, at) => post(`/${at}`)).join(''));
    await expect.poll(() => seen.closed).toBe(true);
    expect(handled.length).toBeLessThan(100); // the first piece may be a short one
    await expect.poll(() => Error.stackTraceLimit).toBe(stackDepth);
    const other = await open();
    other.socket.write(post('/authentic'));
    await expect.poll(other.answers).toHaveLength(1);
  });
});

describe('the limit of connections', () => {
  it('closes the oldest for a new one, and keeps those that had a webhook accepted', async () => {
    const { open } = await start({ most: 8 });
    const tool = await open();
    tool.socket.write(post('/webhooks/gitlab'));
    await expect.poll(tool.answers).toHaveLength(1);
    const strangers: Awaited<ReturnType<typeof open>>[] = [];
    for (let count = 0; count < 12; count += 1) strangers.push(await open());
    await expect.poll(() => strangers.map(({ seen }) => seen.closed).slice(0, 6)).toEqual(Array(6).fill(true));
    expect(strangers.at(-1)?.seen.closed).toBe(false);
    tool.socket.write(post('/webhooks/gitlab'));
    await expect.poll(tool.answers).toHaveLength(2);
    const newcomer = await open();
    newcomer.socket.write(post('/webhooks/gitlab'));
    await expect.poll(newcomer.answers).toHaveLength(1);
  });

  it('does not count a refused webhook as accepted', async () => {
    const { open } = await start({ most: 4, answer: async () => 401 });
    const stranger = await open();
    stranger.socket.write(post('/webhooks/gitlab'));
    await expect.poll(stranger.answers).toHaveLength(1);
    for (let count = 0; count < 4; count += 1) await open();
    await expect.poll(() => stranger.seen.closed).toBe(true);
  });

  it("is below the system's limit of open files", () => {
    expect(connectionsAllowed('Max open files            1024                 4096                 files')).toBe(768);
    expect(connectionsAllowed('Max open files            1048576              1048576              files')).toBe(8192);
    expect(connectionsAllowed('')).toBe(8192);
  });
});
