import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import express from 'express';
import request from 'supertest';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createAccess } from '../../src/http/access.ts';
import { closeServer, openServer } from '../../src/http/server.ts';
import { createLive } from '../../src/web/live.ts';
import { endWithSession } from '../../src/web/session.ts';
import { ADMIN, app, memorySessions, sessionCookie, VIEWER } from './support.ts';

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.closeAllConnections();
});

async function serve(version: () => Promise<string>) {
  const live = createLive(version, (request) => String(request.query['holder'] ?? ''));
  const server = createServer(express().get('/events', live.handle));
  return { live, server, url: await urlOf(server) };
}

async function urlOf(server: Server): Promise<string> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return `http://127.0.0.1:${port}/events`;
}

/** All that a stream has said so far. */
async function listen(url: string, headers: Record<string, string> = {}) {
  const hangUp = new AbortController();
  const answer = await fetch(url, { headers, signal: hangUp.signal });
  const heard = { text: '', ended: false, status: answer.status, hangUp: () => hangUp.abort() };
  void (async () => {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of answer.body ?? []) heard.text += decoder.decode(chunk);
    } catch {
      // hung up
    }
    heard.ended = true;
  })();
  return heard;
}

describe('the live stream', () => {
  it('notifies every listener of a change, and of nothing else', async () => {
    let version = '1';
    const { url } = await serve(async () => version);
    const [one, other] = [await listen(url), await listen(url)];
    await expect.poll(() => one.text).toContain('retry: 3000');
    version = '2';
    await expect.poll(() => one.text).toContain('event: changes\ndata: 2\n\n');
    await expect.poll(() => other.text).toContain('data: 2');
    expect(one.text.match(/event:/g)).toHaveLength(1);
  });

  it('polls only while there are listeners, once for all', async () => {
    const version = vi.fn(async () => '1');
    const { url } = await serve(version);
    expect(version).not.toHaveBeenCalled();
    const all = await Promise.all(Array.from({ length: 10 }, () => listen(url)));
    await expect.poll(() => version.mock.calls.length).toBe(2);
    for (const { hangUp } of all) hangUp();
    await expect.poll(() => all.every(({ ended }) => ended)).toBe(true);
  });

  it('ends when its client stops sending: a tab that was closed holds no place until the next heartbeat', async () => {
    const { server, serve: serveWith, url } = await openServer({ host: '127.0.0.1', port: 0 });
    open.push(server);
    const live = createLive(async () => '1');
    serveWith(express().get('/events', live.handle));
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });
    socket.end('GET /events HTTP/1.1\r\nHost: bridge.example\r\n\r\n');
    const heard: string[] = [];
    socket.on('data', (chunk: Buffer) => heard.push(chunk.toString()));
    await once(socket, 'end');
    expect(heard.join('')).toContain('retry: 3000');
  });

  it('continues after Redis was unreachable', async () => {
    let answer = () => Promise.resolve('1');
    const { url } = await serve(() => answer());
    const heard = await listen(url);
    answer = () => Promise.reject(new Error('away'));
    await expect.poll(() => heard.text).toContain('retry');
    answer = () => Promise.resolve('2');
    await expect.poll(() => heard.text).toContain('data: 2');
  });

  it('refuses the hundred and first', async () => {
    const { url } = await serve(async () => '1');
    const all = await Promise.all(Array.from({ length: 100 }, () => listen(url)));
    expect((await listen(url)).status).toBe(503);
    all[0]?.hangUp();
    await expect.poll(async () => (await listen(url)).status).toBe(200);
  });

  it('is shared evenly: the holder of the most gives one to another', async () => {
    const { url } = await serve(async () => '1');
    const greedy = await Promise.all(Array.from({ length: 100 }, () => listen(`${url}?holder=dashboard`)));
    const person = await listen(`${url}?holder=admin`);
    expect(person.status).toBe(200);
    await expect.poll(() => greedy.filter(({ ended }) => ended).length).toBe(1);
    expect((await listen(`${url}?holder=dashboard`)).status).toBe(503);
    expect(person.ended).toBe(false);
  });

  it('ends with the bridge at once', async () => {
    const { url, live, server } = await serve(async () => '1');
    const heard = await listen(url);
    live.close();
    await closeServer(server);
    await expect.poll(() => heard.ended).toBe(true);
  });

  it('ends soon after the session with which it began has ended, and not while Redis is unreachable', async () => {
    const kept = memorySessions();
    const away = vi.fn(() => Promise.reject(new Error('away')));
    let isAway = true;
    const sessions = { ...kept, proofOf: (id: string) => (isAway ? away() : kept.proofOf(id)) };
    const access = createAccess([{ name: 'admin', token: ADMIN, may: 'admin' }]);
    const live = createLive(async () => '1');
    const server = createServer(express().get('/events', endWithSession({ access, sessions }, 5), live.handle));
    const heard = await listen(await urlOf(server), { cookie: sessionCookie() });
    await expect.poll(() => away.mock.calls.length).toBeGreaterThan(3);
    isAway = false;
    expect(heard.ended).toBe(false);
    await kept.endAll();
    await expect.poll(() => heard.ended).toBe(true);
  });

  it('is for readers alone', async () => {
    await request(app()).get('/events').expect(303);
    await request(app()).get('/events').set('authorization', 'Bearer wrong').expect(401);
    for (const how of [
      { cookie: sessionCookie() },
      { cookie: sessionCookie(VIEWER) },
      { authorization: `Bearer ${ADMIN}` },
    ]) {
      const server = createServer(app());
      open.push(server);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo; // a TCP server that listens has one
      const answer = await fetch(`http://127.0.0.1:${port}/events`, { headers: how });
      expect(answer.headers.get('content-type')).toContain('text/event-stream');
    }
  });
});
