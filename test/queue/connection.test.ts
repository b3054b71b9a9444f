import { execFileSync } from 'node:child_process';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { connect, type Redis, sendNow, waitForRedis } from '../../src/queue/connection.ts';
import { startTestRedis } from '../support/redis.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function open(): Promise<Redis> {
  return (await openWithPort()).redis;
}

async function openWithPort() {
  const server = await startTestRedis();
  const redis = connect(server.address, waitForRedis);
  stops.push(server.stop, () => redis.disconnect());
  await redis.ping();
  return { redis, port: server.port };
}

/** What another process reads of a key, while this one does nothing but wait for it. */
function readElsewhere(port: number, key: string): string {
  const script = `
    const socket = require('node:net').connect(${port}, '127.0.0.1', () => socket.write('GET ${key}\\r\\n'));
    socket.on('data', (reply) => { console.log(String(reply)); process.exit(); });
  `;
  return execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' });
}

/** Whether commands wait for the end of the turn. */
const isWaiting = ({ stream }: Redis): boolean => stream.writableCorked > 0;

it('sends the commands of one turn of the event loop together, at its end', async () => {
  const redis = await open();
  const replies = [redis.set('lamp', 'on'), redis.get('lamp')];
  expect(isWaiting(redis)).toBe(true);
  await turn();
  expect(isWaiting(redis)).toBe(false);
  expect(await Promise.all(replies)).toEqual(['OK', 'on']);
});

it('sends them at once when it is told to, and those that follow at the end of the turn', async () => {
  const redis = await open();
  const first = redis.set('lamp', 'on');
  sendNow(redis);
  expect(isWaiting(redis)).toBe(false);
  sendNow(redis); // there is nothing to send
  const second = redis.get('lamp');
  expect(isWaiting(redis)).toBe(true);
  expect([await first, await second]).toEqual(['OK', 'on']);
});

it('lets Redis work on what it has sent while this process computes', async () => {
  const { redis, port } = await openWithPort();
  const reply = redis.set('lamp', 'on');
  expect(readElsewhere(port, 'lamp')).toContain('$-1'); // it is written at the end of this turn
  sendNow(redis);
  expect(readElsewhere(port, 'lamp')).toContain('on');
  expect(await reply).toBe('OK');
});

it('sends nothing while there is no connection', async () => {
  const redis = await open();
  redis.disconnect();
  expect(() => sendNow(redis)).not.toThrow();
});
