import { randomUUID } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { type Explanation, explain, receivedAt } from '../explain/explain.ts';
import type { Source } from '../sources/source.ts';
import { toText } from './explain-text.ts';
import { type NotedHeaders, parseHeaders } from './headers.ts';

export interface ExplainOptions {
  /** The name of a configured source. */
  readonly source: string;
  /** File with the webhook's headers. */
  readonly headers?: string;
  /** The path it was sent to. */
  readonly path?: string;
  readonly json?: boolean;
}

/** Prints what would become of a webhook. @throws Error when it would be rejected, or a file cannot be read */
export async function runExplain(config: Config, file: string, options: ExplainOptions): Promise<void> {
  const explanation = await explainFile(config, file, options);
  process.stdout.write(options.json ? `${JSON.stringify(explanation, null, 2)}\n` : toText(explanation));
  if (explanation.verdict === 'rejected') throw new Error(`it would be rejected: ${explanation.reason}`);
}

/** @param file `-` is standard input. */
async function explainFile(config: Config, file: string, options: ExplainOptions): Promise<Explanation> {
  const source = sourceOf(config, options.source);
  const noted = options.headers === undefined ? undefined : readHeaders(options.headers);
  const path = options.path ?? noted?.path ?? `/webhooks/${source.name}`;
  const headers = noted?.headers ?? {};
  const webhook = {
    id: randomUUID(),
    method: noted?.method ?? 'POST',
    path: path.split('?')[0] ?? path,
    headers,
    body: await readPayload(file, source.maxBodyBytes),
    receivedAt: receivedAt(headers, new Date(), source),
  };
  return explain(source, webhook, { ...config, checkSignature: noted !== undefined && !noted.redacted });
}

function sourceOf({ sources }: Config, name: string): Source {
  const found = sources.find((source) => source.name === name) ?? sources.find((source) => source.type === name);
  if (found) return found;
  throw new Error(`there is no source "${name}"; there are: ${sources.map((source) => source.name).join(', ')}`);
}

function readHeaders(file: string): NotedHeaders {
  try {
    return parseHeaders(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(`${file}: the headers cannot be read: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

/** One byte more than the source takes is enough to know that it is too large. */
async function readPayload(file: string, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    const stream = file === '-' ? process.stdin : createReadStream(file);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      // without an encoding both yield Buffers
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > limitBytes) break;
    }
  } catch (cause) {
    throw new Error(`${file}: the payload cannot be read: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
  return Buffer.concat(chunks);
}
