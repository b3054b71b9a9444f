import { createHmac } from 'node:crypto';
import type { Source } from '../../src/sources/source.ts';
import { exchange, type RawAnswer, rawRequest } from '../support/raw-http.ts';

type Json = Record<string, unknown>;

/** What the source's own tool would send at that time, parsed. */
export const sampleBody = (source: Source, at: Date): Json => JSON.parse(source.sample(at).body);

/** The same body with this text where a person's words stand: the commit message, where the tool sends one. */
export function withWords(source: Source, at: Date, words: string): Json {
  const body = sampleBody(source, at);
  switch (source.type) {
    case 'gitlab':
      return { ...body, commit_title: words };
    case 'bitbucket':
      return { ...body, commit_message: words };
    case 'argocd':
      return { ...body, operation: { ...(body['operation'] as Json), message: words } }; // an object in its sample
    default:
      return { ...body, commit_message: words };
  }
}

/** Sends these bytes as the source's own tool would: with the secret proved. */
export async function send(
  url: string,
  source: Source,
  body: string | Buffer,
  over: { path?: string; headers?: Readonly<Record<string, string>> } = {},
): Promise<RawAnswer & { ms: number }> {
  const { path, headers } = source.sample(new Date());
  const signed = headers['x-hub-signature'] && {
    'x-hub-signature': `sha256=${createHmac('sha256', source.secrets[0] ?? '')
      .update(body)
      .digest('hex')}`,
  };
  const all = Object.entries({ ...headers, ...signed, ...over.headers });
  const { answers, ms } = await exchange(url, rawRequest({ path: over.path ?? path, headers: all, body }));
  const [answer] = answers;
  if (!answer) throw new Error(`${source.name} was not answered`);
  return { ...answer, ms };
}
