import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChangeRecord, NewChangeRecord } from '../../src/domain/change-record.ts';
import { fold } from '../../src/domain/fold.ts';
import { aRecord } from '../support/records.ts';

const at = (minute: number) => `2026-03-14T20:${String(minute).padStart(2, '0')}:00.000Z`;
const heard = (said: Partial<NewChangeRecord>) => aRecord({ receivedAt: at(59), ...said });

/** The same answer for every order. */
function foldAll(records: readonly ChangeRecord[]) {
  const expected = fold('k', records);
  fc.assert(
    fc.property(fc.shuffledSubarray([...records], { minLength: records.length }), (shuffled) => {
      expect(fold('k', shuffled)).toEqual(expected);
    }),
    { numRuns: 20 },
  );
  return expected;
}

describe('a repeat', () => {
  it('of the end changes no time, however often and late it arrives', () => {
    const end = (minute: number) => heard({ occurredAt: at(minute), finishedAt: at(minute), startedAt: at(9) });
    expect(foldAll([end(10), end(40), end(55)])).toMatchObject({ occurredAt: at(10), finishedAt: at(10) });
  });

  it('of `running` does not change the start', () => {
    const running = (minute: number) => heard({ state: 'running', occurredAt: at(minute) });
    expect(foldAll([running(10), running(20)])).toMatchObject({ occurredAt: at(10), startedAt: at(10) });
  });

  it('after another end is new: healthy, degraded, healthy again', () => {
    const step = (state: 'succeeded' | 'failed', minute: number) =>
      heard({ state, occurredAt: at(minute), finishedAt: at(minute) });
    const life = [step('succeeded', 10), step('failed', 20), step('succeeded', 30), step('succeeded', 40)];
    expect(foldAll(life)).toMatchObject({ state: 'succeeded', occurredAt: at(30), finishedAt: at(30) });
  });
});

it('begins with its most reliable signal, and not with an earlier one that says the same', () => {
  const hook = heard({ signal: 'hook', authoritative: false, occurredAt: at(5) });
  expect(foldAll([hook, heard({ occurredAt: at(10) })]).occurredAt).toBe(at(10));
});

describe('a success that failed later', () => {
  const success = heard({ occurredAt: at(10), startedAt: at(5), finishedAt: at(12) });
  const failure = heard({ state: 'failed', occurredAt: at(30) });

  it('ran since it succeeded, and ended when it did', () => {
    expect(foldAll([success, failure])).toMatchObject({
      ...{ state: 'failed', occurredAt: at(30), succeededAt: at(10), startedAt: at(5), finishedAt: at(12) },
    });
  });

  it('is none if only a less reliable signal reported it', () => {
    const hook = heard({ ...success, id: 'chg_hook', signal: 'hook', authoritative: false });
    expect(foldAll([hook, failure])).not.toHaveProperty('succeededAt');
  });
});

describe('a post that repeats another', () => {
  const until = (said: Partial<NewChangeRecord>) =>
    foldAll([heard({ occurredAt: at(10) }), heard({ occurredAt: at(40), ...said })]).repeatedUntil;

  it('extends the time in which it was repeated, unless it is sent periodically or known to be another run', () => {
    expect(until({ repeatable: true })).toBe(at(40));
    expect(until({})).toBeUndefined();
    expect(until({ repeatable: true, occurredAt: at(10) })).toBeUndefined();
    expect(until({ repeatable: true, periodic: true })).toBeUndefined();
    expect(until({ repeatable: true, base: 'before' })).toBeUndefined();
  });
});

it('of two ends in the same second the failure counts, whatever their ids are', () => {
  for (const key of ['a', 'b', 'c', 'd']) {
    const end = (state: 'succeeded' | 'failed' | 'canceled') => heard({ deployment: key, state, occurredAt: at(10) });
    expect(foldAll([end('succeeded'), end('failed'), end('canceled')]).state).toBe('failed');
    expect(foldAll([end('succeeded'), end('canceled')]).state).toBe('canceled');
  }
});

describe('a start that only the running signal reported', () => {
  it('is the start', () => {
    const records = [heard({ state: 'running', occurredAt: at(10) }), heard({ occurredAt: at(20) })];
    expect(foldAll(records)).toMatchObject({ startedAt: at(10), occurredAt: at(20) });
  });

  it('is ignored if it arrived after the end', () => {
    const records = [heard({ state: 'running', occurredAt: at(30) }), heard({ occurredAt: at(20) })];
    expect(foldAll(records)).not.toHaveProperty('startedAt');
  });
});

describe('a start after the end that another tool reports', () => {
  const end = heard({ occurredAt: at(10), finishedAt: at(10), witness: 'job' });
  const sync = (startedAt: string) =>
    heard({ occurredAt: at(30), startedAt, finishedAt: at(30), witness: 'sync', signal: 'sync' });

  it('is unknown: no deployment ends before it begins', () => {
    expect(foldAll([end, sync(at(12))])).toMatchObject({ state: 'succeeded', finishedAt: at(10) });
    expect(foldAll([end, sync(at(12))]).startedAt).toBeUndefined();
  });

  it('is the end, if one of the two tools reports whole seconds', () => {
    expect(foldAll([end, sync(at(10).replace('.000Z', '.900Z'))])).toMatchObject({ startedAt: at(10) });
  });
});

describe('a clock that is ahead', () => {
  const ahead = heard({
    occurredAt: '2126-01-01T00:00:00.000Z',
    finishedAt: '2126-01-01T00:00:00.000Z',
    receivedAt: at(10),
  });

  it('is set to the time of receipt, with a note', () => {
    expect(fold('k', [ahead])).toMatchObject({ occurredAt: at(10), finishedAt: at(10) });
    expect(fold('k', [ahead]).notes.join()).toContain('clock is ahead');
  });

  it('does not outweigh what happened after it', () => {
    const failed = heard({ state: 'failed', occurredAt: at(20), receivedAt: at(20) });
    expect(foldAll([ahead, failed])).toMatchObject({ state: 'failed', occurredAt: at(20) });
  });

  it('is not noted for a second', () => {
    const record = aRecord({ occurredAt: at(11), receivedAt: at(10).replace('10:00', '10:59') });
    expect(fold('k', [record])).toMatchObject({ occurredAt: record.receivedAt, notes: [] });
  });
});

describe('an end of a deployment that never ran', () => {
  const never = heard({ state: 'canceled', endReason: 'never_ran', signal: 'pipeline hook', authoritative: false });

  it('outweighs a bare failed: a job that never began has deployed nothing', () => {
    expect(foldAll([heard({ state: 'failed' }), never])).toMatchObject({ state: 'canceled', endReason: 'never_ran' });
  });

  it('does not outweigh one that ran', () => {
    const ran = [heard({ state: 'running', occurredAt: at(10) }), heard({ state: 'failed', occurredAt: at(20) })];
    expect(foldAll([...ran, never])).toMatchObject({ state: 'failed' });
    expect(foldAll([...ran, never])).not.toHaveProperty('endReason');
    const succeeded = heard({ signal: 'job hook', authoritative: false, occurredAt: at(10) });
    expect(foldAll([succeeded, heard({ state: 'failed', occurredAt: at(20) }), never])).toMatchObject({
      ...{ state: 'failed', occurredAt: at(20) },
    });
  });

  const superseded = heard({ state: 'canceled', endReason: 'superseded', occurredAt: at(50) });

  it('is inferred from a successor: later than running, weaker than any reported end', () => {
    const running = heard({ state: 'running', occurredAt: at(55) });
    expect(foldAll([running, superseded])).toMatchObject({ state: 'canceled', endReason: 'superseded' });
    for (const state of ['succeeded', 'failed'] as const) {
      const told = foldAll([running, superseded, heard({ state, occurredAt: at(20) })]);
      expect(told.state).toBe(state);
      expect(told).not.toHaveProperty('endReason');
    }
  });
});

describe('the report of a job about itself', () => {
  const job = (said: Partial<NewChangeRecord>) => heard({ witness: 'job', ...said });
  const report = heard({
    witness: 'report',
    source: 'changes-api',
    signal: 'changes api',
    summary: 'Deployed the lamp',
    ref: 'of-the-report',
    artifacts: ['lamp:2'],
    occurredAt: at(58),
    receivedAt: at(58),
  });

  it('adds what the tool leaves open, and overrules nothing', () => {
    expect(foldAll([job({ ref: 'main', occurredAt: at(30) }), report])).toMatchObject({
      source: 'gitlab',
      ref: 'main',
      summary: 'Deployed the lamp',
      artifacts: ['lamp:2'],
      occurredAt: at(30),
      sources: ['changes-api', 'gitlab'],
    });
    expect(foldAll([job({ state: 'failed', occurredAt: at(30) }), report]).state).toBe('failed');
  });

  it('counts in full if no other signal reports it', () => {
    expect(fold('k', [report])).toMatchObject({ state: 'succeeded', ref: 'of-the-report' });
  });
});

it('keeps the name that was given to the service, rather than the name of the repository', () => {
  const repository = { name: 'harbor/lighthouse' };
  const named = heard({ service: 'lamp', repository, authoritative: false, signal: 'job hook' });
  const byDefault = heard({ service: 'Lighthouse', repository });
  expect(foldAll([named, byDefault]).service).toBe('lamp');
  expect(foldAll([byDefault, heard({ service: 'unknown', signal: 'job hook', authoritative: false })]).service).toBe(
    'Lighthouse',
  );
});

describe('a deployment of several steps', () => {
  const part = (name: string, state: ChangeRecord['state'], minute: number, said: Partial<NewChangeRecord> = {}) =>
    heard({
      state,
      stage: { of: '77:staging:run:1', part: name },
      authoritative: false,
      jobUrl: `https://ci.example.com/${name}`,
      occurredAt: at(minute),
      ...said,
    });

  it('has failed when one of them failed, whichever ended last', () => {
    const failed = { state: 'failed', jobUrl: 'https://ci.example.com/a', occurredAt: at(20) };
    expect(foldAll([part('a', 'failed', 20), part('b', 'succeeded', 30)])).toMatchObject(failed);
    expect(foldAll([part('b', 'succeeded', 10), part('a', 'failed', 20)])).toMatchObject(failed);
  });

  it('runs while one of them does, and succeeds with the last', () => {
    const first = [part('a', 'running', 10), part('a', 'succeeded', 20, { finishedAt: at(20) })];
    const between = foldAll([...first, part('b', 'running', 21)]);
    expect(between).toMatchObject({ state: 'running' });
    expect(between).not.toHaveProperty('finishedAt');
    expect(foldAll([part('a', 'running', 10), part('b', 'pending', 15)])).toMatchObject({ state: 'running' });
    const all = [...first, part('b', 'running', 21), part('b', 'succeeded', 30)];
    expect(foldAll(all)).toMatchObject({ state: 'succeeded', startedAt: at(10), occurredAt: at(30) });
  });

  it('ends as reported by the tool that sees all steps', () => {
    const whole = heard({ state: 'canceled', stage: { of: '77:staging:run:1' }, occurredAt: at(31) });
    expect(foldAll([part('a', 'succeeded', 20), part('b', 'running', 21), whole])).toMatchObject({ state: 'canceled' });
  });
});

describe('why a deployment has not ended', () => {
  const history = { of: 'app' };
  const waits = (minute: number, waiting?: string, over: Partial<ChangeRecord> = {}) =>
    aRecord({
      state: 'running',
      occurredAt: `2026-03-14T20:0${minute}:00.000Z`,
      history,
      ...(waiting && { waiting }),
      ...over,
    });

  it('is the last report, and nothing for one that has ended', () => {
    const open = [waits(1), waits(2, 'It is suspended.')];
    expect(fold('x', open)).toMatchObject({ waiting: 'It is suspended.', notes: ['It is suspended.'] });
    expect(fold('x', [...open, waits(3)])).not.toHaveProperty('waiting');
    const done = fold('x', [...open, waits(4, undefined, { state: 'succeeded' })]);
    expect(done).not.toHaveProperty('waiting');
    expect(done.notes).toEqual([]);
  });

  it('the failure of one that recovered is a note, and not its description', () => {
    const failed = waits(2, undefined, { state: 'failed', description: 'Degraded: the pod crashes' });
    const well = waits(3, undefined, { state: 'succeeded' });
    expect(fold('x', [failed])).toMatchObject({ description: 'Degraded: the pod crashes' });
    const again = fold('x', [failed, well]);
    expect(again).not.toHaveProperty('description');
    expect(again.notes.join()).toContain('healthy again at 2026-03-14T20:03:00.000Z (Degraded: the pod crashes)');
  });

  it('the failure of a job that was run again is no bad health', () => {
    const failed = heard({ state: 'failed', description: 'The runner was lost', occurredAt: at(10) });
    expect(foldAll([failed, heard({ occurredAt: at(20) })])).toMatchObject({
      ...{ state: 'succeeded', description: 'The runner was lost', notes: [] },
    });
  });
});

describe('what one signal does not know', () => {
  const notes = { actor: 'the author is shown', occurredAt: 'no time', environment: 'no environment', commit: 'short' };
  const doubtful = heard({
    ...{ signal: 'step', actor: 'mira', environment: { name: 'unknown' }, occurredAt: at(50) },
    ...{ notes: [...Object.values(notes), 'stays'], doubts: notes },
  });
  const said = heard({
    ...{ signal: 'row', authoritative: false, actor: 'jonas', environment: { name: 'production' } },
    ...{ commit: { sha: 'b'.repeat(40) }, occurredAt: at(20), finishedAt: at(20) },
  });

  it('is noted while nobody else says it, and not after', () => {
    expect(foldAll([doubtful]).notes).toEqual(doubtful.notes);
    expect(foldAll([doubtful, doubtful]).notes).toEqual(doubtful.notes);
    expect(foldAll([doubtful, said]).notes).toEqual(['stays']);
  });

  it('is noted of a service that was inferred, unless the forge calls it so', () => {
    const inferred = heard({ service: 'pay', notes: ['inferred'], doubts: { service: 'inferred' } });
    const started = heard({ ...inferred, id: 'chg_started', state: 'running' });
    const hook = (service: string) => heard({ signal: 'hook', service, authoritative: false, state: 'running' });
    expect(foldAll([inferred, started]).notes).toEqual(['inferred']);
    expect(foldAll([inferred, hook('pay')]).notes).toEqual([]);
    expect(foldAll([inferred, hook('other')])).toMatchObject({ service: 'pay', notes: ['inferred'] });
  });

  it('is no time of the end where another signal knows it', () => {
    expect(foldAll([doubtful, said])).toMatchObject({ occurredAt: at(20), finishedAt: at(20) });
    expect(foldAll([doubtful, heard({ state: 'running', authoritative: false, occurredAt: at(10) })])).toMatchObject({
      ...{ occurredAt: at(50), notes: expect.arrayContaining(['no time']) },
    });
  });
});
