import { describe, expect, it } from 'vitest';
import type { Deployment } from '../../src/domain/deployment.ts';
import {
  BY_SERVICE,
  daysOf,
  finishedDeployments,
  lastDays,
  performanceBy,
  performanceOf,
} from '../../src/domain/performance.ts';
import { aDeployment, sha } from '../support/deployment.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const now = new Date('2026-03-19T18:00:00.000Z');
const week = lastDays(7, now);
let number = 0;

/** Finished at that time of 19 March. */
function at(time: string, over: Partial<Deployment> = {}): Deployment {
  const occurredAt = `2026-03-19T${time}:00.000Z`;
  number += 1;
  return aDeployment({
    key: `changes:${number}`,
    occurredAt,
    finishedAt: occurredAt,
    commit: { sha: sha(number) },
    ...over,
  });
}
const madeAt = (time: string, seed: string) => ({ sha: sha(seed), committedAt: `2026-03-19T${time}:00.000Z` });
const measure = (...deployments: Deployment[]) => performanceOf(finishedDeployments(deployments), week);

describe('what counts as a deployment', () => {
  it('is a deployment of a version that has ended', () => {
    const { finished } = measure(
      at('10:00'),
      at('10:01', { state: 'failed' }),
      at('10:02', { state: 'canceled' }),
      at('10:03', { state: 'running' }),
      at('10:04', { changeType: 'feature_flag' }),
      at('10:05', { changeType: 'database_migration' }),
      at('10:06', { changeType: 'rollback' }),
    );
    expect(finished).toBe(4);
  });
});

describe('deployment frequency', () => {
  it('is the number of successes divided by the days of the range, including days without any', () => {
    const deployments = Array.from({ length: 14 }, () => at('10:00'));
    expect(measure(...deployments, at('11:00', { state: 'failed' })).frequency).toEqual({ succeeded: 14, perDay: 2 });
    expect(measure().frequency).toEqual({ succeeded: 0, perDay: 0 });
  });

  it('has a bar for each UTC day, today the last', () => {
    const yesterday = at('09:00', { occurredAt: '2026-03-18T23:59:59.999Z' });
    const days = daysOf(finishedDeployments([at('00:00'), at('10:00', { state: 'failed' }), yesterday]), week);
    expect(days).toHaveLength(7);
    expect(days[0]).toEqual({ date: '2026-03-13', succeeded: 0, failed: 0 });
    expect(days.slice(-2)).toEqual([
      { date: '2026-03-18', succeeded: 1, failed: 0 },
      { date: '2026-03-19', succeeded: 1, failed: 1 },
    ]);
  });
});

describe('lead time', () => {
  it('is the median from the commit to its success, if the time of the commit is known', () => {
    const { leadTime } = measure(
      at('10:00', { commit: madeAt('09:30', 'a') }),
      at('11:00', { commit: madeAt('09:00', 'b') }),
      at('12:00', { commit: madeAt('11:00', 'c') }),
      at('13:00'),
    );
    expect(leadTime).toEqual({ medianMs: HOUR, known: 3, of: 4 });
  });

  it('counts a commit once in each environment, at its first success', () => {
    const commit = madeAt('09:00', 'a');
    const staging = { environment: { name: 'staging' }, commit };
    const { leadTime } = measure(
      at('09:20', { state: 'failed', commit }),
      at('09:30', { commit }),
      at('14:00', { commit }),
      at('09:10', staging),
    );
    expect(leadTime).toEqual({ medianMs: 20 * MINUTE, known: 2, of: 2 });
  });

  it('counts no roll-back as a slow delivery, and no clock difference as a fast one', () => {
    const { leadTime } = measure(
      at('10:00', { changeType: 'rollback', commit: madeAt('00:00', 'a') }),
      at('10:00', { commit: madeAt('10:05', 'b') }),
    );
    expect(leadTime).toEqual({ known: 0, of: 1 });
  });

  it('shows the slowest tenth only with at least ten values', () => {
    const deployments = Array.from({ length: 11 }, (_, index) =>
      at('12:00', { commit: madeAt(`${String(11 - index).padStart(2, '0')}:00`, `slow-${index}`) }),
    );
    expect(measure(...deployments).leadTime).toMatchObject({ medianMs: 6 * HOUR, slowTenthMs: 10 * HOUR });
    expect(measure(...deployments.slice(2)).leadTime).not.toHaveProperty('slowTenthMs');
  });
});

describe('change failure rate', () => {
  it('counts what failed and what was rolled back, once each, and no roll-back as a change', () => {
    const undone = at('10:00');
    const failed = at('10:30', { state: 'failed' });
    const cure = (of: Deployment) => at('11:00', { changeType: 'rollback', replaced: { deployment: of.key } });
    const { changeFailure } = measure(undone, failed, at('10:45'), at('10:50'), cure(undone), cure(failed));
    expect(changeFailure).toEqual({ rate: 0.5, failed: 1, rolledBack: 1, of: 4 });
  });

  it('counts only a successful roll-back', () => {
    const kept = at('10:00');
    const attempt = at('11:00', { changeType: 'rollback', state: 'failed', replaced: { deployment: kept.key } });
    expect(measure(kept, attempt).changeFailure).toEqual({ rate: 0, failed: 0, rolledBack: 0, of: 1 });
  });

  it('is blank if nothing was deployed', () => {
    expect(measure().changeFailure).toEqual({ failed: 0, rolledBack: 0, of: 0 });
  });
});

describe('time to restore', () => {
  it('is the time from the first failure to the next success of the service in the environment, whatever happens in between', () => {
    const elsewhere = { service: 'tide-tables' };
    const { restore } = measure(
      at('10:00', { state: 'failed' }),
      at('10:05', elsewhere),
      at('10:20', { state: 'failed' }),
      at('10:30', { changeType: 'rollback' }),
      at('12:00', { ...elsewhere, state: 'failed' }),
      at('12:10', elsewhere),
      at('15:00', { state: 'failed' }),
    );
    expect(restore).toEqual({ medianMs: 20 * MINUTE, restored: 2, open: 1 });
  });

  it('does not depend on the order in which they are listed', () => {
    const list = [at('10:30'), at('10:00', { state: 'failed' })];
    expect(measure(...list).restore).toEqual(measure(...list.toReversed()).restore);
    expect(measure(...list).restore).toMatchObject({ medianMs: 30 * MINUTE });
  });
});

describe('the measures of each group', () => {
  it('are separate, the busiest first', () => {
    const finished = finishedDeployments([
      at('10:00', { service: 'beacon' }),
      at('10:00'),
      at('11:00', { state: 'failed' }),
    ]);
    const groups = performanceBy(finished, BY_SERVICE, week);
    expect(groups.map(({ name, performance }) => [name, performance.finished, performance.changeFailure.rate])).toEqual(
      [
        ['lighthouse-api', 2, 0.5],
        ['beacon', 1, 0],
      ],
    );
  });

  it('are those of one service: two with the same name are distinguished', () => {
    const of = (name: string) => at('10:00', { service: 'api', repository: { name } });
    const finished = finishedDeployments([of('harbor/api'), of('beacon/api'), of('harbor/api'), at('10:00')]);
    const groups = performanceBy(finished, BY_SERVICE, week);
    expect(groups.map(({ name, qualifier, performance }) => [name, qualifier, performance.finished])).toEqual([
      ['api', 'harbor/api', 2],
      ['api', 'beacon/api', 1],
      ['lighthouse-api', undefined, 1],
    ]);
  });
});
