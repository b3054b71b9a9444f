import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChangeRecord, NewChangeRecord, Witness } from '../../src/domain/change-record.ts';
import { Rule } from '../../src/domain/rules/rule.ts';
import { createBuildView } from '../../src/record.ts';
import { createChangeLog } from '../../src/recording/change-log.ts';
import { createJoins } from '../../src/recording/joins.ts';
import { createDeployments } from '../../src/store/changes/deployments.ts';
import { createJoinGroups } from '../../src/store/changes/join-groups.ts';
import { sha } from '../support/deployment.ts';
import { aRecord } from '../support/records.ts';
import { useRedis } from '../support/use-redis.ts';

const redis = useRedis();

const WITNESSES: Readonly<Record<string, Witness>> = { forge: 'job', curl: 'report', events: 'report', gitops: 'sync' };

interface Given {
  readonly rules?: Rule[];
  readonly mayJoin?: () => boolean;
  /** The process is killed after this many of its writes. */
  readonly writes?: number;
}

function open({ rules = [], mayJoin = () => true, writes = Number.POSITIVE_INFINITY }: Given = {}) {
  const deployments = createDeployments(redis, { days: 400, count: 1000 });
  const buildView = createBuildView({ rules, routing: {}, before: deployments.before });
  const { mortal, wasKilled } = mortals(writes);
  const changeLog = mortal(createChangeLog(mortal(deployments, ['append', 'store', 'take']), buildView), []);
  const joins = createJoins({
    groups: mortal(createJoinGroups(redis), ['add', 'assign', 'leave']),
    changeLog,
    rules,
    routing: {},
    options: { mayJoin },
    settleMs: 3_000,
    witnessOf: (instance) => WITNESSES[instance],
  });
  /** As far as its key is known, and the rest later: other signals may be recorded in between. */
  const begin = async (step: ChangeRecord) => {
    const placed = await joins.assign(step);
    return async () => {
      const view = await changeLog.apply(placed.record, placed);
      return [view, ...(await placed.settle())];
    };
  };
  const record = async (step: ChangeRecord) => (await begin(step))();
  const all = async () => (await deployments.list({ facets: {}, limit: 100, offset: 0 })).deployments;
  /** The sources of each deployment. */
  const sources = async () => (await all()).map((one) => one.sources.toSorted().join('+')).sort();
  const waitFor = async (step: ChangeRecord) => (await joins.assign(step)).delayMs;
  const related = async (key: string) => {
    const view = await changeLog.get(key);
    return view ? joins.related(view.deployment) : [];
  };
  const untilKnown = async (key: string) => {
    const view = await changeLog.get(key);
    return view && joins.failureDelayMs(view.deployment);
  };
  /** Of each deployment its records, by what they report. */
  const contents = async () =>
    Promise.all((await all()).map(async ({ key }) => (await deployments.records(key)).map(({ id }) => id).sort()));
  return { begin, record, all, sources, contents, wasKilled, get: changeLog.get, waitFor, untilKnown, related };
}

/** Parts whose writes fail from a certain one on, as those of a killed process do. */
function mortals(writes: number) {
  let left = writes;
  const mortal = <Part extends object>(part: Part, names: readonly (keyof Part)[]): Part => {
    const entries = names.map((name) => {
      const write = part[name] as (...args: unknown[]) => Promise<unknown>; // the names are those of methods
      return [name, async (...args: unknown[]) => (left-- > 0 ? write(...args) : Promise.reject(new Error('killed')))];
    });
    return { ...part, ...Object.fromEntries(entries) };
  };
  return { mortal, wasKilled: () => left < 0 };
}

const at = (minute: number) => `2026-03-14T20:${String(minute).padStart(2, '0')}:00.000Z`;
const url = 'https://git.harbor.example/harbor/pay';
const common = { environment: { name: 'production' }, service: 'pay', commit: { sha: sha(1) } } as const;

const hook = (state: 'running' | 'succeeded' | 'failed', job = '7', said: Partial<NewChangeRecord> = {}) =>
  aRecord({
    ...common,
    deployment: `forge:job:${job}`,
    source: 'forge',
    instance: 'forge',
    state,
    repository: { name: 'Pay', url, gitlabProject: '12' },
    jobUrl: `${url}/-/jobs/${job}`,
    occurredAt: at(state === 'running' ? 10 : 20),
    receivedAt: at(59),
    ...said,
  });
const pipelineHook = (job: string, name: string) =>
  hook('succeeded', job, {
    signal: 'pipeline hook',
    authoritative: false,
    job: name,
    pipelineUrl: `${url}/-/pipelines/5`,
    id: `chg_pipeline_${job}`,
  });
const post = (key: string, said: Partial<NewChangeRecord> = {}) =>
  aRecord({
    ...common,
    deployment: key,
    source: 'curl',
    instance: 'curl',
    signal: 'changes api',
    repository: { name: 'harbor/pay', url },
    pipelineUrl: `${url}/-/pipelines/5`,
    summary: 'Deployed pay',
    artifacts: ['pay:2'],
    occurredAt: at(19),
    receivedAt: at(59),
    ...said,
  });
const event = aRecord({
  ...common,
  deployment: 'events:1',
  source: 'events',
  instance: 'events',
  signal: 'deployment event',
  repository: { name: 'harbor/pay' },
  pipelineId: '5',
  occurredAt: at(19),
  receivedAt: at(59),
});
const sync = (state: 'running' | 'succeeded', key = 'gitops:a') =>
  aRecord({
    ...common,
    deployment: key,
    source: 'gitops',
    instance: 'gitops',
    signal: 'sync',
    service: 'pay-production',
    state,
    repository: { name: 'harbor/pay', gitlabProject: 'harbor/pay' },
    occurredAt: at(state === 'running' ? 22 : 25),
    receivedAt: at(59),
  });

/** Every order, each twice. */
async function everyOrder(records: readonly ChangeRecord[], check: (bridge: ReturnType<typeof open>) => Promise<void>) {
  const arrivals = fc.shuffledSubarray([...records, ...records], { minLength: records.length * 2 });
  await fc.assert(
    fc.asyncProperty(arrivals, async (shuffled) => {
      await redis.flushall();
      const bridge = open();
      for (const record of shuffled) await bridge.record(record);
      await check(bridge);
    }),
    { numRuns: 15 },
  );
}

describe('a post that names neither run nor commit', () => {
  const { commit: _, ...unnamed } = common;
  const vague = (minute: number) => {
    const { commit: __, pipelineUrl: ___, ...rest } = post('curl:1', { ...unnamed, occurredAt: at(minute) });
    return rest;
  };

  it('belongs to the job that runs meanwhile before it is delivered for itself', async () => {
    const { record, begin, sources } = open();
    await record(hook('succeeded', '6', { occurredAt: at(1) }));
    await record(hook('running'));
    const [view] = await (await begin(vague(15)))();
    expect(view?.deployment.key).toBe('forge:job:7');
    await record(hook('succeeded'));
    expect(await sources()).toEqual(['curl+forge', 'forge']);
  });

  it('belongs to the job of its service, however many others began after it', async () => {
    const { record, begin } = open();
    for (let job = 7; job < 30; job++) await record(hook('running', String(job), { job: `deploy-part-${job}` }));
    const [view] = await (await begin({ ...vague(15), service: 'part-7' }))();
    expect(view?.deployment.key).toBe('forge:job:7');
  });

  it('belongs to none of two jobs that run meanwhile', async () => {
    const { record, sources } = open();
    for (const job of ['7', '8']) await record(hook('running', job));
    await record(vague(15));
    expect(await sources()).toEqual(['curl', 'forge', 'forge']);
  });
});

describe("one deployment reported by the forge's hooks, the job's curl and the event of a third tool", () => {
  const life = [hook('running'), hook('succeeded'), pipelineHook('7', 'deploy'), post('curl:1'), event];

  it('is one change in every order, with the data of each', async () => {
    await everyOrder(life, async ({ all, get }) => {
      const [only, ...more] = await all();
      expect(more).toEqual([]);
      expect(only).toMatchObject({
        state: 'succeeded',
        occurredAt: at(20),
        startedAt: at(10),
        job: 'deploy',
        summary: 'Deployed pay',
        artifacts: ['pay:2'],
      });
      expect(only?.sources.toSorted()).toEqual(['curl', 'events', 'forge']);
      for (const key of ['forge:job:7', 'curl:1', 'events:1'])
        expect((await get(key))?.deployment.key, key).toBe(only?.key);
    });
  });

  it('is one change when two bridges record all of it at once', async () => {
    for (let round = 0; round < 10; round++) {
      await redis.flushall();
      const [one, other] = [open(), open()];
      await Promise.all(life.map((record, index) => (index % 2 === 0 ? one : other).record(record)));
      expect(await one.sources()).toEqual(['curl+events+forge']);
    }
  });

  it('is one change for each source if the configuration keeps them apart', async () => {
    const { record, sources } = open({ mayJoin: () => false });
    for (const one of life) await record(one);
    expect(await sources()).toEqual(['curl', 'events', 'forge']);
  });

  it('keeps its first key, which late signals find', async () => {
    const { record, all } = open();
    await record(post('curl:1'));
    await record(hook('running'));
    await redis.del('{shiplog}:join:harbor/pay'); // a week later
    await record(hook('failed', '7', { occurredAt: at(30) }));
    expect((await all()).map(({ key, state }) => `${key} ${state}`)).toEqual(['curl:1 failed']);
  });
});

describe('two deploy jobs of one pipeline', () => {
  const jobs = [
    pipelineHook('7', 'deploy-cart'),
    pipelineHook('8', 'deploy-pay'),
    hook('succeeded', '7'),
    hook('succeeded', '8'),
  ];

  it('stay two with their posts, if a service distinguishes these', async () => {
    const posts = [post('curl:cart', { service: 'cart' }), post('curl:pay', { service: 'pay-api', job: 'deploy-pay' })];
    await everyOrder([...jobs, ...posts], async ({ all, get }) => {
      expect(await all()).toHaveLength(2);
      expect((await get('curl:cart'))?.deployment.jobUrl).toContain('/jobs/7');
      expect((await get('curl:pay'))?.deployment.jobUrl).toContain('/jobs/8');
    });
  });

  it('are distinguished by a service that has the name of the repository, if the post names it', async () => {
    await everyOrder([...jobs, post('curl:1')], async ({ get }) => {
      expect((await get('curl:1'))?.deployment.jobUrl).toContain('/jobs/8');
    });
  });

  it('stay apart from a post that fits both, even if it was joined at first', async () => {
    const vague = post('curl:1', { doubts: { service: 'service is the project in pipeline_url' } });
    await everyOrder([...jobs, vague], async ({ sources }) => {
      expect(await sources()).toEqual(['curl', 'forge', 'forge']);
    });
  });
});

describe('the move of records that were joined, or are not any more', () => {
  /** It is joined by the webhook of the pipeline, which names job, pipeline and commit. */
  const early = (state: 'running' | 'succeeded') =>
    post('curl:1', {
      state,
      commit: undefined,
      id: `chg_post_${state}`,
      occurredAt: at(state === 'running' ? 11 : 19),
    });
  /** It fits this job as well, which ran at the same time. */
  const rival = { ...pipelineHook('8', 'deploy'), startedAt: at(12) };
  const apart = [hook('running'), early('running'), hook('succeeded'), early('succeeded')];

  it.each([
    ['a join', apart, pipelineHook('7', 'deploy')],
    ['an undone join', [...apart, pipelineHook('7', 'deploy')], rival],
  ])('is finished by the next run of the job when the process is killed in %s', async (_, before, last) => {
    await redis.flushall();
    const whole = open();
    for (const step of [...before, last]) await whole.record(step);
    const expected = [await whole.sources(), (await whole.contents()).sort()];
    for (let writes = 0, isOver = false; !isOver; writes++) {
      await redis.flushall();
      for (const step of before) await open().record(step);
      const killed = open({ writes });
      await killed.record(last).catch(() => {});
      isOver = !killed.wasKilled();
      const next = open();
      await next.record(last);
      expect([await next.sources(), (await next.contents()).sort()], `killed after ${writes} writes`).toEqual(expected);
    }
  });

  it('includes a record that another worker is writing where the join puts it', async () => {
    const [running, posted, ended, lastPost] = apart;
    const one = open();
    for (const step of [running, posted, ended]) if (step) await one.record(step);
    const joining = await one.begin(pipelineHook('7', 'deploy'));
    const writing = await one.begin(lastPost ?? early('succeeded'));
    await one.record(rival);
    await writing();
    await joining();
    expect((await one.contents()).find((ids) => ids.includes('chg_post_running'))).toEqual([
      'chg_post_running',
      'chg_post_succeeded',
    ]);
  });
});

describe('the steps of one stage', () => {
  const step = (part: string, state: 'running' | 'succeeded' | 'failed', minute: number) =>
    hook(state, part, { stage: { of: '5:production:run:1', part }, authoritative: false, occurredAt: at(minute) });

  it('are one change in every order when all but the last announce that more steps follow', async () => {
    const goesOn = (part: string, minute: number) =>
      hook('running', part, {
        stage: { of: '5:production:run:1', by: part },
        authoritative: false,
        occurredAt: at(minute),
      });
    const first = [goesOn('a', 10), goesOn('b', 12)];
    await everyOrder([...first, step('c', 'running', 14), step('c', 'succeeded', 16)], async ({ all }) => {
      expect(await all()).toMatchObject([{ state: 'succeeded', occurredAt: at(16), startedAt: at(10) }]);
    });
    await everyOrder([...first, step('b', 'failed', 13)], async ({ all }) => {
      expect(await all()).toMatchObject([{ state: 'failed', occurredAt: at(13), startedAt: at(10) }]);
    });
  });

  it('are one change in every order, failed if one of them failed', async () => {
    const life = [step('a', 'running', 10), step('a', 'succeeded', 12), step('b', 'running', 13), post('curl:1')];
    await everyOrder([...life, step('b', 'failed', 14)], async ({ all }) => {
      expect(await all()).toMatchObject([{ state: 'failed', occurredAt: at(14), jobUrl: `${url}/-/jobs/b` }]);
    });
  });
});

describe('a job and the sync of its commit', () => {
  it('are one change in every order', async () => {
    await everyOrder([hook('running'), hook('succeeded'), sync('running'), sync('succeeded')], async ({ sources }) => {
      expect(await sources()).toEqual(['forge+gitops']);
    });
  });

  it('are not guessed if there are two syncs', async () => {
    const syncs = [sync('succeeded'), sync('succeeded', 'gitops:b')];
    await everyOrder([hook('succeeded'), ...syncs], async ({ sources }) => {
      expect(await sources()).toEqual(['forge', 'gitops', 'gitops']);
    });
  });
});

describe('the deliveries of a deployment', () => {
  const other = { commit: { sha: sha(2) }, pipelineUrl: `${url}/-/pipelines/6` };
  const soon = (ms: number) => ({ receivedAt: new Date(Date.parse(at(59)) + ms).toISOString() });

  it('are made at once until another signal has reported the same end before, and then after a delay', async () => {
    const { record, waitFor } = open();
    expect(await waitFor(hook('succeeded'))).toBe(0);
    await record(hook('succeeded'));
    await record(post('curl:1', soon(2_000)));
    expect(await waitFor(hook('running', '8', other))).toBe(0);
    expect(await waitFor(hook('succeeded', '8', other))).toBe(3_000);
    expect(await waitFor(post('curl:2', other))).toBe(0);
  });

  it('are made at once if the other signal arrived too late to wait for, or in another environment', async () => {
    const { record, waitFor } = open();
    await record(hook('succeeded'));
    await record(post('curl:1', soon(4_000)));
    expect(await waitFor(hook('succeeded', '8', other))).toBe(0);
    await record(post('curl:3', { ...other, environment: { name: 'staging' } }));
    expect(await waitFor(hook('failed', '9', { ...other, environment: { name: 'qa' } }))).toBe(0);
  });
});

describe('a join that is not certain', () => {
  it('is shown as related', async () => {
    const { record, related } = open();
    for (const one of [hook('succeeded'), sync('succeeded'), sync('succeeded', 'gitops:b')]) await record(one);
    expect(await related('forge:job:7')).toEqual(['gitops:a', 'gitops:b']);
    expect(await related('gitops:b')).toEqual(['forge:job:7']);
  });
});

describe('a rule', () => {
  it('joins signals that have nothing else in common', async () => {
    const rules = [Rule.parse({ match: { service: 'pay*' }, join: 'pay in {environment}' })];
    const { record, sources } = open({ rules });
    await record(hook('succeeded'));
    const elsewhere = sync('succeeded');
    await record({ ...elsewhere, commit: { sha: sha(2) } });
    expect(await sources()).toEqual(['forge+gitops']);
  });

  it('undoes a wrong join when the signals are recorded again', async () => {
    const first = open();
    for (const record of [hook('succeeded'), post('curl:1')]) await first.record(record);
    expect(await first.sources()).toEqual(['curl+forge']);
    const { record, sources, get } = open({ rules: [Rule.parse({ match: { source: 'curl' }, join: false })] });
    await record(post('curl:1'));
    expect(await sources()).toEqual(['curl', 'forge']);
    expect((await get('curl:1'))?.deployment.key).toBe('curl:1');
    expect((await get('forge:job:7'))?.deployment.sources).toEqual(['forge']);
  });
});

describe('a failure of a job whose start was not reported', () => {
  it('is delayed for the signal that reports whether it ran, even for the first deployment of a project', async () => {
    const { record, untilKnown } = open();
    await record(hook('failed', '1'));
    expect(await untilKnown('forge:job:1')).toBe(3_000);
    await record(hook('running', '1'));
    expect(await untilKnown('forge:job:1')).toBe(0);
    await record(hook('failed', '2'));
    await record({
      ...hook('failed', '2', { state: 'canceled', endReason: 'never_ran', signal: 'job hook' }),
      id: 'chg_2',
    });
    expect(await untilKnown('forge:job:2')).toBe(0);
    await record(hook('succeeded', '3'));
    expect(await untilKnown('forge:job:3')).toBe(0);
  });
});

it('removes the note that a post named no service if the job names one', async () => {
  const { record, all } = open();
  const note = 'service is unknown: send service or service_id';
  await record(post('curl:1', { service: 'unknown', notes: [note] }));
  expect(await all()).toMatchObject([{ service: 'unknown', notes: [note] }]);
  await record(hook('succeeded'));
  expect(await all()).toMatchObject([{ service: 'pay', notes: [] }]);
});
