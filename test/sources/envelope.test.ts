import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WebhookRejected } from '../../src/domain/errors.ts';
import { read } from '../../src/receive.ts';
import { openingEnvelopes } from '../../src/sources/envelope.ts';
import type { Mapped } from '../../src/sources/mapped.ts';
import { aWebhook, sourceOf } from '../explain/support.ts';
import { config, PAYLOADS, payloadOf } from '../support/every-source.ts';

const EVENT = { specversion: '1.0', id: '7', source: '/quay', type: 'com.example.passed-on' };
const REQUEST = { resource: '/quay', path: '/quay', httpMethod: 'POST', headers: {}, requestContext: {} };
const BUS = { version: '0', id: '7', 'detail-type': 'deployed', source: 'quay', time: '2026-03-02T10:00:00Z' };
const text = JSON.stringify;
const base64 = (payload: unknown): string => Buffer.from(text(payload)).toString('base64');
const ENVELOPES: Readonly<Record<string, (payload: unknown) => unknown>> = {
  'a list of one': (payload) => [payload],
  'JSON in a text': (payload) => text(payload),
  'the item of a workflow': (payload) => [{ json: payload, pairedItem: { item: 0 } }],
  'what a workflow received': (payload) => ({ headers: {}, params: {}, query: {}, body: payload }),
  'a message of a flow': (payload) => ({ _msgid: 'a1', topic: '', payload: text(payload) }),
  'the data of an event': (payload) => ({ ...EVENT, data: payload }),
  'the data of an event as text': (payload) => ({ ...EVENT, data: text(payload) }),
  'the bytes of an event': (payload) => ({ ...EVENT, data_base64: Buffer.from(text(payload)).toString('base64') }),
  'a batch of events': (payload) => [{ ...EVENT, data: payload }],
  'the event of a gateway': (payload) => ({ header: { Accept: ['*/*'] }, body: payload }),
  'an event with a context of its own': (payload) => ({ context: EVENT, data: { header: {}, body: payload } }),
  'a request to a function': (payload) => ({ ...REQUEST, body: text(payload), isBase64Encoded: false }),
  'a request to a function in bytes': (payload) => ({ ...REQUEST, body: base64(payload), isBase64Encoded: true }),
  'an event of a bus': (payload) => ({ ...BUS, detail: payload }),
  'a notification of a topic': (payload) => ({ Type: 'Notification', MessageId: 'm1', Message: text(payload) }),
  'the records of a queue': (payload) => ({ Records: [{ messageId: 'm1', attributes: {}, body: text(payload) }] }),
  'a topic on a queue': (payload) => ({ Records: [{ body: text({ Type: 'Notification', Message: text(payload) }) }] }),
  'a pushed message': (payload) => ({ message: { data: base64(payload), messageId: 'm1' }, subscription: 'quay' }),
  'the events of a grid': (payload) => [{ id: '1', topic: '/quay', eventType: 'x', data: payload, dataVersion: '1' }],
  'the records of a log': (payload) => ({ records: [{ key: null, value: payload }] }),
  'a line of a log collector': (payload) => [{ message: text(payload), path: '/', source_type: 'http_server' }],
  'an event of a log collector': (payload) => ({ event: payload, sourcetype: 'quay', host: 'quay-1' }),
  'a dispatch': (payload) => ({ event_type: 'deployed', client_payload: payload }),
};

const mapped = (type: string, payload: unknown): Mapped =>
  read(sourceOf(config, type), aWebhook(payload, { headers: { 'content-type': 'application/json' } })).mapped;
/** The body as a text: what is a text in JSON, too. */
const sent = (type: string, payload: unknown): Mapped => read(sourceOf(config, type), aWebhook(text(payload))).mapped;
const withoutTimeOfReceipt = (one: Mapped) => (one.kind === 'records' ? one.records.map(({ id }) => id) : one.kind);

describe.each(PAYLOADS)('a payload of %s (%s)', (type, file) => {
  it.each(Object.keys(ENVELOPES))('reports the same in %s', (name) => {
    const payload = payloadOf(type, file);
    const bare = mapped(type, payload);
    const inside = sent(type, ENVELOPES[name]?.(payload));
    // A flat body may lie in some of these anyway: what it reports counts there.
    if (type === 'argocd') expect(inside.kind).toBe(bare.kind);
    else expect(withoutTimeOfReceipt(inside)).toEqual(withoutTimeOfReceipt(bare));
  });
});

describe('several payloads in one body', () => {
  const post = (summary: string) => ({ summary, environment: 'staging' });
  const summaries = (payload: unknown) => {
    const one = sent('changes-api', payload);
    return one.kind === 'records' ? one.records.map(({ summary }) => summary) : one.kind;
  };

  it('report one change each', () => {
    expect(summaries([post('Deployed pay'), [post('Deployed cart')], text(post('Deployed ledger'))])).toEqual([
      'Deployed pay',
      'Deployed cart',
      'Deployed ledger',
    ]);
  });

  it('are refused together, if one of them is refused: nothing is lost in silence', () => {
    expect(() => sent('changes-api', [post('Deployed pay'), { environment: 'staging' }])).toThrow(WebhookRejected);
  });

  it('are no more than a hundred', () => {
    expect(() =>
      sent(
        'changes-api',
        Array.from({ length: 101 }, () => post('Deployed pay')),
      ),
    ).toThrow(/not a list/);
  });
});

it('an object with a field of its own beside body is no envelope', () => {
  const inner = { summary: 'Deployed pay', environment: 'staging' };
  expect(() => sent('changes-api', { body: inner, note: 'of mine' })).toThrow(/summary is required/);
  expect(() => sent('changes-api', { body: inner, data: inner })).toThrow(/summary is required/);
});

it('any JSON is answered as before, or reports something', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (json) => {
      const wrapped = [JSON.parse(json), { body: json }, [[[[[json]]]]]];
      for (const payload of wrapped) {
        try {
          expect(['records', 'ignored']).toContain(sent('changes-api', payload).kind);
        } catch (error) {
          expect(error).toBeInstanceOf(WebhookRejected);
        }
      }
    }),
    { numRuns: 100 },
  );
});

it('hides no bug of a mapping, even if what is inside could be mapped', () => {
  const source = sourceOf(config, 'gitlab');
  const map = (payload: unknown): Mapped => {
    if (Array.isArray(payload)) throw new TypeError('a bug');
    return { kind: 'records', records: [] };
  };
  const opening = openingEnvelopes({ ...source, map });
  expect(() => opening.map([{}], aWebhook({}))).toThrow(TypeError);
  expect(opening.map({}, aWebhook({}))).toEqual({ kind: 'records', records: [] });
});
