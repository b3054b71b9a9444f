import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Redis } from 'ioredis';
import { expect, it, onTestFinished, vi } from 'vitest';
import { connect, failFast, waitForRedis } from '../../src/queue/connection.ts';
import { startTestRedis } from '../support/redis.ts';

/**
 * Answers as a Sentinel does, in RESP 2. `hold()` delays the answers to questions for the primary; `switchPrimary()`
 * reports a failover to the connections that subscribed to it.
 */
async function startFakeSentinel(primaryPort: () => number) {
  const subscribers = new Set<Socket>();
  const held: (() => void)[] = [];
  let isHolding = false;
  const reply = (socket: Socket, command: string) => {
    const [verb = '', sub = ''] = command.toLowerCase().split(' ');
    if (verb === 'subscribe') {
      subscribers.add(socket);
      return socket.write(`*3\r\n${bulk('subscribe')}${bulk('+switch-master')}:1\r\n`);
    }
    if (verb !== 'sentinel') return socket.write(`-ERR unknown command '${verb}'\r\n`);
    if (sub !== 'get-master-addr-by-name') return socket.write('*0\r\n');
    const answer = () => socket.write(`*2\r\n${bulk('127.0.0.1')}${bulk(String(primaryPort()))}`);
    return isHolding ? held.push(answer) : answer();
  };
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('close', () => subscribers.delete(socket));
    socket.on('data', (chunk) => {
      for (const command of String(chunk)
        .split(/^\*\d+\r\n/m)
        .slice(1))
        reply(
          socket,
          command
            .replace(/\$\d+\r\n/g, '')
            .replaceAll('\r\n', ' ')
            .trim(),
        );
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return {
    address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    subscribers: () => subscribers.size,
    questions: () => held.length,
    hold: () => {
      isHolding = true;
    },
    release: () => {
      isHolding = false;
      for (const answer of held.splice(0)) answer();
    },
    switchPrimary: () => {
      const message = `*3\r\n${bulk('message')}${bulk('+switch-master')}${bulk('main 127.0.0.1 1 127.0.0.1 2')}`;
      for (const socket of subscribers) socket.write(message);
    },
  };
}

const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;

async function open(how: typeof failFast, copy: (redis: Redis) => Redis | Promise<Redis>) {
  const primary = await startTestRedis();
  onTestFinished(primary.stop);
  const sentinel = await startFakeSentinel(() => primary.port);
  const first = connect({ sentinels: [sentinel.address], name: 'main' }, how);
  const redis = await copy(first);
  redis.on('error', () => {});
  onTestFinished(() => {
    first.disconnect();
    redis.disconnect();
  });
  await vi.waitFor(() => expect(redis.status).toBe('ready'));
  await vi.waitFor(() => expect(sentinel.subscribers()).toBeGreaterThan(0));
  return { primary, sentinel, redis };
}

async function reopened(redis: Redis): Promise<Redis> {
  await redis.ping();
  const ended = new Promise((resolve) => redis.once('end', resolve));
  redis.disconnect();
  await ended;
  await redis.connect();
  return redis;
}

it.each([
  ['of receivers and pages', failFast, (redis: Redis) => redis],
  ['of workers', waitForRedis, (redis: Redis) => redis],
  ['that BullMQ duplicates', waitForRedis, (redis: Redis) => redis.duplicate()],
  ['that was closed and opened again', waitForRedis, reopened],
])('the connection %s survives a failover that is reported while it looks for the primary', async (_, how, copy) => {
  const { sentinel, redis } = await open(how, copy);
  const ended = new Promise((resolve) => redis.once('end', resolve));
  sentinel.hold();
  redis.stream.destroy(); // the primary is gone
  await vi.waitFor(() => expect(sentinel.questions()).toBeGreaterThan(0));
  sentinel.switchPrimary();
  await vi.waitFor(() => expect(sentinel.subscribers()).toBe(0)); // the failover detector has disconnected
  sentinel.release();
  await ended; // as ioredis does it; if a newer version does not, the class can go
  await vi.waitFor(async () => expect(await redis.ping()).toBe('PONG'));
});

it.each([
  ['disconnect', async (redis: Redis) => redis.disconnect()],
  ['quit', async (redis: Redis) => void (await redis.quit())],
])('ends after %s', async (_, close) => {
  const { redis, sentinel } = await open(waitForRedis, (one) => one);
  const connections = vi.fn();
  redis.on('connecting', connections);
  const ended = once(redis, 'end');
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  await close(redis);
  await ended;
  vi.advanceTimersByTime(60_000);
  expect(connections).not.toHaveBeenCalled();
  expect([redis.status, sentinel.questions()]).toEqual(['end', 0]);
});
