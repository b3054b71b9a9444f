import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as ask, createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createEgress, proxyFor, useProxies } from '../../src/outbound/egress.ts';
import { AddressRefused } from '../../src/outbound/guard.ts';
import { createSendJson, neverSent } from '../../src/outbound/http.ts';
import { type FakeServer, startFakeServer } from '../support/fake-server.ts';

/** A proxy that resolves every name to one machine, as an inner network's proxy knows names that nobody else knows. */
async function startProxy(to: Pick<FakeServer, 'url'>, status = 200) {
  const seen: string[] = [];
  const credentials: (string | undefined)[] = [];
  const { port } = new URL(to.url);
  const note = ({ method, url, headers }: IncomingMessage) => {
    seen.push(`${method} ${url}`);
    credentials.push(headers['proxy-authorization']);
  };
  const server = createServer((request, response) => {
    note(request);
    const { pathname } = new URL(request.url ?? '');
    const onward = ask({ port, path: pathname, method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.on('connect', (request, socket) => {
    note(request);
    if (status !== 200) return void socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    const onward = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connected\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    seen,
    credentials,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // it listens on TCP
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Repeats the request, behind a self-signed certificate. */
async function startTls() {
  const dir = mkdtempSync(join(tmpdir(), 'shiplog-tls-'));
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  execFileSync('openssl', [...made, '-subj', '/CN=harbor', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, async (request, response) => {
    const told = Buffer.concat(await request.toArray()).toString();
    response.writeHead(202).end(JSON.stringify({ told, at: request.url, host: request.headers.host }));
  });
  rmSync(dir, { recursive: true });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { server, port: (server.address() as AddressInfo).port }; // it listens on TCP
}

const signal = new AbortController().signal;
const send = (url: string) =>
  createSendJson({ timeoutMs: 60_000 })({ method: 'POST', url, body: { sha: 'c0ffee' }, signal });

describe('a request where the environment names a proxy', () => {
  let target: FakeServer;
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  beforeEach(async () => {
    target = await startFakeServer(() => ({ status: 201, body: { id: 7 } }));
    proxy = await startProxy(target);
  });
  afterEach(async () => {
    useProxies({});
    proxy.close();
    await target.close();
  });

  it('uses it, even for a name that only the proxy can resolve', async () => {
    useProxies({ http: proxy.url });
    expect(await send('http://changes.harbor.invalid/v1')).toMatchObject({ status: 201, json: { id: 7 } });
    expect(proxy.seen).toEqual(['POST http://changes.harbor.invalid/v1']);
    expect(target.requests[0]).toMatchObject({ path: '/v1', text: '{"sha":"c0ffee"}' });
  });

  it('is tunneled to an https:// address, with the credentials of the proxy address', async () => {
    useProxies({ https: proxy.url.replace('//', '//ship:l%40g@') });
    // The machine behind the tunnel speaks no TLS: that much gets through to it.
    await expect(send('https://changes.harbor.invalid/v1')).rejects.toMatchObject({ retry: 'backoff' });
    expect(proxy.seen[0]).toBe('CONNECT changes.harbor.invalid:443');
    expect(proxy.credentials[0]).toBe(`Basic ${Buffer.from('ship:l@g').toString('base64')}`);
    expect(target.requests).toHaveLength(0);
  });

  it('verifies the certificate of an https:// address behind the tunnel', async () => {
    const { server, port } = await startTls();
    onTestFinished(() => void server.close());
    const tunnel = await startProxy({ url: `http://127.0.0.1:${port}` });
    onTestFinished(() => tunnel.close());
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0'); // the certificate of this test is its own
    onTestFinished(() => void vi.unstubAllEnvs());
    useProxies({ https: tunnel.url });
    expect(await send('https://changes.harbor.invalid/v1?a=b')).toMatchObject({
      status: 202,
      json: { told: '{"sha":"c0ffee"}', at: '/v1?a=b', host: 'changes.harbor.invalid' },
    });
    expect(tunnel.seen).toEqual(['CONNECT changes.harbor.invalid:443']);
  });

  it('names an unreachable proxy without its password', async () => {
    const { port } = new URL(proxy.url);
    proxy.close();
    for (const scheme of ['http', 'https']) {
      useProxies({ [scheme]: `http://ship:hunter2@127.0.0.1:${port}/` });
      const error = await send(`${scheme}://changes.harbor.invalid/v1`).catch((thrown: unknown) => thrown);
      expect(inspect(error, { depth: 9 })).not.toContain('hunter2');
      expect(inspect(error, { depth: 9 })).not.toContain(Buffer.from('ship:hunter2').toString('base64'));
      expect(error).toMatchObject({ message: expect.stringContaining(`127.0.0.1:${port}`), retry: 'backoff' });
      expect(neverSent(error)).toBe(true);
    }
  });

  it.each([403, 407])('was never sent if the proxy answers %i, and the error says what to do', async (status) => {
    const closed = await startProxy(target, status);
    useProxies({ https: closed.url });
    const error = await send('https://changes.harbor.invalid/v1').catch((thrown: unknown) => thrown);
    closed.close();
    expect(error).toMatchObject({ message: expect.stringContaining(`the proxy answered ${status}: `) });
    expect(neverSent(error)).toBe(true);
  });

  it('goes directly to this machine and to hosts in NO_PROXY', async () => {
    useProxies({ http: proxy.url });
    expect((await send(`${target.url}/v1`)).status).toBe(201);
    useProxies({ http: proxy.url, except: 'other.invalid, harbor.invalid' });
    await expect(send('http://changes.harbor.invalid/v1')).rejects.toMatchObject({ message: /ENOTFOUND|EAI_AGAIN/ });
    expect(proxy.seen).toEqual([]);
  });

  it('is refused if the name resolves to a blocked address here', async () => {
    useProxies({ http: proxy.url });
    const refuse: LookupFunction = (host, _options, callback) => callback(new AddressRefused(host), []);
    await expect(createEgress(refuse)(new URL('http://metadata.harbor.invalid/'))).rejects.toMatchObject({
      code: 'ADDRESS_REFUSED',
    });
  });
});

describe('NO_PROXY', () => {
  const by = (url: string, except: string) => proxyFor(new URL(url), { http: 'h', https: 's', except });

  it.each([
    ['https://harbor.example/', 'harbor.example'],
    ['https://a.HARBOR.example/', '.harbor.example'],
    ['https://a.harbor.example/', '*.Harbor.example'],
    ['https://harbor.example/', 'harbor.example:443'],
    ['http://harbor.example:8080/', 'x,harbor.example:8080'],
    ['http://10.1.2.3/', '10.0.0.0/8'],
    ['http://10.1.2.3/', '10.1.2.3:80'],
    ['http://[fd00::7]/', 'fd00::/8'],
    ['http://[fd00::7]:81/', '[fd00::7]:81'],
    ['http://anything.example/', '*'],
    ['http://127.0.0.1/', ''],
    ['http://localhost/', ''],
    ['http://[::1]/', ''],
  ])('excludes %s with "%s"', (url, except) => expect(by(url, except)).toBeUndefined());

  it.each([
    ['https://notharbor.example/', 'harbor.example', 's'],
    ['https://harbor.example/', 'harbor.example:80', 's'],
    ['http://11.1.2.3/', '10.0.0.0/8', 'h'],
    ['http://harbor.example/', ' , .', 'h'],
    ['http://110.1.2.3/', '10.1.2.3', 'h'],
  ])('does not exclude %s with "%s"', (url, except, proxy) => expect(by(url, except)).toBe(proxy));
});
