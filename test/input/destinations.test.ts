import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { DeliveryFailed } from '../../src/domain/errors.ts';
import { alert24 } from '../../src/sinks/alert24/index.ts';
import { gitlabDeployments } from '../../src/sinks/gitlab-deployments/index.ts';
import type { Sink } from '../../src/sinks/sink.ts';
import { aDeployment } from '../support/deployment.ts';
import { createMemoryLedger } from '../support/ledger.ts';
import { expectWithin } from '../support/time.ts';

const KEY = 'ak_live_AbCdEfGhIjKlMnOp';
/** For an answer that comes, however busy the machine is. */
const PATIENT_SECONDS = 60;
/** For one that never does. */
const TIMEOUT_SECONDS = 1;
const GIVEN_UP_WITHIN_MS = 2_000;

type Handle = (socket: Socket, request: string) => void;

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** Reads one request, then does what it is told with the bare connection. */
async function destination(handle: Handle): Promise<{ url: string; requests: string[] }> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const [head = '', body] = text.split('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (body === undefined || Buffer.byteLength(body) < length) return;
      requests.push(text);
      handle(socket, text);
      text = '';
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }; // a TCP server that listens has one
}

const SINKS = {
  alert24: (url: string, timeout_seconds: number) =>
    alert24.parse({ type: 'alert24', url, api_key: KEY, timeout_seconds }),
  gitlab: (url: string, timeout_seconds: number) =>
    gitlabDeployments.parse({ type: 'gitlab-deployments', url, token: KEY, timeout_seconds }),
} as const;
const NAMES = ['alert24', 'gitlab'] as const;

/** One attempt: what it delivered, or its failure; and whether the next one must look first. */
async function attempt(name: keyof typeof SINKS, url: string, timeoutSeconds = PATIENT_SECONDS) {
  const sink: Sink | undefined = SINKS[name](url, timeoutSeconds);
  if (!sink) throw new Error('the sink is off');
  const ledger = createMemoryLedger();
  const startedMs = performance.now();
  const outcome: unknown = await ledger.attempt(sink, aDeployment()).catch((error: unknown) => error);
  const ms = performance.now() - startedMs;
  expectWithin(ms, GIVEN_UP_WITHIN_MS);
  if (outcome instanceof Error) expect(outcome).toBeInstanceOf(DeliveryFailed);
  expect(String(outcome instanceof Error ? outcome.message : '')).not.toContain(KEY);
  return { outcome, looksFirst: ledger.of(aDeployment().key).known.attemptedAt !== undefined };
}

const reply =
  (status: number, body = '', headers: Readonly<Record<string, string>> = {}): Handle =>
  (socket) => {
    const lines = Object.entries({ 'content-length': String(Buffer.byteLength(body)), ...headers }).map(
      ([key, value]) => `${key}: ${value}\r\n`,
    );
    socket.end(`HTTP/1.1 ${status} x\r\n${lines.join('')}\r\n${body}`);
  };

const HTML = '<!doctype html><title>Sign in</title>';
const SIGN_IN = { retry: 'backoff' } as const;

describe('a success without a useful body', () => {
  it.each([
    ['200 with nothing', reply(200)],
    ['200 with nothing that is called HTML', reply(200, '', { 'content-type': 'text/html' })],
    ['200 with JSON that is called HTML', reply(200, '{}', { 'content-type': 'text/html' })],
    ['200 with a number', reply(200, '7')],
    ['200 with null', reply(200, 'null')],
    ['200 with an id that is an object', reply(200, '{"id":{"a":1},"data":[]}')],
    ['200 with JSON that breaks off', reply(200, '{"id":')],
    ['201 without an id', reply(201, '{"data":{}}')],
    ['202', reply(202, '{"queued":true}')],
  ])('%s counts as delivered to Alert24, but not as a response of GitLab', async (_, handle) => {
    const { url } = await destination(handle);
    const told = await attempt('alert24', url);
    expect(told.outcome).toMatchObject({ message: expect.stringMatching(/^20\d created/) });
    expect(told.outcome).not.toHaveProperty('remoteId');
    expect(await attempt('gitlab', url)).toMatchObject({ outcome: SIGN_IN, looksFirst: true });
  });

  it.each([
    ['a web page', HTML, 'text/html'],
    ['a web page that is called text', HTML, 'text/plain'],
    ['a comment before the page', `\n<!-- proxy -->${HTML}`, 'text/html; charset=utf-8'],
    ['a part of a page', '<h1>Sign in</h1>', 'TEXT/HTML'],
  ])('200 with %s is a response of neither', async (_, body, type) => {
    const { url } = await destination(reply(200, body, { 'content-type': type }));
    for (const name of NAMES) expect(await attempt(name, url)).toMatchObject({ outcome: SIGN_IN, looksFirst: true });
  });

  it('204 counts as delivered to Alert24 as well', async () => {
    const { url } = await destination((socket) => socket.end('HTTP/1.1 204 No Content\r\n\r\n'));
    expect(await attempt('alert24', url)).toMatchObject({ outcome: { status: 204 } });
    expect(await attempt('gitlab', url)).toMatchObject({ outcome: SIGN_IN });
  });
});

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('with %i is never followed', async (status) => {
    const inner = await destination(reply(200, '{"id":"secrets of the inside"}'));
    for (const location of [
      inner.url,
      inner.url.replace('http:', ''),
      'http://169.254.169.254/latest/meta-data/',
      'file:///etc/passwd',
      '/elsewhere',
      '',
    ]) {
      const { url, requests } = await destination(reply(status, '', { location }));
      for (const name of NAMES)
        expect(await attempt(name, url)).toMatchObject({ outcome: { retry: 'never', status }, looksFirst: false });
      expect(requests).toHaveLength(NAMES.length);
    }
    expect(inner.requests).toEqual([]);
  });
});

describe('a refusal', () => {
  const sinkWaits = { afterMs: 10_000, hold: 'sink' };
  const bodies = ['{"error":{"message":"no"},"message":"no"}', HTML, '', 'null', '{"message":{"base":["no"]}}', '[]'];

  it.each([
    [400, 'never'],
    [401, sinkWaits],
    [404, 'never'],
    [408, 'backoff'],
    [409, 'never'],
    [410, 'never'],
    [413, 'never'],
    [418, 'never'],
    [422, 'never'],
    [425, 'backoff'],
    [429, 'backoff'],
    [500, 'backoff'],
    [502, 'backoff'],
    [503, 'backoff'],
    [504, 'backoff'],
    [507, 'backoff'],
    [599, 'backoff'],
  ])('with %i is interpreted by its status, whatever its body is', async (status, retry) => {
    for (const body of bodies) {
      const { url } = await destination(reply(status, body));
      for (const name of NAMES)
        expect((await attempt(name, url)).outcome, `${name} ${body}`).toMatchObject({ retry, status });
    }
  });

  it('with 403 pauses the sink, unless GitLab refuses only this deployment', async () => {
    for (const body of bodies) {
      const { url } = await destination(reply(403, body));
      expect((await attempt('alert24', url)).outcome).toMatchObject({ retry: sinkWaits });
    }
    const { url } = await destination(reply(403, '{"message":"403 Forbidden"}'));
    expect((await attempt('gitlab', url)).outcome).toMatchObject({ retry: 'never' });
    const proxy = await destination(reply(403, HTML));
    expect((await attempt('gitlab', proxy.url)).outcome).toMatchObject({ retry: sinkWaits });
  });

  const inAMinute = () => new Date(Date.now() + 60_000).toUTCString();
  it.each<[string, () => string, unknown]>([
    ['seconds', () => '30', { afterMs: 30_000, hold: 'sink' }],
    ['zero', () => '0', { afterMs: 0, hold: 'sink' }],
    ['a date', inAMinute, { afterMs: expect.closeTo(58_000, -4), hold: 'sink' }],
    ['a date that is over', () => 'Wed, 21 Oct 2015 07:28:00 GMT', 'backoff'],
    ['a year', () => '31536000', { afterMs: 3_600_000, hold: 'sink' }],
    ['a million digits, nearly', () => '9'.repeat(4_000), { afterMs: 3_600_000, hold: 'sink' }],
    ['less than nothing', () => '-5', 'backoff'],
    ['words', () => 'soon', 'backoff'],
    ['nothing', () => '', 'backoff'],
  ])('with 429 and 503 waits as Retry-After says: %s', async (_, value, retry) => {
    for (const status of [429, 503]) {
      const { url } = await destination(reply(status, 'Retry later', { 'retry-after': value() }));
      for (const name of NAMES) expect((await attempt(name, url)).outcome).toMatchObject({ retry, status });
    }
  });
});

describe('a connection that fails', () => {
  const head = 'HTTP/1.1 201 Created\r\n';
  const drip: Handle = (socket) => {
    socket.write(`${head}content-length: 500\r\n\r\n`);
    const timer = setInterval(() => socket.write('x'), 50);
    socket.on('close', () => clearInterval(timer));
  };
  const flood: Handle = (socket) => {
    socket.write(`${head}transfer-encoding: chunked\r\n\r\n`);
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const more = () => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', more);
    more();
  };

  it.each<[string, Handle]>([
    ['is reset after the request', (socket) => socket.resetAndDestroy()],
    ['is closed after the request', (socket) => socket.end()],
    [
      'is reset in the midst of the headers',
      (socket) => socket.write(`${head}content-`, () => socket.resetAndDestroy()),
    ],
    ['is closed in the midst of the body', (socket) => socket.end(`${head}content-length: 50\r\n\r\n{"id":`)],
    ['never ends its body', flood],
    ['has headers of 1 MiB', (socket) => socket.write(`${head}x: ${'x'.repeat(1024 * 1024)}\r\n\r\n`)],
    ['speaks another protocol', (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n')],
    [
      'answers twice at once with both lengths',
      (socket) => socket.end(`${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}`),
    ],
  ])('that %s leaves open what was done: tried again after a look', async (_, handle) => {
    const { url } = await destination(handle);
    for (const name of NAMES)
      expect(await attempt(name, url), name).toMatchObject({ outcome: { retry: 'backoff' }, looksFirst: true });
  });

  it.each<[string, Handle]>([
    ['never answers', () => {}],
    ['drips its headers', (socket) => socket.write(head)],
    ['drips its body', drip],
    ['announces a gibibyte', (socket) => socket.write(`${head}content-length: 1073741824\r\n\r\n{`)],
  ])('that %s is given up, and leaves open what was done', async (_, handle) => {
    const { url } = await destination(handle);
    const both = await Promise.all(NAMES.map((name) => attempt(name, url, TIMEOUT_SECONDS)));
    for (const one of both) expect(one).toMatchObject({ outcome: { retry: 'backoff' }, looksFirst: true });
  });

  it.each([
    ['to a port that nobody listens at', async () => 'http://127.0.0.1:1'],
    ['to a name that is none', async () => 'http://nowhere.invalid'],
    ['to this machine by another name than localhost', async () => 'http://localhost.:1'],
  ])('%s sent nothing: it is retried without a query', async (_, url) => {
    for (const name of NAMES)
      expect(await attempt(name, await url()), name).toMatchObject({
        outcome: { retry: 'backoff' },
        looksFirst: false,
      });
  });
});

describe('a certificate', () => {
  it('that is not trusted is refused before the key is sent', async ({ skip }) => {
    const made = selfSigned();
    if (!made) return skip('there is no openssl here to make a certificate with');
    let heard = '';
    const server = createTlsServer(made, (socket) =>
      socket.on('error', () => {}).on('data', (chunk: Buffer) => (heard += chunk.toString())),
    );
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => server.close());
    const url = `https://localhost:${(server.address() as AddressInfo).port}`; // a TCP server that listens has one
    for (const name of NAMES) {
      const { outcome, looksFirst } = await attempt(name, url);
      expect(outcome).toMatchObject({ retry: 'backoff', message: expect.stringMatching(/self[- ]signed/i) });
      expect(looksFirst).toBe(false);
    }
    expect(heard).toBe('');
  });
});

function selfSigned(): { key: Buffer; cert: Buffer } | undefined {
  const dir = mkdtempSync(join(tmpdir(), 'shiplog-tls-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const order = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '1',
    '-subj',
    '/CN=localhost',
  ];
  try {
    execFileSync('openssl', [...order, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return { key: readFileSync(key), cert: readFileSync(cert) };
}
