import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createChangeLog } from '../../../../src/recording/change-log.ts';
import { createDeployments, type Deployments } from '../../../../src/store/changes/deployments.ts';
import type { ChangeSelection } from '../../../../src/store/changes/search/filter.ts';
import { sha } from '../../../support/deployment.ts';
import { alone, aRecord, plainView } from '../../../support/records.ts';
import { startTestRedis } from '../../../support/redis.ts';

const MANY = 1_100;
const START_MS = Date.UTC(2026, 4, 1);
const timeOf = (at: number) => new Date(START_MS + Math.floor(at / 3) * 60_000).toISOString();

let server: Awaited<ReturnType<typeof startTestRedis>>;
let redis: Redis;
let deployments: Deployments;
beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.address.path);
  deployments = createDeployments(redis, { days: 40_000, count: 10_000 });
  const log = createChangeLog(deployments, (key, records) => alone(plainView(key, records)));
  const records = Array.from({ length: MANY }, (_, at) =>
    aRecord({
      deployment: `changes:${at}`,
      service: ['pay-api', 'pay-worker', 'ledger'][at % 3] ?? '',
      environment: { name: at % 2 ? 'production' : 'staging' },
      commit: { sha: sha(at % 7), title: at % 5 ? 'Turn the lamp' : 'Sound the horn' },
      occurredAt: timeOf(at),
      receivedAt: timeOf(at),
    }),
  );
  await Promise.all(records.map((record) => log.apply(record)));
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

async function keysOf(selection: ChangeSelection): Promise<string[]> {
  const pages = [];
  for await (const page of deployments.scan(selection)) pages.push(...page.map(({ key }) => key));
  return pages;
}

it('has the same results as the list, in the same order, with any filter', async () => {
  const aSelection: fc.Arbitrary<ChangeSelection> = fc.record(
    {
      facets: fc.record(
        {
          service: fc.constantFrom<string | string[]>('pay-api', ['pay-api', 'pay-worker'], 'none'),
          environment: fc.constantFrom('production', 'Staging'),
          commit: fc.constantFrom(sha(1), sha(2).slice(0, 9), sha(3).slice(0, 7)),
        },
        { requiredKeys: [] },
      ),
      text: fc.constantFrom('horn', 'the LAMP', 'moon'),
      sinceMs: fc.constant(Date.parse(timeOf(300))),
      untilMs: fc.constant(Date.parse(timeOf(900))),
    },
    { requiredKeys: ['facets'] },
  );
  await fc.assert(
    fc.asyncProperty(aSelection, async (selection) => {
      const { deployments: listed } = await deployments.list({ ...selection, limit: MANY, offset: 0 });
      expect(await keysOf(selection)).toEqual(listed.map(({ key }) => key));
    }),
    { numRuns: 40 },
  );
});

it('is complete while others are recorded, without a repeat', async () => {
  const found: string[] = [];
  const log = createChangeLog(deployments, (key, records) => alone(plainView(key, records)));
  for await (const page of deployments.scan({ facets: {} })) {
    found.push(...page.map(({ key }) => key));
    await log.apply(aRecord({ deployment: `changes:new-${found.length}`, occurredAt: '2026-11-01T00:00:00.000Z' }));
  }
  expect(new Set(found).size).toBe(found.length);
  expect(found).toHaveLength(MANY);
});
