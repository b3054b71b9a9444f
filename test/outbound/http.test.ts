import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeliveryFailed } from '../../src/domain/errors.ts';
import {
  certainlyRefused,
  createSendJson,
  failure,
  neverSent,
  retryAfterMs,
  withoutSecret,
} from '../../src/outbound/http.ts';
import { type FakeServer, startFakeServer } from '../support/fake-server.ts';

const answer = (status: number, headers: Record<string, string> = {}) => ({
  status,
  headers,
  text: '',
  json: undefined,
});

describe('one request', () => {
  let fake: FakeServer;
  beforeEach(async () => {
    fake = await startFakeServer(() => ({ status: 200, body: { fine: true } }));
  });
  afterEach(() => fake.close());
  const get = (timeoutMs: number, signal = new AbortController().signal) =>
    createSendJson({ timeoutMs })({ method: 'GET', url: `${fake.url}/`, signal });

  it('times out even if the garbage collector runs meanwhile', async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    fake.inject({ kind: 'silent' });
    const ended = get(300).catch((error: unknown) => error);
    await wait(50);
    collect();
    collect();
    const error = await Promise.race([ended, wait(60_000, 'it hangs', { ref: false })]);
    expect(error).toMatchObject({ retry: 'backoff', message: expect.stringContaining('none within 300 ms') });
  });

  it('ends if it is aborted, before and while it runs', async () => {
    await expect(get(60_000, AbortSignal.abort())).rejects.toBeInstanceOf(DeliveryFailed);
    fake.inject({ kind: 'silent' });
    const abort = new AbortController();
    const ended = expect(get(60_000, abort.signal)).rejects.toMatchObject({ retry: 'backoff', message: /AbortError/ });
    await expect.poll(() => fake.requests).toHaveLength(1);
    abort.abort();
    await ended;
  });

  it('does not follow a redirect', async () => {
    fake.inject({ kind: 'status', status: 302, headers: { location: `${fake.url}/elsewhere` } });
    expect((await get(60_000)).status).toBe(302);
    expect(fake.requests).toHaveLength(1);
  });

  it('aborts a response without end', async () => {
    fake.inject({ kind: 'wrong-reply', status: 200, body: 'x'.repeat(2 * 1024 * 1024) });
    await expect(get(60_000)).rejects.toMatchObject({ retry: 'backoff', message: /larger than/ });
  });

  it('reports whether it was ever sent', async () => {
    fake.inject({ kind: 'cut' });
    expect(neverSent(await get(60_000).catch((error: unknown) => error))).toBe(false);
    await fake.down();
    expect(neverSent(await get(60_000).catch((error: unknown) => error))).toBe(true);
  });
});

describe('a request that was never sent', () => {
  const failed = (cause: unknown) => new DeliveryFailed('no answer', { retry: 'backoff', cause });
  const withCode = (code: string) => Object.assign(new Error('no'), { code });

  it.each([
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'UND_ERR_CONNECT_TIMEOUT',
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ADDRESS_REFUSED',
  ])('is recognised by %s', (code) => {
    expect(neverSent(failed(withCode(code)))).toBe(true);
  });

  it.each([
    ['a connection that broke', failed(withCode('ECONNRESET'))],
    ['an answer that did not come', failed(withCode('UND_ERR_HEADERS_TIMEOUT'))],
    ['no code', failed(new Error('ECONNREFUSED'))],
    ['no error', failed({ code: 'ECONNREFUSED' })],
    ['no cause', failed(undefined)],
    ['an error of another kind', withCode('ECONNREFUSED')],
  ])('is not known by %s', (_, error) => {
    expect(neverSent(error)).toBe(false);
  });
});

describe('the retry', () => {
  it.each([
    [[301, 400, 402, 404, 405, 407, 409, 410, 413, 422, 424, 426, 428, 430, 451, 499], 'never'],
    [[408, 425, 429, 500, 501, 502, 503, 504, 599], 'backoff'],
    [[401, 403], { afterMs: 10_000, hold: 'sink' }],
  ])('after any of %j is %j', (statuses, retry) => {
    for (const status of statuses) expect([status, failure(answer(status), 'POST').retry]).toEqual([status, retry]);
  });

  it('is for a web page in place of the API, which a proxy shows for a while, but not for a page that says no', () => {
    const retryOf = (status: number) => failure({ ...answer(status), text: '<!doctype html>' }, 'POST').retry;
    expect([retryOf(200), retryOf(404)]).toEqual(['backoff', 'never']);
  });

  it("follows the destination's request only if it is busy", () => {
    const retryOf = (status: number) => failure(answer(status, { 'retry-after': '30' }), 'POST').retry;
    for (const status of [429, 503]) expect(retryOf(status)).toEqual({ afterMs: 30_000, hold: 'sink' });
    expect([retryOf(500), retryOf(502), retryOf(404)]).toEqual(['backoff', 'backoff', 'never']);
    expect(retryOf(401)).toEqual({ afterMs: 10_000, hold: 'sink' });
  });
});

describe('an answer', () => {
  it.each([
    [{ 'retry-after': '30' }, 30_000],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': 'Thu, 19 Mar 2026 14:31:00 GMT' }, 60_000],
    [{ 'retry-after': '31536000' }, 3_600_000],
    [{ 'retry-after': '-5' }, undefined],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'ratelimit-reset': String(Date.parse('2026-03-19T14:30:20.000Z') / 1000) }, 20_000],
    [{ 'ratelimit-reset': String(Date.parse('2026-03-19T14:29:59.000Z') / 1000) }, undefined],
    [{ 'ratelimit-reset': 'soon' }, undefined],
    [{ 'retry-after': ' 30 ', 'ratelimit-reset': '1' }, 30_000],
    [{}, undefined],
  ])('with %j asks to wait %s ms', (headers, waitMs) => {
    const nowMs = Date.parse('2026-03-19T14:30:00.000Z');
    expect(retryAfterMs(answer(429, headers as Record<string, string>), nowMs)).toBe(waitMs); // each case has other keys
  });

  it('reports that nothing was done only if this is certain', () => {
    expect(
      [300, 301, 400, 401, 404, 409, 422, 429, 499, 503].filter((status) => !certainlyRefused({ status })),
    ).toEqual([]);
    expect([200, 299, 408, 500, 502, 504].filter((status) => certainlyRefused({ status }))).toEqual([]);
  });

  it('is shown without a secret that it repeats', () => {
    expect(withoutSecret({ ...answer(400), text: 'key s3cret, s3cret' }, 's3cret').text).toBe('key [secret], [secret]');
  });
});
