import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeliveryFailed } from '../../src/domain/errors.ts';
import { certainlyRefused, createSendJson, neverSent, retryAfterMs, withoutSecret } from '../../src/outbound/http.ts';
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

  it('ends in time although the garbage collector runs meanwhile', async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    fake.inject({ kind: 'silent' });
    const ended = get(300).catch((error: unknown) => error);
    await wait(50);
    collect();
    collect();
    const error = await Promise.race([ended, wait(2_000, 'it hangs')]);
    expect(error).toMatchObject({ retry: 'backoff', message: expect.stringContaining('none within 300 ms') });
  });

  it('ends when it is aborted, before and while it runs', async () => {
    await expect(get(5_000, AbortSignal.abort())).rejects.toBeInstanceOf(DeliveryFailed);
    fake.inject({ kind: 'silent' });
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 20);
    await expect(get(5_000, abort.signal)).rejects.toMatchObject({ retry: 'backoff', message: /AbortError/ });
  });

  it('does not follow a redirect', async () => {
    fake.inject({ kind: 'status', status: 302, headers: { location: `${fake.url}/elsewhere` } });
    expect((await get(5_000)).status).toBe(302);
    expect(fake.requests).toHaveLength(1);
  });

  it('gives up on an answer without end', async () => {
    fake.inject({ kind: 'wrong-reply', status: 200, body: 'x'.repeat(2 * 1024 * 1024) });
    await expect(get(5_000)).rejects.toMatchObject({ retry: 'backoff', message: /larger than/ });
  });

  it('knows whether it was ever sent', async () => {
    fake.inject({ kind: 'cut' });
    expect(neverSent(await get(5_000).catch((error: unknown) => error))).toBe(false);
    await fake.down();
    expect(neverSent(await get(5_000).catch((error: unknown) => error))).toBe(true);
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
    [{}, undefined],
  ])('with %j asks to wait %s ms', (headers, waitMs) => {
    const nowMs = Date.parse('2026-03-19T14:30:00.000Z');
    expect(retryAfterMs(answer(429, headers as Record<string, string>), nowMs)).toBe(waitMs); // each case has other keys
  });

  it('says for certain that nothing was done, or does not', () => {
    expect([301, 400, 401, 404, 422, 429, 503].filter((status) => !certainlyRefused({ status }))).toEqual([]);
    expect([200, 408, 500, 502, 504].filter((status) => certainlyRefused({ status }))).toEqual([]);
  });

  it('loses a secret that it repeats', () => {
    expect(withoutSecret({ ...answer(400), text: 'key s3cret, s3cret' }, 's3cret').text).toBe('key [secret], [secret]');
  });
});
