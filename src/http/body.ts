import type { IncomingMessage } from 'node:http';
import express, { type Request, type Response } from 'express';
import { z } from 'zod';

/** Undefined: the sender hung up. Unreadable: its Content-Encoding is not known, or not what the bytes are. */
export type Body = Buffer | 'too_large' | 'unreadable' | undefined;

/** @param limit bytes, unpacked */
export async function readBody(request: Request, response: Response, limit: number): Promise<Body> {
  if (Number(request.headers['content-length']) > limit) return refuse(response);
  const encoding = request.headers['content-encoding'] ?? 'identity';
  const body = encoding === 'identity' ? await readPlain(request, limit) : await unpack(request, response, limit);
  return body === 'too_large' ? refuse(response) : body;
}

/** The rest is not read: the connection cannot be used for another request. */
function refuse(response: Response): 'too_large' {
  response.setHeader('connection', 'close');
  return 'too_large';
}

/** Webhooks come by the hundred, and plain: this costs a third of what a body parser does. */
function readPlain(request: IncomingMessage, limit: number): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= limit) return void chunks.push(chunk);
      request.pause();
      resolve('too_large');
    });
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
    request.on('error', () => resolve(undefined));
    request.on('close', () => resolve(undefined)); // broken off: whole ones have ended before
    if (request.destroyed) resolve(undefined);
  });
}

async function unpack(request: Request, response: Response, limit: number): Promise<Body> {
  const read = express.raw({ type: () => true, limit });
  const error = await new Promise<unknown>((resolve) => read(request, response, resolve));
  // A request that broke off before it was handed to express looks like one without a body.
  if (!error && !request.complete) return undefined;
  if (!error) return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const { type, status } = BodyError.parse(error);
  if (type === 'entity.too.large') return 'too_large';
  if (type === 'request.aborted') return undefined;
  if (status !== undefined && status < 500) return 'unreadable';
  throw error;
}

/** What express.raw says of a body that it cannot give. */
const BodyError = z.object({ type: z.string().optional(), status: z.number().optional() }).catch({});
