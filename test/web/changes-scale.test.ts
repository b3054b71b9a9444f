import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fold } from '../../src/domain/fold.ts';
import { route } from '../../src/domain/rules/routing.ts';
import { type ChangeLog, createChangeLog } from '../../src/recording/change-log.ts';
import { createDeployments } from '../../src/store/changes/deployments.ts';
import { createRunning } from '../../src/store/changes/timeline/running.ts';
import { changesPage } from '../../src/web/pages/changes.tsx';
import { createSuggest } from '../../src/web/suggestions.ts';
import { alone, aRecord } from '../support/records.ts';
import { startTestRedis } from '../support/redis.ts';
import { expectWithin } from '../support/time.ts';
import { memoryAlerts } from './stores.ts';

const MANY = 20_000;
const FEW = 200;
const NOW = new Date('2026-03-15T00:00:00.000Z');
const ENVIRONMENTS = ['production', 'staging', 'qa', 'review/lamp', 'review/tide'];

let server: Awaited<ReturnType<typeof startTestRedis>>;
let redis: Redis;
let deployments: ChangeLog;

/** The newest of a day: the last `FEW` lie within its last quarter of an hour. */
beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.address.path);
  deployments = createChangeLog(
    createDeployments(redis, { days: 400, count: 100_000 }, { nowMs: () => 0 }),
    (key, records) => alone({ ...route(fold(key, records), []), lineage: key, heardAt: NOW.toISOString() }),
  );
  const stepMs = 86_000_000 / MANY;
  for (let at = 0; at < MANY; at += 1_000)
    await Promise.all(Array.from({ length: 1_000 }, (_, more) => apply(at + more, stepMs)));
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

async function apply(at: number, stepMs: number): Promise<void> {
  const record = aRecord({
    deployment: `job:${at}`,
    occurredAt: new Date(NOW.getTime() - Math.round(at * stepMs)).toISOString(),
    environment: { name: ENVIRONMENTS[at % ENVIRONMENTS.length] ?? '' },
    state: at % 9 === 0 ? 'failed' : 'succeeded',
    changeType: at % 50 === 0 ? 'rollback' : 'deployment',
    commit: { title: 'Turn the lamp faster', message: 'Turn the lamp faster\n\nThe ships asked for it.' },
  });
  await deployments.apply(record);
}

async function timed(query: object) {
  const times: number[] = [];
  let body = '';
  for (let round = 0; round < 5; round++) {
    const began = performance.now();
    body = (
      await changesPage(
        {
          deployments,
          alerts: memoryAlerts(),
          running: createRunning(deployments),
          sources: [],
          suggest: createSuggest(deployments),
        },
        query,
        NOW,
      )
    ).body.markup;
    times.push(performance.now() - began);
  }
  return { body, ms: Math.min(...times) };
}

describe('the changes page with many changes', () => {
  it('renders a hundred times as many in a few times the time and size', async () => {
    const few = await timed({ from: new Date(NOW.getTime() - FEW * (86_000_000 / MANY)).toISOString() });
    const many = await timed({});
    expect(many.body).toContain('20,000 changes');
    expectWithin(many.ms / few.ms, 30); // it is about 5; reading every deployment whole would be about 60
    expect(many.body.length / few.body.length).toBeLessThan(5);
    for (const [, lane = ''] of many.body.matchAll(/<g class="wide">([\s\S]*?)<\/g>/g))
      expect(lane.match(/<a /g)?.length ?? 0).toBeLessThan(400);
  });

  it('searches all of them for a text', async () => {
    const { body } = await timed({ text: 'ships' });
    expect(body).toContain(`${MANY.toLocaleString('en')} changes`);
    expect(body).not.toContain('were looked through');
  });
});
