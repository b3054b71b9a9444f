import type { JsonRequest } from '../../outbound/http.ts';
import type { CdEvent } from './event.ts';

export type Mode = 'binary' | 'structured';

/**
 * A CDEvent over HTTP: the CloudEvents 1.0 binding, as cloudevents-binding.md of CDEvents fills it in. `data` is the
 * whole CDEvent.
 */
export function toRequest(url: string, event: CdEvent, mode: Mode): JsonRequest {
  const { id, source, type, timestamp } = event.context;
  const attributes = { specversion: '1.0', id, source, type, subject: event.subject.id, time: timestamp };
  if (mode === 'structured') {
    const headers = { 'content-type': 'application/cloudevents+json' };
    const body = { ...attributes, datacontenttype: 'application/json', data: event };
    return { method: 'POST', url, headers, body };
  }
  const headers = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, headerValue(value)] as const);
  return { method: 'POST', url, headers: Object.fromEntries(headers), body: event };
}

/**
 * CloudEvents HTTP binding 3.1.3.2: outside printable ASCII, and for space, quote and percent, the bytes of UTF-8 in
 * percent signs.
 */
const headerValue = (text: string): string =>
  text.replace(/[^\x21-\x7e]|["%]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
