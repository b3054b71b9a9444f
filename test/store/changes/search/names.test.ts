import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { unknownNameText } from '../../../../src/domain/known-names.ts';
import { People } from '../../../../src/domain/people.ts';
import { textSuggestionText } from '../../../../src/domain/text-suggestions.ts';
import type { LazyTimelineEntry, TimelineEntry } from '../../../../src/domain/timeline-entry.ts';
import { type ChangeLog, createChangeLog } from '../../../../src/recording/change-log.ts';
import { createDeployments } from '../../../../src/store/changes/deployments.ts';
import { withDirectory } from '../../../../src/store/changes/directory.ts';
import { toChangeFilter } from '../../../../src/store/changes/search/filter.ts';
import { NAME_COUNTS, textSuggestions } from '../../../../src/store/changes/search/names.ts';
import { alone, aRecord, plainView } from '../../../support/records.ts';
import { startTestRedis } from '../../../support/redis.ts';

let server: Awaited<ReturnType<typeof startTestRedis>>;
let redis: Redis;
let deployments: ChangeLog;
beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.address.path);
  deployments = createChangeLog(createDeployments(redis, { days: 400, count: 10_000 }), (key, records) =>
    alone(plainView(key, records)),
  );
  const records = [
    { service: 'pay-api', actor: 'jonas.tide', riskLevel: 'high' as const, tags: ['Hotfix'] },
    { service: 'pay-api', environment: { name: 'staging' } },
    { service: 'pay-worker', changeType: 'rollback' as const },
    { service: 'ledger', jobUrl: 'https://gitlab.harbor.example/harbor/ledger/-/jobs/4711' },
  ];
  await Promise.all(
    records.map((record, at) => deployments.apply(aRecord({ deployment: `changes:${at}`, ...record }))),
  );
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

async function ask(query: Parameters<typeof toChangeFilter>[0]) {
  const { selection, unknown } = await deployments.resolve(toChangeFilter(query, new Date()));
  const { deployments: found, total } = await deployments.list({ ...selection, limit: 10, offset: 0 });
  const drawn = await deployments.timeline({ facets: selection.facets });
  return { services: found.map(({ service }) => service).sort(), total, unknown, drawn: drawn.length };
}

it('shows the names that contain the text, with their counts, without a lookup for an exact name', async () => {
  const part = await ask({ service: 'PAY' });
  expect(part).toMatchObject({ services: ['pay-api', 'pay-api', 'pay-worker'], total: 3, drawn: 3 });
  expect(part.unknown.map(unknownNameText)).toEqual(['no service is called "PAY"; shown: pay-api (2), pay-worker (1)']);
  expect((await ask({ service: 'Pay-Api' })).unknown).toEqual([]);
  expect((await ask({ environment: 'prod', person: 'jonas' })).services).toEqual(['pay-api']);
});

it('finds a person by the login with an @, and names by a pattern', async () => {
  expect((await ask({ person: '@jonas' })).services).toEqual(['pay-api']);
  expect((await ask({ service: 'pay-*' })).total).toBe(3);
  expect((await ask({ service: '*' })).total).toBe(0);
});

it('suggests similar names, and shows no results for them', async () => {
  const found = await ask({ service: 'leger' });
  expect(found.total).toBe(0);
  expect(found.unknown.map(unknownNameText)).toEqual(['no service is called "leger"; did you mean ledger (1)?']);
  expect((await ask({ service: 'legder' })).unknown.map(unknownNameText)[0]).toContain('did you mean ledger (1)?');
  expect((await ask({ service: 'wroker' })).unknown.map(unknownNameText)[0]).toContain('did you mean pay-worker (1)?');
  expect((await ask({ person: 'jnoas tide' })).unknown.map(unknownNameText)[0]).toContain('did you mean jonas.tide');
  expect((await ask({ service: 'tide' })).unknown.map(unknownNameText)).toEqual(['no service is called "tide"']);
});

it('suggests names for a text that is not found, and filters that find them', async () => {
  const say = async (text: string) =>
    (await textSuggestions(text, { names: deployments.names, found: 0 })).map(textSuggestionText);
  expect(await say('pay-wroker')).toEqual(['nothing found for "pay-wroker"; did you mean the service pay-worker (1)?']);
  expect(await textSuggestions('leger outage', { names: deployments.names, found: 0 })).toEqual([
    { word: 'leger', rest: 'outage', field: 'service', known: [{ name: 'ledger', count: 1 }] },
  ]);
  expect(await say('https://gitlab.harbor.example/harbor/ledger/-/jobs/1')).toEqual([]);
  expect(await say('zzz')).toEqual([]);
});

it('suggests a person by the name that only the configuration has', async () => {
  const people = People.parse({ 'Jonas Weber': ['jonas.tide'] });
  const counts = await withDirectory(deployments, { people, owners: [] }).names();
  const names = async () => counts;
  for (const found of [0, 1]) {
    const [suggestion] = await textSuggestions('Jonas Weber', { names, found });
    expect(suggestion).toMatchObject({ field: 'person', known: [{ name: 'Jonas Weber', count: 1 }] });
  }
  // The text search finds a login by itself.
  expect(await textSuggestions('pay', { names, found: 3 })).toEqual([]);
});

it.each([0, 3])('does without suggestions while the names are being read, with %i found', async (found) => {
  const names = () => new Promise<never>(() => {});
  expect(await textSuggestions('pay-wroker', { names, found })).toEqual([]);
});

it('filters by tier, type, risk and tag', async () => {
  expect((await ask({ tier: 'staging' })).total).toBe(1);
  expect((await ask({ change_type: 'rollback' })).services).toEqual(['pay-worker']);
  expect((await ask({ risk: 'high' })).services).toEqual(['pay-api']);
  expect((await ask({ tag: 'hotfix', tier: 'production' })).services).toEqual(['pay-api']);
});

it('finds a deployment by the address of its job', async () => {
  const text = 'https://gitlab.harbor.example/harbor/ledger/-/jobs/4711#L3';
  expect((await ask({ text })).services).toEqual(['ledger']);
});

it('finds a new name at once', async () => {
  await ask({ service: 'pay' });
  await deployments.apply(aRecord({ deployment: 'changes:new', service: 'payroll' }));
  expect((await ask({ service: 'pay' })).services).toContain('payroll');
});

it('finds the one deployment whose key, alias or page the text is, if the rest of the filter fits it', async () => {
  const [key, alias] = ['gitlab:git.harbor.example:7:job:12', 'gitlab:git.harbor.example:7:deployment:3'];
  const occurredAt = '2026-03-14T20:00:00.000Z';
  await deployments.apply(aRecord({ deployment: key, aliases: [alias], service: 'foghorn', occurredAt }));
  const page = `https://harbor.example/tools/shiplog/deployments/${encodeURIComponent(key)}?did=done`;
  for (const text of [key, ` ${alias} `, page]) {
    const found = { services: ['foghorn'], total: 1 };
    expect([text, await ask({ text })]).toMatchObject([text, found]);
    expect(await ask({ text, service: 'foghorn', since: '2026-03-14', until: '2026-03-15' })).toMatchObject(found);
    for (const other of [{ service: 'ledger' }, { since: '2026-03-15' }, { until: '2026-03-14' }])
      expect((await ask({ text, ...other })).total).toBe(0);
  }
  expect((await ask({ text: `${key}4` })).total).toBe(0);
});

it('counts the names of more deployments than are counted at once', async () => {
  const entries = Array.from({ length: 4_500 }, (_, number) => {
    const service = `lamp-${number % 3}`;
    const entry = { service, environment: { name: 'production' }, actor: 'mira' } as TimelineEntry;
    return { entry: () => entry } as LazyTimelineEntry;
  });
  const counts = await NAME_COUNTS.of(entries);
  expect(counts.environment.get('production')?.count).toBe(4_500);
  expect([0, 1, 2].map((one) => counts.service.get(`lamp-${one}`)?.count)).toEqual([1_500, 1_500, 1_500]);
});
