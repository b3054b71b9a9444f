import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joined } from '../../../src/domain/join.ts';
import type { Member } from '../../../src/domain/join-member.ts';
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
    hasEnded: fc.boolean(),
  })
  .map(({ key, witness, minute, hasEnded, stage, ...said }): NewMember => {
    const fromMs = noon + minute * 60_000;
    const known = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
    return {
      key: `${witness} ${key}`,
      witness: witness as Member['witness'],
      source: `tool of ${witness}`,
      instance: witness,
      path: 'harbor/pay',
      fromMs,
      ...(hasEnded && { endedBy: { [`${witness}/end`]: fromMs } }),
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
