import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ResolveFailed } from '../../src/domain/errors.ts';
import { type ApiClientOptions, createApiClient } from '../../src/sources/api-client.ts';
import { type FakeReply, type FakeServer, startFakeServer } from '../support/fake-server.ts';

const SECRET = 'glpat-lighthouse-0001';
const signal = new AbortController().signal;

let server: FakeServer;
let reply: FakeReply;
let nowMs: number;

beforeEach(async () => {
  reply = { status: 200, body: { lamp: 'on' } };
  nowMs = Date.parse('2026-03-14T21:00:00Z');
  server = await startFakeServer(() => reply);
});
afterEach(() => server.close());

const asking = (options: Partial<ApiClientOptions> = {}) =>
  createApiClient(
    {
      baseUrl: `${server.url}/api`,
      name: 'The lighthouse',
      headers: { 'private-token': SECRET },
      secret: SECRET,
      perHour: 100,
      ...options,
    },
    () => nowMs,
  );

async function failureOf(asked: Promise<unknown>): Promise<ResolveFailed> {
  const error = await asked.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (error instanceof ResolveFailed) return error;
  throw new Error(`no ResolveFailed but ${error}`);
}

describe('an answer', () => {
  it('is the JSON, requested with the headers', async () => {
    expect(await asking().get('/lamp?side=north', { signal })).toEqual({ lamp: 'on' });
    expect(server.requests[0]).toMatchObject({ path: '/api/lamp', headers: { 'private-token': SECRET } });
    expect(server.requests[0]?.query.get('side')).toBe('north');
  });

  it('is cached for the given time, and otherwise not at all', async () => {
    const ask = asking();
    const kept = () => ask.get('/kept', { signal, cacheMs: 60_000 });
    await kept();
    await kept();
    await ask.get('/fresh', { signal });
    await ask.get('/fresh', { signal });
    expect(server.requests.map(({ path }) => path)).toEqual(['/api/kept', '/api/fresh', '/api/fresh']);
  });

  it('that is 404 is undefined, and not cached', async () => {
    const ask = asking();
    reply = { status: 404, body: { message: '404 Not Found' } };
    expect(await ask.get('/lamp', { signal, cacheMs: 60_000 })).toBeUndefined();
    reply = { status: 200, body: 1 };
    expect(await ask.get('/lamp', { signal, cacheMs: 60_000 })).toBe(1);
  });

  it('of a page includes its headers, and a 404 does not', async () => {
    const ask = asking();
    reply = { status: 200, headers: { 'x-next-page': '2' }, body: [1] };
    expect(await ask.page('/list', signal)).toMatchObject({ json: [1], headers: { 'x-next-page': '2' } });
    reply = { status: 404 };
    expect(await ask.page('/list', signal)).toEqual({ json: undefined, headers: {} });
  });

  it('to a write is its JSON, and a 404 is a failure', async () => {
    const ask = asking();
    expect(await ask.send('POST', '/lamp', { body: { on: true }, signal })).toEqual({ lamp: 'on' });
    expect(server.requests[0]).toMatchObject({ method: 'POST', text: '{"on":true}' });
    reply = { status: 404 };
    expect(await failureOf(ask.send('PUT', '/lamp', { signal }))).toMatchObject({ retry: 'never' });
  });
});

describe('a refusal', () => {
  it('of the token stops all requests for a minute, and says what to do', async () => {
    const ask = asking();
    reply = { status: 401, body: { message: '401 Unauthorized' } };
    const error = await failureOf(ask.get('/a', { signal }));
    expect(error.message).toMatch(/The lighthouse answers GET \/a: 401 .*Check the token, its scopes and its role/);
    expect(error.retry).toEqual({ afterMs: 60_000, hold: 'job' });
    nowMs += 59_000;
    await failureOf(ask.get('/b', { signal }));
    expect(server.requests).toHaveLength(1);
    nowMs += 1_000;
    reply = { status: 200, body: 2 };
    expect(await ask.get('/b', { signal })).toBe(2);
  });

  it('of one resource is final, and stops no other request', async () => {
    const ask = asking();
    reply = { status: 403, body: { message: '403 Forbidden' } };
    expect(await failureOf(ask.get('/a', { signal }))).toMatchObject({ retry: 'never' });
    reply = { status: 400, body: { error: 'page is invalid' } };
    expect(await failureOf(ask.get('/a', { signal }))).toMatchObject({ retry: 'never' });
    reply = { status: 200, body: 2 };
    expect(await ask.get('/b', { signal })).toBe(2);
  });

  it('for too many requests is obeyed for the time of Retry-After', async () => {
    const ask = asking();
    reply = { status: 429, headers: { 'retry-after': '90' }, body: 'Retry later' };
    expect((await failureOf(ask.get('/a', { signal }))).retry).toEqual({ afterMs: 90_000, hold: 'job' });
    nowMs += 89_000;
    expect((await failureOf(ask.get('/b', { signal }))).retry).toEqual({ afterMs: 1_000, hold: 'job' });
    expect(server.requests).toHaveLength(1);
  });

  it('for too many requests without Retry-After is obeyed for a minute', async () => {
    reply = { status: 429, body: 'Retry later' };
    expect((await failureOf(asking().get('/a', { signal }))).retry).toEqual({ afterMs: 60_000, hold: 'job' });
  });

  it('never shows the secret, even if a proxy repeats the request', async () => {
    reply = { status: 400, body: `bad request: PRIVATE-TOKEN: ${SECRET}` };
    const error = await failureOf(asking().get('/a', { signal }));
    expect(error.message).toContain('[secret]');
    expect(`${error.message} ${error.cause} ${error.stack}`).not.toContain(SECRET);
  });
});

describe('a tool that is unreachable', () => {
  it('is not queried for 5 s after a 5xx', async () => {
    const ask = asking();
    reply = { status: 502, body: '<html>Bad gateway</html>' };
    expect((await failureOf(ask.get('/a', { signal }))).retry).toEqual({ afterMs: 5_000, hold: 'job' });
    expect((await failureOf(ask.get('/b', { signal }))).message).toMatch(/502 .*asked again later/);
    expect(server.requests).toHaveLength(1);
    nowMs += 5_000;
    reply = { status: 200, body: 2 };
    expect(await ask.get('/b', { signal })).toBe(2);
  });

  it('is not queried for 5 s after a time-out, and retried with backoff', async () => {
    const ask = asking();
    await server.down();
    const error = await failureOf(ask.get('/a', { signal }));
    expect(error.message).toMatch(/The lighthouse gives no answer: .*ECONNREFUSED/);
    expect(error.retry).toBe('backoff');
    await server.up();
    await failureOf(ask.get('/b', { signal }));
    expect(server.requests).toHaveLength(0);
    nowMs += 5_000;
    expect(await ask.get('/b', { signal })).toEqual({ lamp: 'on' });
  });

  it('is not assumed if the caller gave up', async () => {
    const ask = asking();
    server.inject({ kind: 'silent' });
    const caller = new AbortController();
    const asked = failureOf(ask.get('/a', { signal: caller.signal }));
    await expect.poll(() => server.requests.length).toBe(1);
    caller.abort();
    expect((await asked).retry).toBe('backoff');
    expect(await ask.get('/b', { signal })).toEqual({ lamp: 'on' });
  });

  it('is not assumed if a response is too large, which is final', async () => {
    const ask = asking();
    reply = { status: 200, body: 'x'.repeat(1024 * 1024 + 1) };
    const error = await failureOf(ask.get('/a', { signal }));
    expect(error).toMatchObject({ retry: 'never', message: expect.stringContaining('larger than') });
    reply = { status: 200, body: 2 };
    expect(await ask.get('/b', { signal })).toBe(2);
  });
});

describe('the rate', () => {
  it('is limited: further requests wait for the next hour', async () => {
    const ask = asking({ perHour: 2 });
    await ask.get('/a', { signal });
    await ask.get('/b', { signal });
    nowMs += 600_000;
    const error = await failureOf(ask.get('/c', { signal }));
    expect(error.message).toMatch(/asked 2 times this hour/);
    expect(error.retry).toEqual({ afterMs: 3_000_000, hold: 'job' });
    expect(server.requests).toHaveLength(2);
    nowMs += 3_000_000;
    expect(await ask.get('/c', { signal })).toEqual({ lamp: 'on' });
  });

  it('does not count cached responses', async () => {
    const ask = asking({ perHour: 1 });
    await ask.get('/a', { signal, cacheMs: 60_000 });
    expect(await ask.get('/a', { signal, cacheMs: 60_000 })).toEqual({ lamp: 'on' });
  });
});
