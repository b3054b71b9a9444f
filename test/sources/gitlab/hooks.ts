import { readFileSync } from 'node:fs';
import { gitlab } from '../../../src/sources/gitlab/index.ts';
import type { Webhook } from '../../../src/sources/received-webhook.ts';

export const SECRET = 'a-secret-of-the-harbor';
export const RECEIVED_AT = new Date('2026-11-02T12:00:00.000Z');

export const source = gitlab.parse({ type: 'gitlab', secrets: [SECRET] });

export function webhook(body: unknown, headers: Webhook['headers'] = {}): Webhook {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    id: 'inbox-1',
    method: 'POST',
    path: '/webhooks/gitlab',
    headers,
    body: Buffer.from(text),
    receivedAt: RECEIVED_AT,
  };
}

export const map = (body: unknown, headers: Webhook['headers'] = {}) => source.map(body, webhook(body, headers));

/** The payload in the file of that name, with some fields changed. */
export function payload(name: string, changes: object = {}): Record<string, unknown> {
  return { ...JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8')), ...changes };
}

/** The only record that the payload makes. */
export function recordOf(body: unknown, headers: Webhook['headers'] = {}) {
  const mapped = map(body, headers);
  const record = mapped.kind === 'records' ? mapped.records[0] : undefined;
  if (mapped.kind === 'ignored' || !record || mapped.records.length !== 1) {
    throw new Error(`not one record: ${JSON.stringify(mapped)}`);
  }
  return record;
}

/** Why the payload makes no record. */
export function reasonOf(body: unknown, headers: Webhook['headers'] = {}): string {
  const mapped = map(body, headers);
  return mapped.kind === 'ignored' ? mapped.reason : 'none: it makes a record';
}
