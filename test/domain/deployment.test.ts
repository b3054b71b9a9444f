import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChangeType, State } from '../../src/domain/change-record.ts';
import { hasRun, isFinal, momentOf, transition } from '../../src/domain/deployment.ts';
import { fold } from '../../src/domain/fold.ts';
import { summarize } from '../../src/domain/summary.ts';
import { aRecord } from '../support/records.ts';

const at = (minute: number) => `2026-03-14T20:${String(minute).padStart(2, '0')}:00.000Z`;

describe('fold', () => {
  it('gives the same deployment for every order of arrival and any number of repeats', () => {
    const anyRecord = fc.record({
      state: fc.constantFrom(...State.options),
      minute: fc.integer({ min: 0, max: 59 }),
      authoritative: fc.boolean(),
      signal: fc.constantFrom('deployment hook', 'job hook', 'pipeline hook'),
      ref: fc.option(fc.constantFrom('main', 'release/7'), { nil: undefined }),
      environment: fc.constantFrom('production', 'unknown', 'staging'),
    });
    const shuffledTwice = fc
      .uniqueArray(anyRecord, { minLength: 1, maxLength: 6, selector: (it) => `${it.state}${it.signal}${it.minute}` })
      .chain((records) =>
        fc.tuple(
          fc.constant(records),
          fc.shuffledSubarray([...records, ...records], { minLength: records.length * 2 }),
        ),
      );
    fc.assert(
      fc.property(shuffledTwice, ([records, arrivals]) => {
        const make = ({ minute, ref, environment, ...rest }: (typeof records)[number]) =>
          aRecord({ ...rest, occurredAt: at(minute), environment: { name: environment }, ...(ref && { ref }) });
        const distinct = [...new Map(arrivals.map(make).map((record) => [record.id, record])).values()];
        expect(fold('k', distinct)).toEqual(fold('k', records.map(make)));
      }),
    );
  });

  it('never moves back: a `running` that arrives a day late leaves the deployment succeeded', () => {
    const late = aRecord({ state: 'running', occurredAt: '2026-03-15T20:50:00.000Z' });
    expect(fold('k', [aRecord({ state: 'succeeded' }), late]).state).toBe('succeeded');
  });

  it('uses the later of two final states: a deployment can degrade after it succeeded', () => {
    const degraded = aRecord({ state: 'failed', occurredAt: at(55) });
    expect(fold('k', [degraded, aRecord({ state: 'succeeded', occurredAt: at(50) })]).state).toBe('failed');
  });

  it('prefers the authoritative signal for the end', () => {
    const job = aRecord({ state: 'failed', signal: 'job hook', authoritative: false, occurredAt: at(59) });
    expect(fold('k', [job, aRecord({ state: 'succeeded', occurredAt: at(50) })]).state).toBe('succeeded');
  });

  it('counts a rejected approval and the failed that follows it as one outcome', () => {
    const rejected = aRecord({ state: 'canceled', rejected: true, occurredAt: at(50) });
    expect(fold('k', [rejected, aRecord({ state: 'failed', occurredAt: at(51) })])).toMatchObject({
      state: 'canceled',
      occurredAt: at(50),
    });
  });

  it('takes from other signals what the authoritative one leaves open, and nothing else', () => {
    const hook = aRecord({ ref: 'main', environment: { name: 'production' } });
    const job = aRecord({
      signal: 'job hook',
      authoritative: false,
      ref: 'other',
      jobUrl: 'https://git.harbor.example/j/1',
      environment: { name: 'production', tier: 'production' },
    });
    expect(fold('k', [hook, job])).toMatchObject({
      ref: 'main',
      jobUrl: 'https://git.harbor.example/j/1',
      environment: { name: 'production', tier: 'production' },
    });
  });

  it('keeps the environment if another signal does not name it', () => {
    const vague = aRecord({ environment: { name: 'unknown' } });
    const job = aRecord({ signal: 'job hook', authoritative: false, environment: { name: 'staging' } });
    expect(fold('k', [vague, job]).environment.name).toBe('staging');
  });

  it('takes the start from the earliest signal and the end from the deciding one', () => {
    const running = aRecord({ state: 'running', startedAt: at(40), occurredAt: at(40) });
    const done = aRecord({ state: 'succeeded', finishedAt: at(50), occurredAt: at(50) });
    expect(fold('k', [done, running])).toMatchObject({ startedAt: at(40), finishedAt: at(50) });
  });

  it('shows no end while the deployment runs', () => {
    expect(fold('k', [aRecord({ state: 'running', finishedAt: at(50) })])).not.toHaveProperty('finishedAt');
  });
});

describe('fold, to the last field,', () => {
  const commit = { sha: 'a'.repeat(40) };
  const start = aRecord({
    state: 'running',
    signal: 'job hook',
    authoritative: false,
    changeType: 'rollback',
    repository: { name: 'harbor/lighthouse', url: 'https://git.harbor.example/harbor/lighthouse' },
    commit: { sha: 'b'.repeat(40), title: 'Turn the lamp faster' },
    pullRequest: { number: '7', title: 'Lamp' },
    manifests: { repository: 'harbor/deploy' },
    summary: 'Deploying now',
    artifacts: ['lamp:1', 'lens:1'],
    paths: ['lamp'],
    tags: ['night'],
    notes: ['A note.'],
    startedAt: at(41),
    occurredAt: at(42),
    receivedAt: at(43),
    webhook: 'in_1',
  });
  const end = aRecord({
    repository: { name: 'harbor/lighthouse-api' },
    commit,
    pullRequest: { number: '8' },
    manifests: { revision: 'c'.repeat(40) },
    summary: 'Done',
    artifacts: ['lens:1', 'lamp:2'],
    paths: ['lamp', 'lens'],
    tags: ['night', 'storm'],
    notes: ['A note.', 'Another.'],
    startedAt: at(44),
    finishedAt: at(50),
    occurredAt: at(50),
    receivedAt: at(51),
    history: { of: 'buoy' },
  });

  it.each([
    ['in order', [start, end]],
    ['the other way round', [end, start]],
  ])('merges two signals that arrived %s', (_, records) => {
    expect(fold('k', records)).toEqual({
      key: 'k',
      source: 'gitlab',
      instance: 'gitlab',
      state: 'succeeded',
      changeType: 'rollback',
      environment: { name: 'production', tier: 'production' },
      service: 'lighthouse-api',
      repository: { name: 'harbor/lighthouse-api', url: 'https://git.harbor.example/harbor/lighthouse' },
      commit: { ...commit, title: 'Turn the lamp faster' },
      pullRequest: { number: '8', title: 'Lamp' },
      manifests: { repository: 'harbor/deploy', revision: 'c'.repeat(40) },
      summary: 'Done',
      artifacts: ['lens:1', 'lamp:2'],
      paths: ['lamp', 'lens'],
      tags: ['night', 'storm'],
      notes: ['A note.', 'Another.'],
      startedAt: at(41),
      finishedAt: at(50),
      occurredAt: at(50),
      receivedAt: at(43),
      decidedBy: end.id,
      signals: ['deployment hook', 'job hook'],
      sources: ['gitlab'],
    });
  });

  it('adds nothing that no signal reported', () => {
    expect(fold('k', [aRecord({ occurredAt: at(50) }), aRecord({ state: 'running', occurredAt: at(40) })])).toEqual({
      key: 'k',
      source: 'gitlab',
      instance: 'gitlab',
      state: 'succeeded',
      changeType: 'deployment',
      environment: { name: 'production', tier: 'production' },
      service: 'lighthouse-api',
      artifacts: [],
      paths: [],
      tags: [],
      notes: [],
      occurredAt: at(50),
      receivedAt: at(50).replace('50:00', '50:01'),
      decidedBy: aRecord({ occurredAt: at(50) }).id,
      signals: ['deployment hook'],
      sources: ['gitlab'],
      startedAt: at(40),
      finishedAt: at(50), // when it was reported as running and as succeeded
    });
  });

  it('has no end without a start, nor if it never ran or was canceled', () => {
    const running = aRecord({ state: 'running', occurredAt: at(40) });
    expect(fold('k', [aRecord({ occurredAt: at(50) })])).not.toHaveProperty('finishedAt');
    expect(fold('k', [running, aRecord({ state: 'canceled', occurredAt: at(50) })])).not.toHaveProperty('finishedAt');
    expect(fold('k', [running])).not.toHaveProperty('finishedAt');
  });

  it('keeps an inference only until something is reported', () => {
    const waiting = aRecord({ state: 'pending', occurredAt: at(40) });
    const superseded = aRecord({
      id: 'chg_concluded',
      state: 'canceled',
      endReason: 'superseded',
      occurredAt: at(45),
      notes: ['Superseded while it waited.'],
    });
    expect(fold('k', [waiting, superseded]).notes).toEqual(['Superseded while it waited.']);
    expect(fold('k', [waiting, superseded, aRecord({ occurredAt: at(50) })]).notes).toEqual([]);
  });
});

describe('fold of signals that disagree', () => {
  const bothWays = <T>(a: T, b: T) => [
    [a, b],
    [b, a],
  ];

  it('decides by id between steps of one state and one moment', () => {
    const [one, two] = ['chg_1', 'chg_2'].map((id) => aRecord({ id, ref: id, occurredAt: at(50) }));
    if (!one || !two) throw new Error('there are two');
    for (const records of bothWays(one, two))
      expect(fold('k', records)).toMatchObject({ decidedBy: 'chg_2', ref: 'chg_2' });
  });

  it('prefers the later of two equally reliable signals', () => {
    const early = aRecord({ state: 'failed', ref: 'main', occurredAt: at(40) });
    const late = aRecord({ state: 'failed', ref: 'release/7', occurredAt: at(50) });
    for (const records of bothWays(early, late)) expect(fold('k', records).ref).toBe('release/7');
    const begun = aRecord({ state: 'running', ref: 'storm', occurredAt: at(55) });
    for (const records of bothWays(begun, late)) expect(fold('k', records).ref).toBe('release/7');
  });

  it('prefers an older authoritative signal to a newer other one', () => {
    const hook = aRecord({ state: 'running', ref: 'main', occurredAt: at(40) });
    const job = aRecord({ signal: 'job hook', authoritative: false, ref: 'storm', occurredAt: at(50) });
    for (const records of bothWays(hook, job))
      expect(fold('k', records)).toMatchObject({ state: 'succeeded', ref: 'main' });
  });

  it('takes the end from another signal of the same state if the deciding one has none', () => {
    const job = (minute: number, state: State = 'succeeded') =>
      aRecord({ state, signal: `job ${minute}`, authoritative: false, finishedAt: at(minute), occurredAt: at(minute) });
    const records = [aRecord({ occurredAt: at(52) }), job(48), job(49), job(51, 'failed')];
    expect(fold('k', records).finishedAt).toBe(at(49));
    expect(fold('k', records.toReversed()).finishedAt).toBe(at(49));
  });

  it('keeps the texts of the most reliable signal', () => {
    const words = (summary: string, authoritative: boolean) =>
      aRecord({ summary, signal: summary, authoritative, occurredAt: at(50) });
    for (const records of bothWays(words('of the hook', true), words('of the job', false)))
      expect(fold('k', records).summary).toBe('of the hook');
  });

  it.each([
    ['rollback', 'deployment', 'rollback'],
    ['deployment', 'rollback', 'rollback'],
    ['rollback', 'config_change', 'config_change'],
  ] as const)('of %s and then %s makes %s: "deployment" is the default', (under, over, changeType) => {
    const records = [
      aRecord({ changeType: under, occurredAt: at(40) }),
      aRecord({ changeType: over, occurredAt: at(50) }),
    ];
    expect(fold('k', records).changeType).toBe(changeType);
  });

  it('does not mix two environments', () => {
    const url = 'https://lighthouse.example';
    const job = aRecord({ authoritative: false, environment: { name: 'production', tier: 'production', url } });
    const fold2 = (name: string, tier?: 'staging') =>
      fold('k', [job, aRecord({ environment: { name, ...(tier && { tier }) } })]).environment;
    expect(fold2('staging')).toEqual({ name: 'staging' });
    expect(fold2('production', 'staging')).toEqual({ name: 'production', tier: 'staging', url });
    expect(fold2('unknown', 'staging')).toEqual({ name: 'production', tier: 'production', url });
  });

  it('names the deployment that has no records', () => {
    expect(() => fold('gitlab:7', [])).toThrow(new RangeError('deployment gitlab:7 has no records'));
  });
});

describe('transition', () => {
  const life = [['pending'], ['running'], ['succeeded', 'failed', 'canceled']] as const;
  const all = life.flatMap((states, rank) => states.map((state) => ({ state, rank })));

  it.each(all.flatMap((told) => all.map((next) => ({ told, next }))))(
    'from $told.state to $next.state goes forward only, whatever the clocks say',
    ({ told, next }) => {
      const later = transition({ state: told.state, at: at(10) }, { state: next.state, at: at(20) });
      const earlier = transition({ state: told.state, at: at(20) }, { state: next.state, at: at(10) });
      const byRank = next.rank > told.rank ? 'apply' : 'stale';
      if (told.state === next.state) expect([later, earlier]).toEqual(['duplicate', 'duplicate']);
      else if (told.rank === next.rank) expect([later, earlier]).toEqual(['apply', 'stale']);
      else expect([later, earlier]).toEqual([byRank, byRank]);
    },
  );

  it('applies the first state, and another outcome at the same time', () => {
    for (const { state } of all) expect(transition(undefined, { state, at: at(10) })).toBe('apply');
    expect(transition({ state: 'succeeded', at: at(10) }, { state: 'failed', at: at(10) })).toBe('apply');
  });

  it('ends where the state is final', () => {
    expect(State.options.filter(isFinal)).toEqual(['succeeded', 'failed', 'canceled']);
  });

  it.each([
    ['running', 'succeeded', 'apply'],
    ['succeeded', 'running', 'stale'],
    ['succeeded', 'succeeded', 'duplicate'],
    ['pending', 'running', 'apply'],
  ] as const)('from %s to %s: %s', (told, next, expected) => {
    expect(transition({ state: told, at: at(10) }, { state: next, at: at(20) })).toBe(expected);
  });

  it('between final states depends on the time', () => {
    expect(transition({ state: 'succeeded', at: at(10) }, { state: 'failed', at: at(20) })).toBe('apply');
    expect(transition({ state: 'succeeded', at: at(20) }, { state: 'failed', at: at(10) })).toBe('stale');
  });
});

describe('summarize', () => {
  it('states what, where and how it ended', () => {
    const sha = 'a'.repeat(40);
    expect(summarize(fold('k', [aRecord({ commit: { sha } })]))).toBe(
      'Deployed lighthouse-api @ aaaaaaaa to production',
    );
    expect(summarize(fold('k', [aRecord({ commit: { sha }, state: 'failed' })]))).toBe(
      'FAILED: deploying lighthouse-api @ aaaaaaaa to production',
    );
  });

  it.each([
    ['pending', 'Waiting to deploy', 'Waiting to deploy'],
    ['running', 'Deploying', 'Rolling back'],
    ['succeeded', 'Deployed', 'Rolled back'],
    ['failed', 'FAILED: deploying', 'FAILED: rolling back'],
    ['canceled', 'CANCELED: deploying', 'CANCELED: rolling back'],
  ] as const)('distinguishes a roll-back from a deployment that is %s', (state, deployed, rolledBack) => {
    const words = (changeType: ChangeType) =>
      summarize(fold('k', [aRecord({ state, changeType, artifacts: ['lamp:1', 'lens:1'] })]));
    expect(words('deployment')).toBe(`${deployed} lighthouse-api lamp:1 to production`);
    expect(words('code')).toBe(`${deployed} lighthouse-api lamp:1 to production`);
    expect(words('config_change')).toMatch(/chang(?:e|ed|ing) the configuration of lighthouse-api in production$/i);
    expect(words('rollback')).toBe(`${rolledBack} lighthouse-api lamp:1 to production`);
  });

  it("keeps the sender's own text", () => {
    expect(summarize(fold('k', [aRecord({ summary: 'Tide table' })]))).toBe('Tide table');
  });

  it('does not reuse a text that was written for another state', () => {
    const start = aRecord({ state: 'running', summary: 'Deploying now' });
    expect(summarize(fold('k', [start, aRecord({ state: 'failed' })]))).toMatch(/^FAILED/);
  });
});

it('has run once it succeeded, whatever became of it', () => {
  expect(hasRun({ state: 'succeeded' })).toBe(true);
  expect(hasRun({ state: 'failed', succeededAt: at(50) })).toBe(true);
  expect(hasRun({ state: 'failed' })).toBe(false);
  expect(hasRun({ state: 'running' })).toBe(false);
});

it('was superseded from its start on, so that any end that a tool reports is later', () => {
  const ended = { state: 'canceled', occurredAt: at(50) } as const;
  expect(momentOf({ ...ended, startedAt: at(40) })).toEqual({ state: 'canceled', at: at(50) });
  expect(momentOf({ ...ended, startedAt: at(40), endReason: 'superseded' })).toEqual({ state: 'canceled', at: at(40) });
  expect(momentOf({ ...ended, endReason: 'superseded' })).toEqual({ state: 'canceled', at: at(50) });
});
