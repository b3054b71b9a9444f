import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Config } from '../../src/config/config.ts';
import { ADMIN_TOKEN, SECRET, startTestBridge } from '../support/bridge.ts';
import { type FakeServer, startFakeServer } from '../support/fake-server.ts';

let bridge: Awaited<ReturnType<typeof startTestBridge>>;
let destination: FakeServer;

beforeAll(async () => {
  destination = await startFakeServer(async () => ({ status: 200, body: {} }));
  bridge = await startTestBridge({
    people: { 'Ana Lima': ['ana', 'ana.lima@harbor.example'] },
    owners: [
      { service: 'pay-*', team: 'payments', channel: '#pay', on_call: 'https://pager.harbor.example/pay' },
      { service: '/^tide/', team: 'tides' },
    ],
    sinks: [
      {
        type: 'http',
        name: 'pager',
        url: destination.url,
        when: { tier: 'production' },
        body: { who: { path: 'actor' }, team: { path: 'owner.team' }, call: { path: 'owner.on_call' } },
      },
    ],
  });
  const post = (external_id: string, service: string, changed_by: string, environment = 'production') =>
    bridge.post(
      '/webhooks/changes',
      { summary: `Deployed ${service}`, service, environment, changed_by, external_id },
      { authorization: `Bearer ${SECRET}` },
    );
  await post('1', 'pay-api', 'ana');
  await post('2', 'pay-worker', 'Ana.Lima@harbor.example', 'staging');
  await post('3', 'tide-tables', 'jonas');
  await post('4', 'fog-horn', 'Ana Lima', 'staging');
  await bridge.settled();
});
afterAll(async () => {
  await bridge?.stop();
  await destination?.close();
});

const services = async (query: string) => (await bridge.changes(query)).map(({ service }) => service).sort();
const text = async (path: string) =>
  (await fetch(`${bridge.url}${path}`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })).text();

describe('people', () => {
  it.each(['ana', 'Ana Lima', 'ANA.LIMA@harbor.example'])('are found by any of their names: %s', async (person) => {
    const found = await bridge.changes(`&person=${encodeURIComponent(person)}`);
    expect(found.map(({ changed_by, external_id }) => [external_id, changed_by]).sort()).toEqual([
      ['1', 'Ana Lima'],
      ['2', 'Ana Lima'],
      ['4', 'Ana Lima'],
    ]);
  });

  it('are sent to destinations with the configured name and the owner', () => {
    const told = destination.requests.map((request) => JSON.parse(request.text));
    expect(told).toContainEqual({ who: 'Ana Lima', team: 'payments', call: 'https://pager.harbor.example/pay' });
    expect(told).toContainEqual({ who: 'jonas', team: 'tides' });
  });

  it('cannot share a name', () => {
    const parsed = Config.safeParse({ ...bridge.config, people: { Ana: ['a'], Ben: ['A'] } });
    expect(JSON.stringify(parsed.error?.issues)).toContain('belongs to Ana already');
  });
});

describe('owners', () => {
  it('filter the change log, with other filters', async () => {
    expect(await services('&owner=Payments')).toEqual(['pay-api', 'pay-worker']);
    expect(await services('&owner=payments&environment=staging')).toEqual(['pay-worker']);
    expect(await services('&owner=payments&service=tide')).toEqual([]);
    expect(await services('&owner=nobody')).toEqual([]);
  });

  it('are suggested if no person has the name', async () => {
    const { meta } = (await bridge.get('/api/v1/changes?owner=pay')).body;
    expect(meta.unknown[0].message).toBe('no owner is called "pay"; did you mean payments (2), tides (1)?');
  });

  it('are shown in the API, the exports and in what runs where', async () => {
    const [change] = await bridge.changes('&service=pay-api');
    expect(change?.['owner']).toEqual({
      team: 'payments',
      channel: '#pay',
      on_call: 'https://pager.harbor.example/pay',
    });
    expect(await text('/api/v1/changes?format=csv&owner=tides')).toContain(',tides,');
    const running = (await bridge.get('/api/v1/running?owner=payments')).body.data;
    expect(running.map(({ service }: { service: string }) => service)).toEqual(['pay-api', 'pay-worker']);
  });

  it('group the DORA measures', async () => {
    const by = (await bridge.get('/api/v1/performance?by=team&environment=*')).body.data;
    expect(by.map(({ team, finished }: { team: string; finished: number }) => [team, finished])).toEqual([
      ['payments', 2],
      ['(nobody)', 1],
      ['tides', 1],
    ]);
    const own = (await bridge.get('/api/v1/performance?owner=tides')).body.data;
    expect(own.map(({ service }: { service: string }) => service)).toEqual(['tide-tables']);
  });

  it('see why one of their deployments was not sent', async () => {
    const { deliveries } = (await bridge.get('/api/deployments/changes:4')).body.data;
    expect(deliveries[0].wants.why).toBe('not sent to pager: tier is staging, it takes only production');
  });
});
