import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joined } from '../../../src/domain/join.ts';
import type { Member } from '../../../src/domain/join-member.ts';
import { awaitsAnother } from '../../../src/domain/join-wait.ts';
import type { NewMember } from '../../../src/domain/member.ts';
import { createJoinGroups } from '../../../src/store/changes/join-groups.ts';
import { useRedis } from '../../support/use-redis.ts';

const redis = useRedis();
const noon = Date.parse('2026-03-14T12:00:00.000Z');
const options = { mayJoin: () => true };

const maybe = <T>(...values: readonly [T, ...T[]]) => fc.option(fc.constantFrom(...values), { nil: undefined });
const signals = fc
  .record({
    key: fc.integer({ min: 1, max: 12 }),
    witness: fc.constantFrom('job', 'report', 'sync'),
    minute: fc.integer({ min: 0, max: 200 }),
    environment: maybe('production', 'staging'),
    commit: maybe('a'.repeat(40), 'b'.repeat(40), 'c'.repeat(40)),
    pipeline: maybe('10', '11'),
    jobId: maybe('100', '101'),
    stage: maybe('10 deploy'),
    join: maybe<string | false>('release 7', false),
    end: maybe('job', 'deployment'),
  })
  .map(({ key, witness, minute, end, stage, ...said }): NewMember => {
    const fromMs = noon + minute * 60_000;
    const known = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
    return {
      key: `${witness} ${key}`,
      witness: witness as Member['witness'],
      source: `tool of ${witness}`,
      instance: witness,
      path: 'harbor/pay',
      fromMs,
      ...(end && { endedBy: { [`${witness}/${end}`]: fromMs } }),
      ...(stage && { stage, isPart: key > 3 }),
      ...known,
    };
  });

describe('the group of a repository', () => {
  it('is read as far as needed: the joins are those of the whole group', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(signals, { minLength: 1, maxLength: 25 }), async (told) => {
        await redis.flushdb();
        const groups = createJoinGroups(redis);
        for (const member of told) {
          const plan = joined(await groups.add(member), options);
          const whole = joined(await groups.read(member), options);
          const partners = [...whole].filter(([, root]) => root === whole.get(member.key)).map(([key]) => key);
          for (const key of partners) expect(plan.get(key), key).toBe(whole.get(key));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is read as far as needed: the same ends are waited for as when the last that ended are always read', async () => {
    const withinMs = 3 * 60 * 60_000;
    await fc.assert(
      fc.asyncProperty(fc.array(signals, { minLength: 1, maxLength: 25 }), async (told) => {
        await redis.flushdb();
        const groups = createJoinGroups(redis);
        const ended = new Map<string | undefined, readonly string[]>();
        const known = new Set<string>();
        for (const member of told) {
          const { key, environment, endedBy } = member;
          const near = await groups.add(member);
          if (endedBy && !known.has(key)) ended.set(environment, [...(ended.get(environment) ?? []), key].slice(-6));
          if (endedBy) known.add(key);
          const needed = new Set([...near.map((one) => one.key), ...(ended.get(environment) ?? [])]);
          const all = (await groups.read(member)).filter((one) => needed.has(one.key));
          const awaited = (some: readonly Member[]) => {
            const members = some.toSorted((a, b) => a.order - b.order);
            return awaitsAnother(key, members, { plan: joined(members, options), withinMs });
          };
          expect(awaited(near)).toBe(awaited(all));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('is not read where the last that ended were reported in the same way', async () => {
    const groups = createJoinGroups(redis);
    const of = (number: number, signal: string): NewMember => ({
      ...{ key: `job ${number}`, witness: 'job', source: 'forge', instance: 'forge', path: 'harbor/pay' },
      ...{ environment: 'production', jobId: String(number), fromMs: noon, endedBy: { [signal]: noon } },
    });
    for (const number of [1, 2, 3, 4]) await groups.add(of(number, 'forge/job'));
    expect((await groups.add(of(5, 'forge/job'))).map(({ key }) => key)).toEqual(['job 5']);
    await groups.add(of(3, 'forge/deployment'));
    expect((await groups.add(of(6, 'forge/job'))).length).toBe(6);
  });

  it('keeps the newest of very many, with their common properties', async () => {
    const groups = createJoinGroups(redis);
    const of = (number: number): NewMember => ({
      ...{ key: `job ${number}`, witness: 'job', source: 'forge', instance: 'forge', path: 'harbor/pay' },
      ...{ environment: `review/${number}`, commit: String(number).padStart(40, '0'), jobId: String(number) },
      ...{ pipeline: String(number), fromMs: noon, endedBy: { 'forge/job': noon } },
    });
    for (let number = 1; number <= 300; number++) await groups.add(of(number));
    const kept = await groups.read(of(1));
    expect(kept.length).toBeLessThan(200);
    expect(kept.some(({ key }) => key === 'job 300')).toBe(true);
    const report = { ...of(300), key: 'report 300', witness: 'report', source: 'curl', instance: 'curl' } as const;
    const near = await groups.add(report);
    expect(joined(near, options).get('report 300')).toBe('job 300');
    expect(near.length).toBeLessThan(10);
  });
});
