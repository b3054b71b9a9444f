import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { AlertReport } from '../../../src/domain/alert.ts';
import { alerts } from '../../../src/sources/alerts/index.ts';
import { MAX_ALERTS } from '../../../src/sources/alerts/notification.ts';
import type { Mapped } from '../../../src/sources/mapped.ts';
import type { Webhook } from '../../../src/sources/received-webhook.ts';

const SECRETS = ['alerts-secret-of-24-chars', 'an-older-secret-of-alerts'] as const;
const sourceWith = (said: Record<string, unknown> = {}) =>
  alerts.parse({ type: 'alerts', secrets: [...SECRETS], ...said });
const source = sourceWith();
const here = new URL('.', import.meta.url);
const read = (file: string) => JSON.parse(readFileSync(new URL(`${file}.json`, here), 'utf8'));

const webhook = (headers: Webhook['headers'] = {}, body = '{}'): Webhook => ({
  id: 'w',
  method: 'POST',
  path: '/webhooks/alerts',
  headers,
  body: Buffer.from(body),
  receivedAt: new Date('2026-03-14T20:40:00.000Z'),
});
const map = (payload: unknown, to = source): Mapped => to.map(payload, webhook());
function alertsIn(payload: unknown, to = source): readonly AlertReport[] {
  const mapped = map(payload, to);
  if (mapped.kind !== 'records') throw new Error(`ignored: ${mapped.reason}`);
  expect(mapped.records).toEqual([]);
  return mapped.alerts ?? [];
}
const one = (over: Record<string, unknown>, to = source) => {
  const group = read('alertmanager');
  return alertsIn({ ...group, alerts: [{ ...group.alerts[0], ...over }] }, to)[0];
};

describe('what the tools send', () => {
  const files = readdirSync(here).filter((file) => file.endsWith('.json') && !file.endsWith('.expected.json'));
  it.each(files)('%s becomes its expected result', async (file) => {
    const mapped = map(read(file.replace('.json', '')));
    await expect(`${JSON.stringify(mapped, null, 2)}\n`).toMatchFileSnapshot(file.replace(/json$/, 'expected.json'));
  });

  it.each([
    ['no alert at all', {}],
    ['a dashboard alert of the time before unified alerting', { ruleId: 1, ruleName: 'lamp', state: 'alerting' }],
    ['a group of nothing', { alerts: [] }],
    ['an alert without a time', { alerts: [{ status: 'firing', labels: { a: 'b' } }] }],
  ])('is refused if it is %s', (_what, payload) => {
    expect(() => map(payload)).toThrow(expect.objectContaining({ code: 'bad_payload' }));
  });

  it('is read up to a limit, and a repeated alert counts once', () => {
    const group = read('alertmanager');
    const [alert] = group.alerts;
    const many = Array.from({ length: MAX_ALERTS + 1 }, (_, at) => ({ ...alert, fingerprint: String(at) }));
    expect(alertsIn({ ...group, alerts: many })).toHaveLength(MAX_ALERTS);
    expect(map({ ...group, alerts: many })).toMatchObject({ omitted: 1 });
    expect(alertsIn({ ...group, alerts: [alert, alert] })).toHaveLength(1);
  });
});

describe('one alert', () => {
  it('is the same from firing to resolved, and another one if it begins again or elsewhere', () => {
    const firing = one({});
    const same = one({ status: 'resolved', endsAt: '2026-03-14T20:30:00Z', annotations: {}, labels: {} });
    expect(same?.id).toBe(firing?.id);
    const others = [
      one({ startsAt: '2026-03-14T20:06:12.345Z' }),
      one({ fingerprint: 'another' }),
      one({}, sourceWith({ name: 'others' })),
    ];
    expect(new Set([firing, ...others].map((alert) => alert?.id)).size).toBe(4);
  });

  it('is the same incident in all its events', () => {
    const [triggered, resolved] = ['pagerduty-triggered', 'pagerduty-resolved'].map((file) => alertsIn(read(file))[0]);
    expect(resolved?.id).toBe(triggered?.id);
    const { event } = read('pagerduty-triggered');
    const acknowledged = {
      ...event,
      event_type: 'incident.acknowledged',
      data: { ...event.data, status: 'acknowledged' },
    };
    expect(alertsIn({ event: acknowledged })[0]).toMatchObject({ id: triggered?.id, state: 'firing' });
  });

  it("does not begin after its receipt, whatever the sender's clock shows", () => {
    expect(one({ startsAt: '2026-03-14T22:00:00Z' })?.startedAt).toBe('2026-03-14T20:40:00.000Z');
  });

  it('is identified by its labels if it has no fingerprint', () => {
    const [a, b] = [{ x: '1' }, { x: '2' }].map((labels) => one({ fingerprint: undefined, labels }));
    expect(a?.id).not.toBe(b?.id);
  });
});

describe('what an alert is about', () => {
  const configured = sourceWith({
    service_labels: ['container', 'service'],
    environment_labels: ['stage'],
    services: { 'Lighthouse-API': 'lighthouse' },
    environments: { north: 'production', 'lighthouse (north)': 'production', q: 'qa' },
  });

  it('is read from the configured labels, with our names', () => {
    expect(one({}, configured)).toMatchObject({
      services: [{ label: 'service', name: 'lighthouse' }],
      environment: 'production', // of the cluster: it has no stage
    });
    expect(one({ labels: { stage: 'Q', container: 'tide' } }, configured)).toMatchObject({
      services: [{ label: 'container', name: 'tide' }],
      environment: 'qa',
    });
    expect(alertsIn(read('pagerduty-triggered'), configured)[0]).toMatchObject({ environment: 'production' });
  });

  it('is unknown without a label: never production', () => {
    const bare = one({ labels: { alertname: 'LampDark', cluster: 'production-north' } });
    expect(bare).toMatchObject({ services: [] });
    expect(bare).not.toHaveProperty('environment');
  });
});

describe('the sender', () => {
  const body = '{"event":{}}';
  const sign = (secret: string) => `v1=${createHmac('sha256', secret).update(body).digest('hex')}`;
  const basic = (password: string) => `Basic ${Buffer.from(`shiplog:${password}`).toString('base64')}`;
  it.each([
    ['a bearer token', { authorization: `Bearer ${SECRETS[1]}` }],
    ['a password', { authorization: basic(SECRETS[0]) }],
    ['a signature', { 'x-pagerduty-signature': sign(SECRETS[0]) }],
    ['one of two signatures', { 'x-pagerduty-signature': `${sign('another secret')}, ${sign(SECRETS[1])}` }],
  ])('is authenticated by %s', (_what, headers) => {
    expect(() => source.verify(webhook(headers, body))).not.toThrow();
  });

  it.each([
    ['a wrong signature', { 'x-pagerduty-signature': sign('another secret') }],
    ['an upper-case signature', { 'x-pagerduty-signature': sign(SECRETS[0]).toUpperCase() }],
    ['a signature of another version', { 'x-pagerduty-signature': sign(SECRETS[0]).replace('v1', 'v2') }],
    ['a signature beyond the tenth', { 'x-pagerduty-signature': `${'v1=,'.repeat(10)}${sign(SECRETS[0])}` }],
  ])('is not authenticated by %s', (_what, headers) => {
    expect(() => source.verify(webhook(headers, body))).toThrow(expect.objectContaining({ code: 'bad_signature' }));
  });
});
