import { afterAll, beforeAll, expect, it } from 'vitest';
import { closeServer, type OpenServer, openServer } from '../../src/http/server.ts';
import type { Unreadable } from '../../src/http/unreadable.ts';
import { exchange, open, rawRequest } from '../support/raw-http.ts';

const faults: (Unreadable & { from: string })[] = [];
let opened: OpenServer;

beforeAll(async () => {
  const onUnreadable = (fault: Unreadable, from: string) => void faults.push({ ...fault, from });
  opened = await openServer({ host: '127.0.0.1', port: 0, onUnreadable });
  opened.serve((request, response) => void request.resume().on('end', () => response.end('{}')));
});
afterAll(() => closeServer(opened.server));

const head = (header: string) => `POST /x HTTP/1.1\r\nHost: bridge.example\r\n${header}\r\n\r\n`;

it.each<[string, string | Buffer, number, RegExp]>([
  ['TLS', Buffer.from('16030100c8010000c40303', 'hex'), 400, /^TLS on a port without TLS: write http:/],
  ['the PROXY protocol', 'PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\nPOST', 400, /^the PROXY protocol: switch/],
  [
    'its binary version',
    Buffer.concat([Buffer.from('0d0a0d0a000d0a515549540a2111000c', 'hex'), Buffer.alloc(12)]),
    400,
    /^the PROXY protocol/,
  ],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, /^HTTP\/2 .*: send HTTP\/1.1/],
  ['a method in lower case', 'post /x HTTP/1.1\r\nHost: a\r\n\r\n', 400, /method: write the method in capitals/],
  ['a method in mixed case', 'Post /x HTTP/1.1\r\nHost: a\r\n\r\n', 400, /method: write the method in capitals/],
  ['a secret that ends in CR', head('PRIVATE-TOKEN: a-secret\r'), 400, /ends in a line break: remove it/],
  ['a header with a control character', head('A: b\x01c'), 400, /^an invalid header/],
  ['a header over two lines', head('A: b\r\n c'), 400, /^an invalid header: write each header .* on one line/],
  ['a space in the address', 'POST /a b HTTP/1.1\r\nHost: a\r\n\r\n', 400, /^an invalid address: .*spaces/],
  ['an address in UTF-8', Buffer.from('POST /häfen HTTP/1.1\r\nHost: a\r\n\r\n'), 400, /^an invalid address/],
  ['lines that end in LF', 'POST /x HTTP/1.1\nHost: a\n\n', 400, /lines that end in CRLF/],
  ['two kinds of length', head('Content-Length: 3\r\nTransfer-Encoding: chunked'), 400, /^an unclear length/],
  ['two lengths', head('Content-Length: 3\r\nContent-Length: 4'), 400, /send one Content-Length/],
  ['a length that is no number', head('Content-Length: -1'), 400, /send a number/],
  ['a chunk without a length', `${head('Transfer-Encoding: chunked')}zz\r\n`, 400, /^an invalid chunk/],
  ['no Host', 'GET /x HTTP/1.1\r\nA: b\r\n\r\n', 400, /^a request without a Host header: send Host/],
  [
    'no Host, and a body that is awaited',
    'POST /x HTTP/1.1\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n',
    400,
    /^a request without a Host header/,
  ],
  ['too many headers', head(`A: ${'x'.repeat(40_000)}`), 431, /^headers that are too large/],
])('%s is answered with what to change, and noted once', async (_, sent, status, expected) => {
  faults.length = 0;
  const { answers } = await exchange(opened.url, sent);
  expect(answers.map((answer) => answer.status)).toEqual([status]);
  expect(answers[0]?.json).toEqual({ error: expect.stringMatching(/^this is /) });
  const [fault] = faults;
  expect(faults).toEqual([{ ...fault, status, from: '127.0.0.1' }]);
  expect(`${fault?.cause}: ${fault?.advice}`).toMatch(expected);
  expect(JSON.stringify([faults, answers])).not.toContain('a-secret');
});

it('needs no Host in HTTP/1.0', async () => {
  const { answers } = await exchange(opened.url, 'GET /x HTTP/1.0\r\n\r\n');
  expect(answers.map(({ status }) => status)).toEqual([200]);
});

it('a body that is longer than announced follows the answer to its request', async () => {
  faults.length = 0;
  const { answers } = await exchange(opened.url, [rawRequest({ body: '{}' }), 50, '"more"}'], { answers: 2 });
  expect(answers.map(({ status }) => status)).toEqual([200, 400]);
  expect(faults.map(({ cause }) => cause)).toEqual(['a body that is longer than announced']);
});

it('a request that breaks off is noted; a connection without a request, or one that is reset, is not', async () => {
  faults.length = 0;
  await exchange(opened.url, '', { halfClose: true });
  const socket = await open(opened.url);
  socket.write(head('Content-Length: 9'));
  await exchange(opened.url, rawRequest({ body: '{}' }));
  socket.resetAndDestroy();
  const { answers } = await exchange(opened.url, 'POST /x HTTP/1.1\r\nHo', { halfClose: true });
  expect(answers[0]?.status).toBe(400);
  expect(faults.map(({ cause }) => cause)).toEqual(['a request that breaks off']);
});
