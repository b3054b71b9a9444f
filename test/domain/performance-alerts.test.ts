import { describe, expect, it } from 'vitest';
import type { Alert } from '../../src/domain/alert.ts';
import type { Deployment } from '../../src/domain/deployment.ts';
import {
  BY_SERVICE,
  finishedDeployments,
  lastDays,
  performanceBy,
  performanceOf,
} from '../../src/domain/performance.ts';
import { attributeAlerts } from '../../src/domain/performance-alerts.ts';
import { aDeployment } from '../support/deployment.ts';
import { anAlertOf } from '../web/stores.ts';

const week = lastDays(7, new Date('2026-03-19T18:00:00.000Z'));
const time = (clock: string, day = 19) => `2026-03-${day}T${clock}:00.000Z`;
const change = (key: string, clock: string, over: Partial<Deployment> = {}): Deployment => {
  const { commit: _, ...plain } = aDeployment({ key, service: 'pay', occurredAt: time(clock) });
  return { ...plain, ...over };
};
const alert = (clock: string, over: Partial<Alert> = {}): Alert =>
  anAlertOf('Pay', { startedAt: time(clock), ...over });
const countedBy = (changes: readonly Deployment[], ...alerts: readonly Alert[]) =>
  [...attributeAlerts(finishedDeployments(changes), alerts)].map(([key, own]) => [key, own.length]);

describe('an alert', () => {
  const changes = [
    change('first', '08:00'),
    change('second', '10:00'),
    change('staging', '11:00', { environment: { name: 'staging' } }),
    change('failed', '11:30', { state: 'failed' }),
    change('back', '11:40', { changeType: 'rollback' }),
    change('lamp', '11:50', { service: 'lamp' }),
  ];

  it('counts against the last change of its service in its environment that had succeeded before', () => {
    expect(countedBy(changes, alert('12:00'))).toEqual([['second', 1]]);
    expect(countedBy(changes, alert('10:00'), alert('12:00'))).toEqual([['second', 2]]);
    expect(countedBy(changes, alert('09:59'))).toEqual([['first', 1]]);
  });

  it('counts against none if nothing changed in the day before, or if it concerns another service', () => {
    expect(countedBy(changes, alert('07:59'))).toEqual([]);
    expect(countedBy(changes, alert('10:01', { startedAt: time('10:01', 20) }))).toEqual([]);
    expect(countedBy(changes, alert('12:00', { services: [] }), alert('12:00', { environment: 'qa' }))).toEqual([]);
  });

  it('that names no environment counts in each', () => {
    const { environment: _, ...nameless } = alert('12:00');
    expect(countedBy(changes, nameless)).toEqual([
      ['second', 1],
      ['staging', 1],
    ]);
  });
});

describe('the measures by alerts', () => {
  const finished = finishedDeployments([
    change('a', '08:00'),
    change('b', '10:00'),
    change('c', '11:00', { state: 'failed' }),
    change('lamp', '11:00', { service: 'lamp' }),
  ]);
  const alerts = attributeAlerts(finished, [
    alert('08:30', { state: 'resolved', endedAt: time('08:50') }),
    alert('08:40', { state: 'resolved', endedAt: time('09:20') }),
    alert('10:30'),
  ]);

  it('count changes after which alerts began, and how long those lasted', () => {
    const { changeFailure, restore } = performanceOf(finished, { ...week, alerts });
    expect(changeFailure).toEqual({ rate: 0.5, failed: 2, rolledBack: 0, of: 4 });
    expect(restore).toEqual({ medianMs: 30 * 60_000, restored: 2, open: 1 });
  });

  it('leave the other measures unchanged, and are separate for each service', () => {
    const [byAlerts, usual] = [performanceOf(finished, { ...week, alerts }), performanceOf(finished, week)];
    expect({ ...byAlerts, changeFailure: 0, restore: 0 }).toEqual({ ...usual, changeFailure: 0, restore: 0 });
    const rows = performanceBy(finished, BY_SERVICE, { ...week, alerts });
    expect(rows.map(({ name, performance }) => [name, performance.changeFailure.failed])).toEqual([
      ['pay', 2],
      ['lamp', 0],
    ]);
  });
});
