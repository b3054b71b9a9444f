import express from 'express';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { createAccess } from '../../src/http/access.ts';
import { createApi } from '../../src/http/api.ts';
import { createSuspects } from '../../src/store/alerts/suspects.ts';
import type { ChangeFilter, Listed } from '../../src/store/changes/search/query.ts';
import { createRunning } from '../../src/store/changes/timeline/running.ts';
import { memoryAlerts, memoryDeployments, memoryInbox, memoryLedger, step } from './stores.ts';
import { ADMIN } from './support.ts';

const change = (deployment: string, over: Parameters<typeof step>[0] = {}) => step({ deployment, ...over });

function api(records: Parameters<typeof memoryDeployments>[0], listed: Partial<Listed> = {}) {
  const deployments = memoryDeployments(records);
  const none = async () => ({ events: [], next: '0-0', gap: false });
  const parts = {
    access: createAccess([{ name: 'admin', token: ADMIN, may: 'admin' }]),
    deployments: {
      ...deployments,
      list: async (filter: ChangeFilter) => ({ ...(await deployments.list(filter)), ...listed }),
    },
    inbox: memoryInbox(),
    running: createRunning(memoryDeployments([])),
    alerts: memoryAlerts(),
    suspectsOf: createSuspects(memoryDeployments([])),
    ledger: memoryLedger(),
    related: async () => [],
    feed: { after: none, newest: none },
    sinks: [],
    holds: () => ({}),
    sources: [],
  };
  const app = express().use(createApi(parts));
  return (path: string) => request(app).get(path).set('authorization', `Bearer ${ADMIN}`);
}

describe('the timeline of the API', () => {
  const get = api([
    change('changes:1', { occurredAt: '2026-05-04T06:00:00.000Z' }),
    change('changes:2', { occurredAt: '2026-05-04T06:00:30.000Z' }),
    change('changes:3', { occurredAt: '2026-05-04T09:00:00.000Z', changeType: 'rollback' }),
    change('changes:4', { occurredAt: '2026-05-01T09:00:00.000Z' }),
    change('changes:5', { occurredAt: '2026-05-04T06:00:00.000Z', environment: { name: 'staging' }, actor: 'mira' }),
  ]);

  it('contains the day before its end, one lane for each environment, with merged marks', async () => {
    const { body } = await get('/api/v1/changes/timeline?until=2026-05-04T12:00:00Z').expect(200);
    expect(body.meta).toEqual({ since: '2026-05-03T12:00:00.000Z', until: '2026-05-04T12:00:00.000Z', total: 4 });
    expect(body.data.map(({ lane, count }: { lane: string; count: number }) => [lane, count])).toEqual([
      ['production', 3],
      ['staging', 1],
    ]);
    expect(body.data[0].rows).toEqual([
      {
        row: 'rollback',
        marks: [
          {
            count: 1,
            from: '2026-05-04T09:00:00.000Z',
            to: '2026-05-04T09:00:00.000Z',
            deployment: 'changes:3',
            status: 'succeeded',
            change_type: 'rollback',
          },
        ],
      },
      {
        row: 'done',
        marks: [
          {
            count: 2,
            from: '2026-05-04T06:00:00.000Z',
            to: '2026-05-04T06:00:30.000Z',
            deployment: 'changes:2',
            status: 'succeeded',
            change_type: 'deployment',
          },
        ],
      },
    ]);
  });

  it('accepts the filters of the list, and refuses an invalid one', async () => {
    const { body } = await get('/api/v1/changes/timeline?until=2026-05-04T12:00:00Z&person=mira').expect(200);
    expect(body.data.map(({ lane }: { lane: string }) => lane)).toEqual(['staging']);
    await get('/api/v1/changes/timeline?until=noon').expect(400);
  });

  it('lists by person and by text', async () => {
    expect((await get('/api/v1/changes?person=mira').expect(200)).body.meta.total).toBe(1);
    expect((await get('/api/v1/changes?text=lighthouse+staging').expect(200)).body.meta.total).toBe(1);
  });
});

describe('an incomplete search', () => {
  it('shows how far back it went, in the list and in the timeline', async () => {
    const reachedMs = Date.parse('2026-05-01T09:00:00.000Z');
    const get = api([change('changes:1')], { stopped: { count: 300_000, reachedMs } });
    const said = { searched: 300_000, searched_since: '2026-05-01T09:00:00.001Z' };
    for (const path of ['/api/v1/changes', '/api/v1/changes/timeline'])
      expect((await get(path).expect(200)).body.meta).toMatchObject(said);
  });
});
