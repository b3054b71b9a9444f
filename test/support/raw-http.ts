import { connect, type Socket } from 'node:net';

/** An answer as it stood on the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** Undefined when the text is not JSON. */
  readonly json: unknown;
}

interface Exchange {
  /** Without those of the 1xx kind. */
  readonly answers: readonly RawAnswer[];
  /** Statuses of the 1xx kind. */
  readonly interim: readonly number[];
  /** From the last byte written to the last answer, milliseconds. */
  readonly ms: number;
  /** The server closed the connection before all the answers that were waited for. */
  readonly cut: boolean;
}

/** What is written: bytes, or a pause of so many milliseconds. */
export type Step = string | Buffer | number;

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly version?: string;
  /** As pairs: names may come twice. `Host` is written first unless it is among them. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Buffer;
  /** `length` writes Content-Length, `chunked` three chunks, `none` neither, whatever the body is. */
  readonly framing?: 'length' | 'chunked' | 'none';
}

/** The bytes of one request, with nothing corrected: header values are written as latin1. */
export function rawRequest(said: RawRequest): Buffer {
  const { method = 'POST', path = '/', version = 'HTTP/1.1', headers = [], framing = 'length' } = said;
  const body = Buffer.from(said.body ?? '');
  const host = headers.some(([name]) => name.toLowerCase() === 'host') ? [] : [['Host', 'bridge.example'] as const];
  const frame =
    framing === 'length'
      ? [['Content-Length', String(body.length)] as const]
      : framing === 'chunked'
        ? [['Transfer-Encoding', 'chunked'] as const]
        : [];
  const lines = [...host, ...headers, ...frame].map(([name, value]) => `${name}: ${value}\r\n`);
  const head = Buffer.from(`${method} ${path} ${version}\r\n${lines.join('')}\r\n`, 'latin1');
  return Buffer.concat([head, framing === 'chunked' ? chunked(body) : body]);
}

function chunked(body: Buffer): Buffer {
  const third = Math.ceil(body.length / 3) || 1;
  const chunks = [0, 1, 2].map((index) => body.subarray(index * third, (index + 1) * third));
  return Buffer.concat([
    ...chunks
      .filter((chunk) => chunk.length > 0)
      .flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]),
    Buffer.from('0\r\n\r\n'),
  ]);
}

/** Writes the steps over one connection and waits for so many answers, or until the server closes it. */
export async function exchange(
  url: string,
  steps: Step | readonly Step[],
  {
    answers: wanted = 1,
    halfClose = false,
    head = false,
  }: { answers?: number; halfClose?: boolean; head?: boolean } = {},
): Promise<Exchange> {
  const socket = await open(url);
  let received = Buffer.alloc(0);
  let closed = false;
  let wake = () => {};
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    wake();
  });
  socket.on('close', () => {
    closed = true;
    wake();
  });
  for (const step of [steps].flat()) {
    if (closed) break;
    if (typeof step === 'number') await new Promise((resolve) => setTimeout(resolve, step));
    else socket.write(step);
  }
  if (halfClose) socket.end();
  const startedMs = performance.now();
  let seen = readAnswers(received, closed, head);
  while (seen.answers.length < wanted && !closed) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
    seen = readAnswers(received, closed, head);
  }
  const ms = performance.now() - startedMs;
  socket.destroy();
  return { ...seen, ms, cut: seen.answers.length < wanted };
}

/** A connection whose resets are no errors: the other side may hang up whenever it likes. */
export function open(url: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      socket.on('end', () => socket.destroy());
      resolve(socket);
    });
  });
}

/** All that are complete. One without a length ends with the connection; one to a HEAD request has no body. */
function readAnswers(bytes: Buffer, closed: boolean, head: boolean): Pick<Exchange, 'answers' | 'interim'> {
  const answers: RawAnswer[] = [];
  const interim: number[] = [];
  let rest = bytes;
  for (;;) {
    const headEnd = rest.indexOf('\r\n\r\n');
    if (headEnd < 0) return { answers, interim };
    const [first = '', ...lines] = rest.subarray(0, headEnd).toString('latin1').split('\r\n');
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1]);
    const headers: Record<string, string> = Object.fromEntries(
      lines.map((line) => [line.replace(/:.*$/, '').toLowerCase(), line.replace(/^[^:]*: */, '')]),
    );
    rest = rest.subarray(headEnd + 4);
    if (status < 200) {
      interim.push(status);
      continue;
    }
    const bytesLong = head ? 0 : lengthOf(rest, headers, closed);
    if (bytesLong === undefined) return { answers, interim };
    const text = rest.subarray(0, bytesLong).toString();
    answers.push({ status, headers, text, json: jsonOrUndefined(text) });
    rest = rest.subarray(bytesLong);
  }
}

/** Undefined: it is not complete yet. */
function lengthOf(rest: Buffer, headers: Readonly<Record<string, string>>, closed: boolean): number | undefined {
  if (headers['transfer-encoding'] === 'chunked') {
    const last = rest.indexOf('0\r\n\r\n');
    return last < 0 ? undefined : last + 5;
  }
  const length = headers['content-length'];
  if (length === undefined) return closed ? rest.length : undefined;
  return rest.length >= Number(length) ? Number(length) : undefined;
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
