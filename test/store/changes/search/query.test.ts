import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Deployment } from '../../../../src/domain/deployment.ts';
import { fold } from '../../../../src/domain/fold.ts';
import { knownTier } from '../../../../src/domain/tier.ts';
import { type ChangeLog, createChangeLog } from '../../../../src/recording/change-log.ts';
import { createDeployments } from '../../../../src/store/changes/deployments.ts';
import { FACETS, type Facet } from '../../../../src/store/changes/search/facets.ts';
import type { ChangeFilter } from '../../../../src/store/changes/search/query.ts';
import { createTextMatch } from '../../../../src/store/changes/search/search-terms.ts';
import { alone, aRecord, plainView } from '../../../support/records.ts';
import { startTestRedis } from '../../../support/redis.ts';

const MANY = 5_500;
const FIRST_MS = Date.parse('2026-03-14T00:00:00.000Z');
const LAST_MS = FIRST_MS + MANY * 1_000;
const WORDS = '{shiplog}:words';
/** More distinct words than are kept for a search. */
const BOOK = Array.from({ length: 900 }, (_, at) => `page-${at}`).join(' ');

let server: Awaited<ReturnType<typeof startTestRedis>>;
let redis: Redis;
let deployments: ChangeLog;
let all: readonly Deployment[];

const pick = <T>(from: readonly T[], at: number): T => from[at % from.length] as T; // never empty
const shaOf = (at: number) => `${(at % 3_000).toString(16).padStart(7, 'a')}${at.toString(16).padStart(33, '0')}`;

/** Two in the same moment now and then; almost all in one environment, so that a search takes several steps. */
function recordOf(at: number) {
  const message = pick(
    [
      'Turn the lamp faster',
      'See harbor/lamp!12 and harbor/lamp!123',
      'See harbor/lamp!123',
      'Größere Linse ⛵\n\nSee HARBOR-12',
      'Tide\ttables',
      BOOK,
    ],
    at % 41,
  );
  return aRecord({
    deployment: `job:${at}${at % 50 === 0 ? '\nagain' : ''}`,
    occurredAt: new Date(FIRST_MS + (at - (at % 7 === 0 ? 1 : 0)) * 1_000).toISOString(),
    environment: { name: at % 30 === 0 ? pick(['review/Lamp-1', 'review/tide'], at / 30) : 'Production' },
    service: pick(['lighthouse-api', 'lighthouse-web', 'foghorn'], at),
    state: at % 25 === 0 ? 'failed' : 'succeeded',
    ref: pick(['main', 'Tide', 'lamp/faster'], at >> 4),
    actor: pick(['Mira', 'jonas', 'aiko'], at >> 2),
    commit: { sha: shaOf(at), message, ...(at % 5 === 0 && { author: 'mira' }) },
  });
}

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.address.path);
  deployments = createChangeLog(
    createDeployments(redis, { days: 4_000, count: 100_000 }, { nowMs: () => 0 }),
    (key, records) => alone(plainView(key, records)),
  );
  const records = Array.from({ length: MANY }, (_, at) => recordOf(at));
  await Promise.all(records.map((record) => deployments.apply(record)));
  const byTime = (a: Deployment, b: Deployment) => timeOf(b) - timeOf(a) || (a.key < b.key ? 1 : -1);
  all = records.map((record) => fold(record.deployment, [record])).sort(byTime);
  // Written by an earlier bridge.
  await redis.hdel(WORDS, ...all.filter((_, at) => at % 9 === 0).map((one) => one.key));
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const timeOf = ({ occurredAt }: Deployment) => Date.parse(occurredAt);

const HAS: Record<Facet, (one: Deployment, value: string) => boolean> = {
  environment: ({ environment }, value) =>
    value === 'review/*' ? environment.name.startsWith('review/') : isSame(environment.name, value),
  service: ({ service }, value) => isSame(service, value),
  source: ({ source }, value) => isSame(source, value),
  status: ({ state }, value) => isSame(state, value),
  branch: ({ ref }, value) => isSame(ref, value),
  commit: ({ commit }, value) => commit?.sha?.startsWith(value.toLowerCase()) === true,
  person: ({ actor, commit }, value) => isSame(actor, value) || isSame(commit?.author, value),
  tier: ({ environment }, value) => isSame(knownTier(environment), value),
  type: ({ changeType }, value) => isSame(changeType, value),
  risk: ({ riskLevel }, value) => isSame(riskLevel, value),
  tag: ({ tags }, value) => tags.some((tag) => isSame(tag, value)),
  instance: ({ instance }, value) => isSame(instance, value),
};
const isSame = (said: string | undefined, value: string) => said?.toLowerCase() === value.toLowerCase();

/** What the change log has to answer, found by going through all of it. */
function plainly({ facets, sinceMs = 0, untilMs = Number.POSITIVE_INFINITY, text, limit, offset }: ChangeFilter) {
  const inSpan = all.filter((one) => timeOf(one) >= sinceMs && timeOf(one) <= untilMs);
  const fitting = inSpan.filter((one) =>
    FACETS.every((facet) => {
      const value = facets[facet];
      return value === undefined || [value].flat().some((name) => HAS[facet](one, name));
    }),
  );
  const found = text ? fitting.filter(createTextMatch(text)) : fitting;
  return { keys: found.slice(offset, offset + limit).map(({ key }) => key), total: found.length };
}

async function asked(filter: ChangeFilter) {
  const { deployments: found, ...rest } = await deployments.list({ ...filter, isCounted: true });
  return { keys: found.map(({ key }) => key), ...rest };
}

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
const moment = fc.integer({ min: -2, max: MANY + 2 }).map((second) => FIRST_MS + second * 1_000);
const Facets = fc.record(
  {
    environment: fc.constantFrom('production', 'PRODUCTION', 'review/*', 'review/lamp-1', 'staging'),
    service: fc.constantFrom<string | string[]>('lighthouse-api', 'Foghorn', ['foghorn', 'lighthouse-WEB']),
    source: fc.constant('gitlab'),
    status: fc.constantFrom('succeeded', 'failed', 'running'),
    branch: fc.constantFrom('main', 'tide', 'lamp/faster'),
    person: fc.constantFrom<string | string[]>('mira', 'JONAS', 'nobody', ['Mira', 'nobody', 'aiko']),
    tier: fc.constantFrom('production', 'development'),
    type: fc.constantFrom('deployment', 'rollback'),
  },
  { requiredKeys: [] },
);
const PIECES =
  'lamp LAMP !12 lamp!1 !123 HARBOR-12 größere ⛵ tide page-7 page-899 mira job aaaa lighthouse foghorn main % [a-z]'.split(
    ' ',
  );
const Text = fc
  .array(fc.constantFrom(...PIECES, ...PIECES.map((piece) => piece.slice(1, 4))), { minLength: 1, maxLength: 3 })
  .map((words) => words.join('  '));
const Filter = fc
  .record({ facets: Facets, since: maybe(moment), until: maybe(moment), text: maybe(Text) })
  .chain(({ facets, since, until, text }) =>
    fc.record({ limit: fc.integer({ min: 1, max: 40 }), offset: fc.constantFrom(0, 0, 1, 25, 700, 4_990) }).map(
      (page): ChangeFilter => ({
        facets,
        ...(since !== undefined && { sinceMs: since }),
        ...(until !== undefined && { untilMs: until }),
        ...(text && { text }),
        ...page,
      }),
    ),
  );

const page = { limit: 25, offset: 0 };
const wide = { environment: 'production', source: 'gitlab' };
const EXAMPLES: [ChangeFilter][] = [
  [{ facets: wide, ...page }],
  [{ facets: wide, text: 'lamp', ...page }],
  [{ facets: { ...wide, service: ['foghorn', 'lighthouse-api', 'lighthouse-web'] }, ...page }],
  [{ facets: { person: ['mira', 'aiko', 'jonas'] }, ...page, offset: 4_990 }],
  [{ facets: { ...wide, person: 'mira' }, untilMs: LAST_MS - 9_000, ...page }],
  [{ facets: {}, text: 'page-7 lighthouse', ...page }],
  [{ facets: {}, text: 'zzz', ...page }],
  [{ facets: {}, text: '!12', ...page }],
  [{ facets: {}, text: ' ', ...page }],
];

describe('a question to the change log', () => {
  it('has the same result as a scan of all deployments', async () => {
    await fc.assert(
      fc.asyncProperty(Filter, async (filter) => {
        expect(await asked(filter)).toEqual(plainly(filter));
      }),
      { numRuns: 60, examples: EXAMPLES },
    );
  });

  it('has the same timeline as list', async () => {
    await fc.assert(
      fc.asyncProperty(Filter, async (filter) => {
        const marks = await deployments.timeline(filter);
        const { keys } = plainly({ ...filter, limit: MANY, offset: 0 });
        expect(marks.map((mark) => mark.entry().key)).toEqual(keys);
      }),
      { numRuns: 30 },
    );
  });

  it('finds a full commit among those with the same prefix', async () => {
    for (const at of [7, 3_007, 3_008]) {
      for (const commit of [shaOf(at), shaOf(at).slice(0, 7), shaOf(at).toUpperCase()])
        for (const facets of [{ commit }, { commit, source: 'gitlab' }])
          expect(await asked({ facets, ...page })).toEqual(plainly({ facets, ...page }));
    }
  });

  it('searches for more words than Redis is given', async () => {
    const beginnings = ['lighthouse-api', 'production'].flatMap((word) =>
      Array.from(word, (_, at) => word.slice(0, at + 1)),
    );
    for (const last of ['aiko', 'nobody']) {
      const filter = { facets: {}, text: [...beginnings, 'main', last].join(' '), ...page };
      expect(await asked(filter)).toEqual(plainly(filter));
    }
    expect((await asked({ facets: {}, text: [...beginnings, 'aiko'].join(' '), ...page })).total).toBeGreaterThan(0);
  });
});
