import { Agent, request } from 'undici';
import type { BridgeSettings } from '../config/bridge-access.ts';
import { addressOf } from './address.ts';

/** The bridge may need as long for an order as the tools' APIs do. */
const patient = new Agent({ headersTimeout: 15 * 60_000, bodyTimeout: 15 * 60_000 });

/** The bridge refused the request. */
export class RequestRefused extends Error {
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** Nothing answers: the bridge does not run, or is just being started. */
export class BridgeUnreachable extends Error {}

export interface BridgeRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/**
 * Asks the running bridge, as admin.
 * @returns `data` of its answer.
 * @throws RequestRefused with its message, BridgeUnreachable when none runs.
 */
export async function callBridge(config: BridgeSettings, question: BridgeRequest): Promise<unknown> {
  return (await askBridge(config, question)).data;
}

/** The same, with the metadata beside `data`. */
export async function askBridge(
  config: BridgeSettings,
  { method, path, body, signal }: BridgeRequest,
): Promise<{ readonly data: unknown; readonly meta: unknown }> {
  const answer = await request(`${addressOf(config)}${path}`, {
    method,
    dispatcher: patient,
    headers: { authorization: `Bearer ${config.admin_token}`, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
    ...(signal && { signal }),
  }).catch((cause: unknown) => {
    throw new BridgeUnreachable(nobodyAt(config), { cause });
  });
  const envelope = readEnvelope(await answer.body.text());
  if (answer.statusCode >= 300) {
    const { error } = envelope;
    const why = typeof error === 'string' ? error : error?.message;
    throw new RequestRefused(why ?? `the bridge responded with ${answer.statusCode}`, answer.statusCode);
  }
  if (envelope.data === undefined) throw new RequestRefused(NO_BRIDGE, answer.statusCode);
  return { data: envelope.data, meta: envelope.meta };
}

const NO_BRIDGE = 'the server there is not a Shiplog bridge: check the address and the port';

/** What to do where nothing answers: a bridge on another machine is not started from here. */
export const nobodyAt = (config: BridgeSettings): string =>
  `no bridge responds at ${addressOf(config)}; ` +
  (config.url === undefined ? 'start it with: npm start' : 'check the address, and whether this machine can reach it');

/** The same, where "not found" is an answer like any other. */
export async function findAtBridge(config: BridgeSettings, path: string): Promise<unknown> {
  try {
    return await callBridge(config, { method: 'GET', path });
  } catch (error) {
    if (error instanceof RequestRefused && error.status === 404) return undefined;
    throw error;
  }
}

interface Envelope {
  readonly data?: unknown;
  readonly meta?: unknown;
  /** A text where not the API answers: Redis is away. */
  readonly error?: { readonly message?: string } | string;
}

/** Another program may listen at this port, and speak HTML. */
function readEnvelope(text: string): Envelope {
  try {
    return JSON.parse(text) as Envelope; // our own API's
  } catch {
    return { error: { message: NO_BRIDGE } };
  }
}
