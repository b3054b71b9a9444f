import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { createTraffic } from '../../src/web/deliveries-traffic.ts';
import { sinkHealth } from '../../src/web/pages/deliveries.tsx';
import { memoryDeployments, step } from './stores.ts';
import { app, glance, letter, memoryDeadLetters, notes, see, sessionCookie, submit } from './support.ts';

const text = (page: string) => page.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
const now = new Date('2026-05-04T10:00:00.000Z');

describe('the deliveries page', () => {
  it('shows for every sink its state, its backlog and since when', async () => {
    const oldestAt = Date.now() - 185_000;
    const page = text(
      await see('/deliveries', {
        backlog: async () => ({
          'forward-alert24': { waiting: 1200, dead: 3, oldestAt },
          record: { waiting: 4, dead: 1 },
        }),
        holds: () => ({ alert24: { why: '401 <wrong> key', until: new Date('2026-05-04T10:00:30.000Z') } }),
        traffic: { of: () => ({ delivered: 40, failed: 2, meanMs: 230 }) },
      }),
    );
    expect(page).toContain(
      'alert24 paused Waits until 2026-05-04 10:00:30 UTC , then tries again: 401 &lt;wrong&gt; key',
    );
    expect(page).toContain('Waiting 1,200, the oldest for 3 min 5 s Last 5 min 40 delivered, 2 failed, 230 ms each');
    expect(page).toContain('recording in Shiplog itself Waiting 4 Dead letters 1');
  });

  it('shows why the last attempt failed, also before the whole sink is on hold', async () => {
    const failures = () => ({ alert24: 'alert24 is <down>: connect ECONNREFUSED' });
    const page = text(await see('/deliveries', { failures }));
    expect(page).toContain(
      'alert24 failing The last attempt failed; it is made again: alert24 is &lt;down&gt;: connect',
    );
    expect(await see('/', { failures })).toContain('title="1 sink failing"');
    const holds = () => ({ alert24: { why: '503', until: now } });
    expect(await see('/', { failures, holds })).toContain('title="1 sink waiting"');
  });

  it('marks dead letters and waiting sinks in the menu of every page', async () => {
    const backlog = async () => ({ 'forward-alert24': { waiting: 0, dead: 3 }, record: { waiting: 0, dead: 1 } });
    const holds = () => ({ alert24: { why: '401', until: now } });
    for (const path of ['/', '/running', '/setup', '/performance']) {
      expect(await see(path, { backlog, holds })).toContain('title="4 dead letters, 1 sink waiting"');
      expect(await see(path)).not.toContain('dead letter');
    }
  });

  it.each([
    ['paused', { hold: { why: 'x', until: now } }],
    ['failing', { failure: 'connect ECONNREFUSED', backlog: { waiting: 1, dead: 1 } }],
    ['paused', { failure: 'connect ECONNREFUSED', hold: { why: 'x', until: now } }],
    ['slow', { recent: { delivered: 2, failed: 0, meanMs: 2_500 } }],
    ['slow', { backlog: { waiting: 1, dead: 0, oldestAt: now.getTime() - 61_000 } }],
    ['refusing', { backlog: { waiting: 9, dead: 9, oldestAt: now.getTime() - 5_000 } }],
    ['healthy', { backlog: { waiting: 9, dead: 0, oldestAt: now.getTime() - 5_000 } }],
  ])('calls a sink %s', (state, over) => {
    const calm = { hold: undefined, failure: undefined, backlog: undefined, recent: { delivered: 0, failed: 0 }, now };
    expect(sinkHealth({ ...calm, ...over }).state).toBe(state);
  });

  it('shows dead letters with their kind, reason and subject', async () => {
    const { deployment: _, ...recording } = letter({ id: 'record:evt_1', sink: 'record', kind: 'fault', why: 'a bug' });
    const letters = [letter({ why: '422 <b>no such service</b>' }), { ...recording, webhook: 'w/1' }];
    const page = await see('/deliveries', { deadLetters: memoryDeadLetters(letters) });
    expect(text(page)).toContain('1 rejected by the destination, 1 failed in Shiplog');
    expect(page).toContain('422 &lt;b&gt;no such service&lt;/b&gt;');
    expect(page).toContain('href="/inbox/w%2F1"');
    expect(page).toContain('href="/deployments/gitlab:gitlab.harbor.example:4711:job:2"');
    expect(page).toContain('Try all 2 again');
    const faults = await see('/deliveries?kind=fault', { deadLetters: memoryDeadLetters(letters) });
    expect(faults).toContain('Try this one again');
    expect(faults).not.toContain('no such service');
    expect(await glance('/deliveries', { deadLetters: memoryDeadLetters(letters) })).not.toMatch(/Try|Drop/);
  });

  it('names the deployment of a dead letter by service and environment, where it is still kept', async () => {
    const key = 'changes:1';
    const letters = [letter({ deployment: key, why: 'a' }), letter({ id: 'alert24:2', deployment: 'gone', why: 'b' })];
    const parts = {
      deadLetters: memoryDeadLetters(letters),
      deployments: memoryDeployments([step({ deployment: key, service: 'pay', environment: { name: 'staging' } })]),
    };
    for (const path of ['/deliveries', '/actions/drop']) {
      const page = await see(path, parts);
      expect(page).toContain('<a href="/deployments/changes:1" title="changes:1"><bdi>pay</bdi> → <bdi>staging</bdi>');
      expect(page).toMatch(/href="\/deployments\/gone"[^>]*><bdi>gone</);
    }
  });

  it('has one action for all dead letters with one cause', async () => {
    const of = (count: number, why: string) => Array.from({ length: count }, (_, at) => letter({ id: why + at, why }));
    const letters = [...of(12, '422 no such service'), ...of(1, '413 too long')];
    const page = await see('/deliveries', { deadLetters: memoryDeadLetters(letters) });
    expect(text(page)).toContain('12 dead letters of alert24: 422 no such service Try all 12 again');
    expect(page).toContain('href="/deliveries?sink=alert24&amp;kind=refused&amp;cause=422+no+such+service"');
    expect(page.match(/Try again/g)).toHaveLength(1);
  });

  it('ignores deployments and generated ids in a cause', async () => {
    const why = (key: string) => `${key} was not taken: 400 (request 3f0c9e1d-7a2b-4c65-8d9e-0f41ab37c2d8)`;
    const letters = ['changes:1', 'changes:2'].map((key) => letter({ id: key, deployment: key, why: why(key) }));
    const page = await see('/deliveries', { deadLetters: memoryDeadLetters(letters) });
    expect(text(page)).toContain('2 dead letters of alert24: … was not taken: 400 (request …)');
  });

  it('replays one', async () => {
    const { done, actions } = notes();
    const sent = submit('/actions/replay', { id: 'alert24:fwd_1', back: '/deliveries?sink=alert24' }, { actions });
    await sent.expect(303).expect('location', '/deliveries?sink=alert24&did=replayed&count=1');
    expect(done).toEqual([['replay', { id: 'alert24:fwd_1' }, { remap: false }]]);
  });

  it('replays all that match and died before, 500 at a time, and shows how many are left', async () => {
    const { done, actions } = notes();
    const letters = Array.from({ length: 700 }, (_, index) => letter({ id: `alert24:fwd_${index}` }));
    const page = await see('/deliveries?sink=alert24&reason=unknown', { deadLetters: memoryDeadLetters(letters) });
    expect(page).toContain('Try the next 500 of 700 again');
    const until = /name="until" value="([^"]+)"/.exec(page)?.[1] ?? '';
    expect(Date.parse(until)).toBeGreaterThan(Date.now() - 60_000);
    const back = /name="back" value="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? '';
    expect(back).toBe(`/deliveries?sink=alert24&reason=unknown&until=${encodeURIComponent(until)}`);
    await submit('/actions/replay', { sink: 'alert24', reason: 'unknown', until, remap: '1', back }, { actions });
    expect(done).toEqual([
      ['replay', { sink: 'alert24', reason: 'unknown', untilMs: Date.parse(until) }, { remap: true }],
    ]);
    const rest = memoryDeadLetters([
      ...letters.slice(500),
      letter({ diedAt: new Date(Date.parse(until) + 5).toISOString() }),
    ]);
    const next = await see(`${back}&did=replayed&count=500`, { deadLetters: rest });
    expect(text(next)).toContain('500 dead letters are tried again.');
    expect(next).toContain('Try all 200 again');
    const last = await see(`${back}&did=replayed&count=200`, { deadLetters: memoryDeadLetters() });
    expect(text(last)).toContain('None is left of those. Show what died since');
  });

  it('shows how many were not searched if there are too many for a page', async () => {
    const many = (count: number) =>
      memoryDeadLetters(
        Array.from({ length: count }, (_, index) =>
          letter({ id: `alert24:fwd_${index}`, why: `refused for reason ${index}` }),
        ),
        90_000,
      );
    const page = text(await see('/deliveries', { deadLetters: many(2_000) }));
    expect(page).toContain(
      '2,000 rejected by the destination, 0 failed in Shiplog. 90,000 older ones are not looked through',
    );
    expect(page).toContain('Try the next 500 of 2,000 or more again');
    expect(page).toContain('The newest 100 of 2,000 or more.');
    const drop = text(await see('/actions/drop?sink=alert24', { deadLetters: many(3) }));
    expect(drop).toContain('3 or more dead letters are deleted permanently.');
    expect(drop).toContain('Drop the first 500');
    for (const path of ['/deliveries?reason=fog', '/actions/drop?reason=fog'])
      expect(text(await see(path, { deadLetters: many(3) }))).toContain('None fits among the newest.');
  });

  it('asks for confirmation before it drops, and drops what was confirmed', async () => {
    const { done, actions } = notes();
    const parts = { actions, deadLetters: memoryDeadLetters([letter(), letter({ id: 'alert24:fwd_2' })]) };
    const page = await see('/actions/drop?sink=alert24&until=2030-03-17T17:46:40Z', parts);
    expect(text(page)).toContain('2 dead letters are deleted permanently.');
    expect(done).toEqual([]);
    expect(page).toContain('<input type="hidden" name="until" value="2030-03-17T17:46:40Z">');
    const fields = { sink: 'alert24', until: '2030-03-17T17:46:40Z', back: '/deliveries' };
    await submit('/actions/drop', fields, parts).expect(303).expect('location', '/deliveries?did=dropped&count=1');
    expect(done).toEqual([['drop', { sink: 'alert24', untilMs: 1_900_000_000_000 }]]);
  });

  it.each(['kind=nobodys', 'until=soon', 'sink=a&sink=b'])(
    'does nothing with an invalid filter: %s would otherwise select all',
    async (filter) => {
      const { done, actions } = notes();
      const parts = { actions, deadLetters: memoryDeadLetters([letter()]) };
      await request(app(parts)).get(`/actions/drop?${filter}`).set('cookie', sessionCookie()).expect(400);
      for (const act of ['drop', 'replay'])
        await request(app(parts))
          .post(`/actions/${act}`)
          .set('authorization', 'Bearer admin-token-0123456789')
          .type('form')
          .send(filter)
          .expect(400);
      expect(done).toEqual([]);
    },
  );
});

describe('the traffic of a sink', () => {
  it('is the number of attempts in the last five minutes, without skipped deliveries', () => {
    let at = now;
    const traffic = createTraffic(() => at);
    traffic.note({ sink: 'alert24', outcome: 'delivered', ms: 100 });
    traffic.note({ sink: 'alert24', outcome: 'retry', ms: 300 });
    traffic.note({ sink: 'alert24', outcome: 'duplicate', ms: 1 });
    traffic.note({ sink: 'gitlab', outcome: 'dead', ms: 50 });
    expect(traffic.of('alert24')).toEqual({ delivered: 1, failed: 1, meanMs: 200 });
    at = new Date(now.getTime() + 4 * 60_000);
    traffic.note({ sink: 'alert24', outcome: 'delivered', ms: 500 });
    expect(traffic.of('alert24')).toEqual({ delivered: 2, failed: 1, meanMs: 300 });
    at = new Date(now.getTime() + 6 * 60_000);
    expect(traffic.of('alert24')).toEqual({ delivered: 1, failed: 0, meanMs: 500 });
    at = new Date(now.getTime() + 60 * 60_000);
    expect(traffic.of('alert24')).toEqual({ delivered: 0, failed: 0 });
  });
});
