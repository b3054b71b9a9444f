import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { discardBody } from './discard.ts';
import { networkOf } from './refusals.ts';
import { sendJson } from './send-json.ts';

/** Why bytes could not be read as an HTTP request. Nothing of what was sent is in it. */
export interface Unreadable {
  readonly status: number;
  /** In a few words, the same for each sender with this fault. */
  readonly cause: string;
  /** What the sender has to change. */
  readonly advice: string;
}

export type OnUnreadable = (fault: Unreadable, from: string) => void;

/** What Node's parser adds to its errors. */
export interface ParseError {
  readonly code?: string;
  /** The packet in which the fault is, and where. */
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}

/** Version 1 is text, version 2 is binary. */
const PROXY_PROTOCOL = [
  'the PROXY protocol',
  'switch the PROXY protocol off at the load balancer, which should send X-Forwarded-For instead',
] as const;

/** Requests that arrive here come through something that speaks another protocol: only the first bytes say which. */
const PROTOCOLS: readonly (readonly [begins: Buffer, cause: string, advice: string])[] = [
  [
    Buffer.from([0x16, 0x03]),
    'TLS on a port without TLS',
    'write http:// instead of https://, or let a proxy terminate TLS',
  ],
  [Buffer.from('PROXY '), ...PROXY_PROTOCOL],
  [Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'), ...PROXY_PROTOCOL],
  [Buffer.from('PRI * HTTP/2.0'), 'HTTP/2 without an upgrade', 'send HTTP/1.1'],
];

const FAULTS: Readonly<Record<string, Omit<Unreadable, 'status'>>> = {
  HPE_LF_EXPECTED: {
    cause: 'a carriage return within a header',
    advice: "a value, probably the secret, ends in a line break: remove it, such as with tr -d '\\r'",
  },
  HPE_INVALID_HEADER_TOKEN: {
    cause: 'an invalid header',
    advice: 'write each header as Name: value on one line, without control characters',
  },
  HPE_INVALID_URL: { cause: 'an invalid address', advice: 'percent-encode each character that is not ASCII' },
  HPE_INVALID_CONSTANT: { cause: 'an invalid address', advice: 'percent-encode the spaces in it' },
  HPE_INVALID_VERSION: { cause: 'an invalid request line', advice: 'send HTTP/1.1, with lines that end in CRLF' },
  HPE_INVALID_EOF_STATE: { cause: 'a request that breaks off', advice: 'send all of it before closing the connection' },
  HPE_INVALID_TRANSFER_ENCODING: {
    cause: 'an unclear length of the body',
    advice: 'send either Content-Length or Transfer-Encoding: chunked',
  },
  HPE_UNEXPECTED_CONTENT_LENGTH: { cause: 'an unclear length of the body', advice: 'send one Content-Length' },
  HPE_INVALID_CONTENT_LENGTH: { cause: 'an unclear length of the body', advice: 'send a number as Content-Length' },
  HPE_INVALID_CHUNK_SIZE: { cause: 'an invalid chunk', advice: 'begin each chunk with its length in hexadecimal' },
};

/** Characters of the methods that HTTP has. */
const LONGEST_METHOD = 12;
const METHOD: Omit<Unreadable, 'status'> = {
  cause: 'an unknown method',
  advice: 'write the method in capitals: POST',
};
/** A second request on a connection that begins with no method is the end of the body of the first. */
const LEFT_OVER: Omit<Unreadable, 'status'> = {
  cause: 'a body that is longer than announced',
  advice: 'send the length of the body in bytes as Content-Length',
};
const NO_HOST: Unreadable = {
  status: 400,
  cause: 'a request without a Host header',
  advice: 'send Host: with the name and port of the address that you call, or HTTP/1.0',
};
const OTHER: Omit<Unreadable, 'status'> = { cause: 'no HTTP request', advice: 'send an HTTP/1.1 request' };

/** @param isFirst nothing was sent on this connection before */
function explainUnreadable({ code = '', rawPacket, bytesParsed = 0 }: ParseError, isFirst: boolean): Unreadable {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { status: 408, cause: 'a request that takes too long', advice: 'send all of it at once' };
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return { status: 413, cause: 'a chunk with too many extensions', advice: 'send chunks without extensions' };
  if (code === 'HPE_HEADER_OVERFLOW')
    return { status: 431, cause: 'headers that are too large', advice: 'send fewer or shorter ones' };
  const [, cause, advice] = PROTOCOLS.find(([begins]) => isFirst && rawPacket && startsWith(rawPacket, begins)) ?? [];
  if (cause !== undefined && advice !== undefined) return { status: 400, cause, advice };
  if (code === 'HPE_INVALID_METHOD')
    return { status: 400, ...(isFirst && bytesParsed < LONGEST_METHOD ? METHOD : LEFT_OVER) };
  return { status: 400, ...(FAULTS[code] ?? OTHER) };
}

const startsWith = (bytes: Buffer, prefix: Buffer): boolean => bytes.subarray(0, prefix.length).equals(prefix);

/** A connection without any byte is no request, and one that was reset has nobody to answer. */
const isSilent = ({ code }: ParseError, bytesRead: number): boolean => code === 'ECONNRESET' || bytesRead === 0;

/**
 * Answers what is no HTTP request. Node's own answer is an empty 400, from which nobody learns why. The connection is
 * closed, since nothing says where the next request begins.
 */
export function answerUnreadable(server: Server, onUnreadable: OnUnreadable): void {
  server.on('clientError', (error: ParseError, stream: Duplex) => {
    // Of a connection over TCP, and not among the types of the event. The answer under way is private to Node.
    const socket = stream as Duplex & {
      readonly bytesRead?: number;
      readonly remoteAddress?: string;
      readonly _httpMessage?: ServerResponse<IncomingMessage> | null;
    };
    const { bytesRead = 0 } = socket;
    const fault = explainUnreadable(error, bytesRead === error.rawPacket?.length);
    if (!isSilent(error, bytesRead)) onUnreadable(fault, networkOf(socket.remoteAddress));
    // As Node does: after the head of an answer, another one would be read as its body.
    if (error.code !== 'ECONNRESET' && socket.writable && !socket._httpMessage?.headersSent)
      socket.write(asText(fault));
    socket.destroy();
  });
}

/**
 * HTTP/1.1 requires the header (RFC 9112, section 3.2). What follows on the connection is not read.
 * @returns whether the request was refused
 */
export function refuseWithoutHost(
  request: IncomingMessage,
  response: ServerResponse,
  onUnreadable: OnUnreadable,
): boolean {
  const { headers, httpVersion, socket } = request;
  if (headers.host !== undefined || httpVersion !== '1.1') return false;
  onUnreadable(NO_HOST, networkOf(socket.remoteAddress));
  discardBody(request);
  response.setHeader('connection', 'close');
  sendJson(response, { status: NO_HOST.status, json: toJson(NO_HOST) });
  return true;
}

const toJson = ({ cause, advice }: Unreadable): string => JSON.stringify({ error: `this is ${cause}: ${advice}` });

function asText(fault: Unreadable): string {
  const { status } = fault;
  const json = toJson(fault);
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(json)}`,
    'Connection: close',
    '',
    json,
  ].join('\r\n');
}
