import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createStores } from '../../src/app/stores.ts';
import { startTestBridge } from '../support/bridge.ts';
import { aRecord } from '../support/records.ts';

/** Each with the part that must be found nowhere. */
const SECRETS = ['Anchor1Anchor2', 'Sail1Sail2', 'Lamp1Lamp2', 'Tide1Tide2', 'Quay1Quay2', 'HARBOR7', 'Buoy1Buoy2'];
const KEY = 'changes:https://mira:Anchor1Anchor2@ci.example.com/runs/9?job_token=Sail1Sail2';

let bridge: Awaited<ReturnType<typeof startTestBridge>>;
let redis: Redis;
beforeAll(async () => {
  bridge = await startTestBridge();
  redis = new Redis(bridge.redis.address.path);
  const { changeLog, inbox } = createStores(redis, bridge.config, () => new Date());
  const occurredAt = new Date(Date.now() - 60_000).toISOString();
  const record = (deployment: string) =>
    aRecord({
      deployment,
      aliases: ['changes:glpat-Lamp1Lamp2Lamp3Lamp4'],
      service: 'gldt-Tide1Tide2Tide3',
      environment: { name: 'ghp_Quay1Quay2Quay3Quay4Quay5' },
      tags: ['AKIAHARBOR7HARBOR7HA'],
      ref: 'glpat-Buoy1Buoy2Buoy3Buoy4',
      occurredAt,
      receivedAt: occurredAt,
    });
  await changeLog.apply(record('changes:one'));
  await changeLog.apply(record(KEY));
  await inbox.add({
    id: '6f2d8f0a-0000-4000-8000-000000000001',
    receivedAt: occurredAt,
    source: 'changes',
    method: 'POST',
    path: '/webhooks/changes/glpat-Lamp1Lamp2Lamp3Lamp4',
    headers: {},
    verdict: 'recorded',
    deployments: [KEY],
    bytes: 2,
  });
});
afterAll(async () => {
  redis.disconnect();
  await bridge.stop();
});

const read = async (path: string) => {
  const headers = { authorization: `Bearer ${bridge.config.admin_token}` };
  const answer = await fetch(bridge.url + path, { headers });
  const text = await answer.text();
  return { status: answer.status, found: SECRETS.filter((secret) => text.includes(secret)), text };
};

it('a secret in names of an earlier release is on no page, in no file and in no response', async () => {
  const { text: list } = await read('/');
  const links = [...list.matchAll(/href="(\/deployments\/[^"]+)"/g)].map(([, path = '']) => path);
  const [own] = links.filter((path) => path.includes('ci.example.com'));
  expect(own).toBeDefined();
  const paths = [
    ...['/', '/running', '/performance', '/inbox', '/inbox/6f2d8f0a-0000-4000-8000-000000000001'],
    ...['/changes.csv', '/changes.ndjson', '/performance.csv', '/performance.json', '/metrics', '/deliveries'],
    ...['/api/v1/changes', '/api/v1/changes?format=csv', '/api/v1/changes?format=ndjson', '/api/v1/running'],
    ...['/api/v1/performance?by=service', '/api/v1/performance?by=service&format=csv', '/api/v1/changes/timeline'],
    ...[`/api/deployments/${encodeURIComponent(KEY)}`, '/api/inbox', '/api/feed?last=50', ...links],
  ];
  for (const path of paths) expect(await read(path), path).toMatchObject({ status: 200, found: [] });
});
