import { Agent, request } from 'undici';
import type { Config } from '../config/config.ts';
import { addressOf } from './address.ts';

/** Orders to the bridge may take as long as the tools' APIs need. */
const patient = new Agent({ headersTimeout: 15 * 60_000, bodyTimeout: 15 * 60_000 });

/** Asks the running bridge, as admin. @returns `data` of its answer. @throws Error with its words, or when none runs. */
export async function callBridge(
  config: Config,
  { method, path, body }: { readonly method: 'GET' | 'POST'; readonly path: string; readonly body?: unknown },
): Promise<unknown> {
  const answer = await request(`${addressOf(config)}${path}`, {
    method,
    dispatcher: patient,
    headers: { authorization: `Bearer ${config.admin_token}`, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  }).catch((cause: unknown) => {
    throw new Error(`no bridge answers at ${addressOf(config)}; start it with: npm start`, { cause });
  });
  const text = await answer.body.text();
  const said = JSON.parse(text) as { data?: unknown; error?: { message?: string } }; // our own API's envelope
  if (answer.statusCode >= 300) throw new Error(said.error?.message ?? `the bridge answers ${answer.statusCode}`);
  return said.data;
}
