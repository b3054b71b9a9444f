import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { State } from '../../src/domain/change-record.ts';
import { fold, summarize, transition } from '../../src/domain/deployment.ts';
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

  it('never goes back: a running that comes a day late leaves the deployment succeeded', () => {
    const late = aRecord({ state: 'running', occurredAt: '2026-03-15T20:50:00.000Z' });
    expect(fold('k', [aRecord({ state: 'succeeded' }), late]).state).toBe('succeeded');
  });

  it('lets the later of two final states win: a deployment can degrade after it succeeded', () => {
    const degraded = aRecord({ state: 'failed', occurredAt: at(55) });
    expect(fold('k', [degraded, aRecord({ state: 'succeeded', occurredAt: at(50) })]).state).toBe('failed');
  });

  it('believes the authoritative signal about how it ended', () => {
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

  it('lets other signals fill what the authoritative one leaves open, and never overrule it', () => {
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

  it('does not let a signal that does not know the environment hide one that does', () => {
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

describe('transition', () => {
  it.each([
    ['running', 'succeeded', 'apply'],
    ['succeeded', 'running', 'stale'],
    ['succeeded', 'succeeded', 'duplicate'],
    ['pending', 'running', 'apply'],
  ] as const)('from %s to %s: %s', (told, next, expected) => {
    expect(transition({ state: told, at: at(10) }, { state: next, at: at(20) })).toBe(expected);
  });

  it('between final states goes by time', () => {
    expect(transition({ state: 'succeeded', at: at(10) }, { state: 'failed', at: at(20) })).toBe('apply');
    expect(transition({ state: 'succeeded', at: at(20) }, { state: 'failed', at: at(10) })).toBe('stale');
  });
});

describe('summarize', () => {
  it('says what, where and how it ended', () => {
    const sha = 'a'.repeat(40);
    expect(summarize(fold('k', [aRecord({ commit: { sha } })]))).toBe(
      'Deployed lighthouse-api @ aaaaaaaa to production',
    );
    expect(summarize(fold('k', [aRecord({ commit: { sha }, state: 'failed' })]))).toBe(
      'FAILED: deploying lighthouse-api @ aaaaaaaa to production',
    );
  });

  it('does not reuse the words that were written for another state', () => {
    const start = aRecord({ state: 'running', summary: 'Deploying now' });
    expect(summarize(fold('k', [start, aRecord({ state: 'failed' })]))).toMatch(/^FAILED/);
  });
});
