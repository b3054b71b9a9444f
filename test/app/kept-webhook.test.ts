import { describe, expect, it } from 'vitest';
import { headOf, type Reported, toKept, withHead } from '../../src/app/kept-webhook.ts';
import { toChangeRecord } from '../../src/domain/change-record.ts';
import { createMask } from '../../src/values/mask.ts';

const at = '2026-11-30T10:00:00.000Z';
const BODY = Buffer.from('{}');
const SECRET = 'Anchor1Anchor2Anchor3';

const reported = (summary: string): Reported => ({
  entry: {
    ...{ id: 'w1', receivedAt: at, source: 'gitlab', method: 'POST', path: '/webhooks/gitlab', headers: {} },
    ...{ verdict: 'accepted', deployments: [], bytes: 2 },
  },
  event: {
    webhookId: 'w1',
    source: 'gitlab',
    receivedAt: at,
    records: [
      toChangeRecord({
        ...{ id: 'chg_1', deployment: 'gitlab:code.example.com:7:job:1', source: 'gitlab', instance: 'gitlab' },
        ...{ signal: 'job hook', authoritative: false, state: 'running', environment: { name: 'staging' } },
        ...{ service: 'lighthouse', occurredAt: at, receivedAt: at, summary },
      }),
    ],
  },
});

describe('a webhook on its way to Redis', () => {
  it.each([
    ['as it is', 'lamps on'],
    ['without its secrets', `the token is ${SECRET}`],
    ['cut to the limits', 'lamp '.repeat(10_000)],
    ['whose emoji is cut in two', `${'a'.repeat(300)}\ud83d`],
  ])('has an event and the JSON of that event: %s', (_how, summary) => {
    const kept = toKept(reported(summary), BODY, createMask([SECRET]));
    expect(JSON.parse(kept.eventJson ?? '')).toEqual(kept.event);
    expect(kept.eventJson).toBe(JSON.stringify(kept.event));
    expect(kept.eventJson).not.toContain(SECRET);
    expect(kept.entry.deployments).toEqual(['gitlab:code.example.com:7:job:1']);
  });

  it('is the same again from its head and its body', () => {
    const { entryJson: _, eventJson: __, ...kept } = toKept(reported('lamps on'), BODY, createMask([]));
    expect(withHead(headOf(kept), BODY)).toEqual(kept);
    const { event: ___, ...ignored } = kept;
    expect(withHead(headOf(ignored), BODY)).toEqual(ignored);
  });
});
