import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { listAlerts, showAlert } from '../../src/cli/alerts.ts';
import { NothingFound } from '../../src/cli/output.ts';
import { ADMIN_TOKEN, anAlert, SECRET, startTestBridge } from '../support/bridge.ts';
import { paper, reaching } from '../support/command.ts';
import { type FakeServer, startFakeServer } from '../support/fake-server.ts';

const bearer = { authorization: `Bearer ${SECRET}` };
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

const PAGERDUTY_TOKEN = 'pd-token-Beacon1Beacon2';

let bridge: Awaited<ReturnType<typeof startTestBridge>>;
/** PagerDuty's REST API. */
let pagerduty: FakeServer;
beforeAll(async () => {
  pagerduty = await startFakeServer(({ headers }) =>
    headers.authorization === `Token token=${PAGERDUTY_TOKEN}` && headers['from'] === 'mira@harbor.example'
      ? { status: 201, body: { note: { id: 'PNOTE' } } }
      : { status: 401 },
  );
  const api = { url: pagerduty.url, token: PAGERDUTY_TOKEN, from: 'mira@harbor.example' };
  bridge = await startTestBridge({
    public_url: 'https://shiplog.harbor.example',
    sources: [
      { type: 'changes-api', secrets: [SECRET] },
      { type: 'alerts', secrets: [SECRET], pagerduty: api, environments: { 'lighthouse (north)': 'production' } },
    ],
    services: { 'lighthouse-api': 'lighthouse', 'lighthouse (north)': 'lighthouse' },
    owners: [{ service: ['lighthouse', 'buoys'], team: 'lights' }],
  });
  for (const [service, minutes] of [
    ['lighthouse', 9],
    ['buoys', 12],
    ['tides', 15],
  ] as const) {
    const times = { started_at: ago(minutes + 1), finished_at: ago(minutes) };
    const change = { summary: `Deployed ${service}`, service, environment: 'production', external_id: service };
    await bridge.post('/webhooks/changes', { ...change, ...times }, bearer);
  }
  await bridge.settled();
});
afterAll(async () => {
  await bridge?.stop();
  await pagerduty?.close();
});

const alerts = async (query = '') => (await bridge.get(`/api/v1/alerts${query}`)).body.data;

describe('an alert', () => {
  it('is stored and listed, and its suspects are ranked with reasons', async () => {
    const answer = await bridge.post('/webhooks/alerts', anAlert({ startsAt: ago(5) }), bearer);
    expect(answer).toMatchObject({ status: 202, body: { status: 'accepted', deployments: [] } });
    await bridge.settled();
    const [id] = answer.body.alerts;
    expect(await alerts()).toMatchObject([{ id, status: 'firing', service: 'lighthouse', environment: 'production' }]);
    const { body } = await bridge.get(`/api/v1/alerts/${id}`);
    expect(body.data.suspects.map(({ change }: { change: { service: string } }) => change.service)).toEqual([
      'lighthouse',
      'buoys',
      'tides',
    ]);
    expect(body.data.suspects[0].reasons[0].text).toContain('names this service');
    expect(body.data.looked).toMatchObject({ services: ['lighthouse'], team: 'lights', compared: 3 });
    expect((await bridge.get('/api/inbox?source=alerts')).body.data[0]).toMatchObject({ verdict: 'recorded' });
  });

  it('is resolved once, and a repeat is a duplicate', async () => {
    const startsAt = ago(4);
    const fingerprint = 'again';
    for (const status of ['resolved', 'firing', 'resolved'])
      await bridge.post('/webhooks/alerts', anAlert({ status, startsAt, fingerprint, endsAt: ago(2) }), bearer);
    await bridge.settled();
    expect(await alerts('?status=resolved')).toHaveLength(1);
    const { data } = (await bridge.get('/api/inbox?source=alerts&limit=3')).body;
    expect(data.map(({ verdict }: { verdict: string }) => verdict).sort()).toEqual([
      'duplicate',
      'recorded',
      'recorded',
    ]);
  });

  it('of PagerDuty is authenticated by its signature', async () => {
    const body = readFileSync(new URL('../sources/alerts/pagerduty-triggered.json', import.meta.url), 'utf8');
    const sign = (secret: string) => `v1=${createHmac('sha256', secret).update(body).digest('hex')}`;
    const send = (signature: string) => bridge.post('/webhooks/alerts', body, { 'x-pagerduty-signature': signature });
    expect((await send(sign('another secret of PagerDuty'))).status).toBe(401);
    expect((await send(sign(SECRET))).status).toBe(202);
  });

  it('of PagerDuty gets one note with its suspects, even if the first attempt fails, and only while it is recent', async () => {
    const { event } = JSON.parse(
      readFileSync(new URL('../sources/alerts/pagerduty-triggered.json', import.meta.url), 'utf8'),
    );
    const [fresh, stale] = [ago(3), ago(90)];
    const send = (id: string, created_at: string, status = 'triggered') => {
      const data = { ...event.data, id, status, created_at };
      return bridge.post('/webhooks/alerts', { event: { ...event, data } }, bearer);
    };
    pagerduty.inject({ kind: 'status', status: 503, headers: { 'retry-after': '1' } });
    await send('PNEW', fresh);
    await send('POLD', stale);
    await send('PDONE', fresh, 'resolved');
    await vi.waitFor(() => expect(pagerduty.requests.map(({ status }) => status)).toEqual([503, 201]), {
      timeout: 20_000,
      interval: 50,
    });
    await send('PNEW', fresh, 'acknowledged');
    await bridge.settled();
    expect(pagerduty.requests.map(({ path }) => path)).toEqual(Array(2).fill('/incidents/PNEW/notes'));
    const { content } = JSON.parse(pagerduty.requests[1]?.text ?? '').note;
    const lines = content.split('\n');
    expect(lines).toHaveLength(5);
    expect(lines[1]).toMatch(/^1\. Deployed lighthouse \(lighthouse, production, succeeded; \d+ points\): The alert/);
    expect(lines[4]).toMatch(/^https:\/\/shiplog\.harbor\.example\/alerts\/alt_/);
    expect(JSON.stringify(bridge.logged)).not.toContain(PAGERDUTY_TOKEN);
  });

  it('is shown on the pages', async () => {
    await bridge.settled();
    const login = await fetch(`${bridge.url}/login`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ token: ADMIN_TOKEN }),
    });
    const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
    const see = async (path: string) => (await fetch(bridge.url + path, { headers: { cookie } })).text();
    const [{ id }] = await alerts('?status=firing');
    const marks = async (path: string) => (await see(path)).match(/class="mark (?:many )?alert/g) ?? [];
    expect(await marks('/')).not.toEqual([]);
    expect(await marks('/?service=tides')).toEqual([]);
    expect(await see('/inbox')).toContain(`href="/alerts/${id}"`);
    expect(await see('/alerts?service=lighthouse')).toContain('LampDark');
    expect(await see('/alerts?service=LIGHT')).toContain('LampDark'); // a part, where no alert has the name
    expect(await see('/alerts?service=ht')).not.toContain('No alert matches');
    expect(await see('/alerts?service=nothing')).toContain('No alert matches');
    expect(await see(`/alerts/${id}`)).toContain('names this service');
    expect(await see(`/alerts/${id}`)).toMatch(/owner[^<]*<a [^>]+>lights<\/a>/); // whom to call
    expect(await see('/alerts/alt_none')).toContain('There is no such alert');
  });

  it('is shown on the command line: the list, and for one alert the suspects with reasons', async () => {
    const list = paper();
    await listAlerts(reaching(bridge), { service: 'light', status: 'firing', limit: 25 }, list.output);
    const id = /firing .*LampDark +(alt_[0-9a-f]{32})/.exec(list.out())?.[1] ?? '';
    const one = paper();
    await showAlert(reaching(bridge), id, { output: one.output });
    expect(one.out()).toMatch(/^LampDark: firing, lighthouse in production, began /);
    expect(one.out()).toMatch(/\d+ .*Deployed lighthouse .*The alert names this service/);
    const none = listAlerts(reaching(bridge), { service: 'nothing', limit: 25 }, paper().output);
    await expect(none).rejects.toBeInstanceOf(NothingFound);
    await expect(showAlert(reaching(bridge), 'alt_none', { output: paper().output })).rejects.toThrow('no alert alt_');
  });

  it('that arrives while Redis is unreachable is stored on disk, and recorded afterwards', async () => {
    bridge.redis.freeze();
    const answer = await bridge.post('/webhooks/alerts', anAlert({ fingerprint: 'spooled' }), bearer);
    bridge.redis.thaw();
    expect(answer.status).toBe(202);
    const [id] = answer.body.alerts;
    await vi.waitFor(async () => expect((await bridge.get(`/api/v1/alerts/${id}`)).status).toBe(200), {
      timeout: 20_000,
      interval: 100,
    });
  });
});
