import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChangeType, RiskLevel, State } from '../../src/domain/change-record.ts';
import type { Deployment } from '../../src/domain/deployment.ts';
import { MAX_SUSPECTS, rankSuspects, type SuspectQuestion } from '../../src/domain/suspects.ts';
import { aDeployment } from '../support/deployment.ts';

const ALERT_MS = Date.parse('2026-03-14T20:00:00.000Z');
const MINUTE_MS = 60_000;
const at = (minutesBefore: number) => new Date(ALERT_MS - minutesBefore * MINUTE_MS).toISOString();

const question: SuspectQuestion = {
  alert: { startedAt: at(0), services: [{ label: 'service', name: 'Pay' }], environment: 'production' },
  environments: ['production'],
  team: 'payments',
};
/** One that took a minute and ended so long before. */
function change(key: string, minutesBefore: number, over: Partial<Deployment> = {}): Deployment {
  const { commit: _, ...plain } = aDeployment({ key, service: 'pay', environment: { name: 'production' } });
  const times = { startedAt: at(minutesBefore + 1), finishedAt: at(minutesBefore), occurredAt: at(minutesBefore) };
  return { ...plain, ...times, ...over };
}
const rank = (...deployments: readonly Deployment[]) => rankSuspects(deployments, question);
const keysOf = (suspects: ReturnType<typeof rank>) => suspects.map(({ deployment }) => deployment.key);
const textsOf = (suspects: ReturnType<typeof rank>, key: string) =>
  suspects.find(({ deployment }) => deployment.key === key)?.reasons.map(({ text }) => text);

describe('a suspect', () => {
  it('is ranked by service, team and environment', () => {
    const owner = { team: 'payments' };
    const ranked = rank(
      change('elsewhere', 5, { service: 'lamp', environment: { name: 'qa' } }),
      change('environment', 5, { service: 'lamp' }),
      change('team', 5, { service: 'ledger', owner }),
      change('team elsewhere', 5, { service: 'ledger', owner, environment: { name: 'qa' } }),
      change('service elsewhere', 5, { environment: { name: 'qa' } }),
      change('service', 5),
    );
    expect(keysOf(ranked)).toEqual([
      'service',
      'team',
      'service elsewhere',
      'environment',
      'team elsewhere',
      'elsewhere',
    ]);
  });

  it('is ranked by time, outcome, kind and risk, with reasons', () => {
    const ranked = rank(
      change('a day ago', 23 * 60),
      change('just now', 3),
      change('failed', 3, { state: 'failed' }),
      change('migration', 3, { changeType: 'database_migration' }),
      change('risky', 3, { riskLevel: 'high' }),
      change('hours ago', 3 * 60),
    );
    expect(keysOf(ranked)).toEqual(['failed', 'migration', 'risky', 'just now', 'hours ago', 'a day ago']);
    expect(textsOf(ranked, 'failed')).toEqual([
      'The alert names this service (label service), in this environment.',
      '3 minutes before the alert.',
      'It failed.',
    ]);
    for (const { points, reasons } of ranked) expect(points).toBe(reasons.reduce((sum, one) => sum + one.points, 0));
  });

  it('includes what was running, however it ended later', () => {
    const running = change('running', 0, { state: 'running', startedAt: at(30), occurredAt: at(30) });
    const ended = change('ended later', -20, { startedAt: at(10) });
    const ranked = rank(running, ended, change('hours ago', 300));
    expect(keysOf(ranked)).toEqual(['ended later', 'running', 'hours ago']);
    expect(textsOf(ranked, 'running')).toContain('Under way when the alert began: it had started 30 minutes before.');
  });

  it('excludes what began later, waits, or never ran', () => {
    const later = change('later', -20, { startedAt: at(-1) });
    const pending = change('pending', 5, { state: 'pending' });
    const never = change('never ran', 5, { state: 'canceled', endReason: 'never_ran' });
    expect(rank(later, pending, never)).toEqual([]);
  });

  it('may have begun a few seconds later, as clocks differ and times may have no fractions', () => {
    const ranked = rank(change('posted', -0.05, { startedAt: at(-0.05) }));
    expect(textsOf(ranked, 'posted')?.[1]).toBe('Under way when the alert began: it had started 0 seconds before.');
    expect(keysOf(rank(change('later', -0.2, { startedAt: at(-0.2) })))).toEqual([]);
  });

  it('is less likely if it was replaced before the alert, and more likely if it was rolled back afterwards', () => {
    const first = change('first', 12);
    const second = change('second', 11, { replaced: { deployment: 'first' } });
    const back = change('back', -9, { changeType: 'rollback', replaced: { deployment: 'second' } });
    const ranked = rank(first, second, back);
    expect(keysOf(ranked)).toEqual(['second', 'first']);
    expect(textsOf(ranked, 'first')).toContain('Replaced 11 minutes before the alert.');
    expect(textsOf(ranked, 'second')).toContain('Rolled back 9 minutes after the alert began.');
  });

  it('is unlikely if it was rolled back before the alert, like all others that the roll-back undid', () => {
    const of = (version: string) => ({ commit: { sha: version.repeat(40) } });
    const good = change('good', 300, of('a'));
    const first = change('first', 40, { ...of('b'), replaced: { deployment: 'good' }, riskLevel: 'critical' });
    const second = change('second', 30, { ...of('c'), replaced: { deployment: 'first' } });
    const attempt = change('attempt', 25, { ...of('d'), state: 'failed' });
    const back = change('back', 20, { ...of('a'), changeType: 'rollback', replaced: { deployment: 'second' } });
    const next = change('next', 10, { ...of('e'), replaced: { deployment: 'back' } });
    const beside = change('beside', 700, { service: 'lamp' });
    const ranked = rank(good, first, second, attempt, back, next, beside);
    expect(keysOf(ranked).slice(0, 4)).toEqual(['next', 'back', 'good', 'beside']);
    for (const key of ['first', 'second', 'attempt'])
      expect(textsOf(ranked, key)?.at(-1), key).toBe('Rolled back 20 minutes before the alert.');
    expect(textsOf(ranked, 'good')).not.toContain('Rolled back 20 minutes before the alert.');
    expect(textsOf(ranked, 'back')?.at(-1)).toBe('Replaced 10 minutes before the alert.');
  });

  it('is not undone by a roll-back elsewhere, a failed one, or one to the same version', () => {
    const bad = change('bad', 30, { commit: { sha: 'b'.repeat(40) } });
    const replaced = { deployment: 'bad' };
    const backs = [
      change('elsewhere', 20, { changeType: 'rollback', environment: { name: 'qa' } }),
      change('failed', 20, { changeType: 'rollback', state: 'failed', replaced }),
      change('same', 20, { changeType: 'rollback', replaced, ...{ commit: { sha: 'b'.repeat(40) } } }),
    ];
    for (const back of backs) expect(textsOf(rank(bad, back), 'bad')?.join(' ')).not.toContain('Rolled back');
  });

  it('is found by service alone if the alert names no environment', () => {
    const [suspect] = rankSuspects([change('a', 5)], { ...question, environments: [] });
    expect(suspect?.reasons[0]).toEqual({ text: 'The alert names this service (label service).', points: 40 });
  });
});

const anyChange = fc
  .record({
    minutes: fc.integer({ min: -200, max: 12_000 }),
    took: fc.integer({ min: 0, max: 300 }),
    service: fc.constantFrom('pay', 'ledger', 'lamp'),
    environment: fc.constantFrom('production', 'qa'),
    state: fc.constantFrom(...State.options),
    changeType: fc.constantFrom(...ChangeType.options),
    riskLevel: fc.option(fc.constantFrom(...RiskLevel.options), { nil: undefined }),
    replaced: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined }),
  })
  .map(({ minutes, took, environment, riskLevel, replaced, ...rest }): Omit<Deployment, 'key'> => {
    const { key: _, ...made } = change('', minutes, { ...rest, environment: { name: environment } });
    return {
      ...made,
      startedAt: at(minutes + took),
      ...(riskLevel && { riskLevel }),
      ...(replaced !== undefined && { replaced: { deployment: `k${replaced}` } }),
    };
  });
const anyLog = fc
  .array(anyChange, { maxLength: 25 })
  .map((all) => all.map((one, n): Deployment => ({ ...one, key: `k${n}` })));

describe('a roll-back before the alert', () => {
  it('ranks what it undid below everything of the same kind that still ran, whatever other reasons there are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ kind: fc.constantFrom('deploy', 'back'), minutes: fc.integer({ min: 1, max: 90 }) }), {
          minLength: 2,
          maxLength: 8,
        }),
        (steps) => {
          const log = sequenceOf(steps);
          const ranked = rankSuspects(log, question);
          const isUndone = (key: string) => textsOf(ranked, key)?.some((text) => /^Rolled back .* before/.test(text));
          const undone = ranked.filter(({ deployment }) => isUndone(deployment.key));
          const runs = ranked.find(({ deployment }) => deployment.key === log.at(-1)?.key);
          for (const { points } of undone) expect(points).toBeLessThan(runs?.points ?? 0);
          expect(undone.map(({ deployment }) => deployment.key).sort()).toEqual(undoneIn(log));
        },
      ),
      { numRuns: 100 },
    );
  });
});

/** One service through time: each step a new version, or back to the one before. The last one runs when it alerts. */
function sequenceOf(steps: readonly { kind: 'deploy' | 'back'; minutes: number }[]): Deployment[] {
  const log: Deployment[] = [];
  let ago = steps.reduce((sum, { minutes }) => sum + minutes, 5);
  let versions = ['0'];
  for (const [n, { kind, minutes }] of steps.entries()) {
    const last = log.at(-1);
    const isBack = kind === 'back' && versions.length > 2;
    versions = isBack ? versions.slice(0, -1) : [...versions, String(n + 1)];
    const commit = { sha: (versions.at(-1) ?? '').repeat(40).slice(0, 40) };
    const replaced = last && { replaced: { deployment: last.key } };
    log.push(change(`k${n}`, ago, { commit, ...replaced, ...(isBack && { changeType: 'rollback' as const }) }));
    ago -= minutes;
  }
  return log;
}

/** By the definition: between a roll-back and the last time before it that its version was put in place. */
function undoneIn(log: readonly Deployment[]): string[] {
  const undone = new Set<string>();
  for (const [at, back] of log.entries()) {
    if (back.changeType !== 'rollback') continue;
    for (let i = at - 1; i >= 0 && log[i]?.commit?.sha !== back.commit?.sha; i -= 1) undone.add(`k${i}`);
  }
  return [...undone].sort();
}

describe('the order', () => {
  it('is the same whatever order they are given in, by points, and never longer than the limit', () => {
    fc.assert(
      fc.property(anyLog, fc.infiniteStream(fc.nat()), (log, numbers) => {
        const shuffled = log.map((one) => ({ one, n: numbers.next().value ?? 0 })).sort((a, b) => a.n - b.n);
        const ranked = rankSuspects(log, question);
        expect(
          keysOf(
            rankSuspects(
              shuffled.map(({ one }) => one),
              question,
            ),
          ),
        ).toEqual(keysOf(ranked));
        expect(ranked.length).toBeLessThanOrEqual(MAX_SUSPECTS);
        const points = ranked.map((suspect) => suspect.points);
        expect(points).toEqual(points.toSorted((a, b) => b - a));
        for (const { deployment } of ranked) expect((deployment.startedAt ?? '') <= at(0)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('never ranks the same change lower for being closer to the alert', () => {
    fc.assert(
      fc.property(anyChange, fc.nat(5_000), fc.nat(5_000), (one, a, b) => {
        const [near, far] = [Math.min(a, b), Math.max(a, b)].map((minutes) => ({
          ...one,
          key: `${minutes === Math.min(a, b) ? 'near' : 'far'}`,
          state: 'succeeded' as const,
          startedAt: at(minutes + 1),
          occurredAt: at(minutes),
        }));
        if (!near || !far || a === b) return;
        expect(keysOf(rankSuspects([far, near], question))).toEqual(['near', 'far']);
      }),
      { numRuns: 100 },
    );
  });
});
