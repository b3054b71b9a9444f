import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Act, createApplication } from './application.ts';
import { createBridge, nameOf } from './bridge.ts';
import { createController } from './controller.ts';

const kinds = ['partial', 'selfHeal', 'dryRun', 'rollback', 'refresh', 'look'] as const;
const anAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('sync' as const), automated: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.constantFrom<Act>(
      ...(['applied', 'applied', 'failed', 'terminated'] as const).map((how) => ({ kind: 'finish' as const, how })),
    ),
  },
  {
    weight: 8,
    arbitrary: fc.constantFrom<Act>(
      ...(['Healthy', 'Degraded', 'Progressing', 'Suspended'] as const).map((status) => ({
        kind: 'health' as const,
        status,
      })),
    ),
  },
  { weight: 4, arbitrary: fc.constantFrom<Act>(...kinds.map((kind) => ({ kind }))) },
  { weight: 1, arbitrary: fc.constantFrom<Act>({ kind: 'wait', hours: 30 }, { kind: 'delete' }) },
);
const aLife = fc.array(anAct, { minLength: 3, maxLength: 30 });

interface Notice {
  readonly payload: unknown;
  readonly at: string;
}

/** @param looks whether the controller looks after each act; where it is busy, it sees only what is left. */
function live(acts: readonly Act[], { saysSince = true, looks = [] as readonly boolean[] } = {}) {
  const app = createApplication({ saysSince });
  const controller = createController();
  const notices: Notice[] = [];
  acts.forEach((act, index) => {
    app.act(act);
    if (looks[index] === false) return;
    const manifest = app.manifest();
    const payload = { app: manifest, timestamp: app.now(), context: { argocdUrl: 'https://argocd.harbor.example' } };
    for (let times = controller.look(manifest); times > 0; times--) notices.push({ payload, at: app.now() });
  });
  return { app, notices };
}

function endsOf(notices: readonly Notice[], inOrder = true) {
  const bridge = createBridge();
  const last =
    notices
      .map(({ at }) => at)
      .sort()
      .at(-1) ?? '';
  for (const { payload, at } of notices) bridge.tell(payload, inOrder ? at : last);
  return bridge.ends();
}

const truthOf = ({ truths }: ReturnType<typeof createApplication>) =>
  Object.fromEntries(truths().map(({ start, commit, end }) => [nameOf(start, commit), end]));

describe('the life of an application', () => {
  it('is recorded correctly if every notification arrives', () => {
    fc.assert(
      fc.property(aLife, (acts) => {
        const { app, notices } = live(acts);
        expect(endsOf(notices)).toEqual(truthOf(app));
      }),
      { numRuns: 200 },
    );
  });

  it('recovers each time that the application does, even without the time of the health (before 2.14)', () => {
    const health = fc.array(
      fc.constantFrom<Act>(
        ...(['Healthy', 'Degraded', 'Progressing'] as const).map((status) => ({ kind: 'health' as const, status })),
      ),
      { minLength: 1, maxLength: 12 },
    );
    const shuffle = fc.infiniteStream(fc.nat(1_000_000));
    fc.assert(
      fc.property(health, shuffle, (changes, places) => {
        const start: Act[] = [
          { kind: 'sync', automated: false },
          { kind: 'finish', how: 'applied' },
        ];
        const { app, notices } = live([...start, ...changes], { saysSince: false });
        expect(endsOf(notices)).toEqual(truthOf(app));
        const told = [...notices, ...notices].map((notice) => ({ notice, at: places.next().value ?? 0 }));
        const shuffled = told.toSorted((a, b) => a.at - b.at).map(({ notice }) => notice);
        expect(endsOf(shuffled, false)).toEqual(truthOf(app));
      }),
      { numRuns: 100 },
    );
  });

  it('is the same in every order and however often each is sent', () => {
    const twice = fc.infiniteStream(fc.nat(1_000_000));
    fc.assert(
      fc.property(aLife, twice, (acts, places) => {
        const { notices } = live(acts);
        const told = [...notices, ...notices].map((notice) => ({ notice, at: places.next().value ?? 0 }));
        const shuffled = told.toSorted((a, b) => a.at - b.at).map(({ notice }) => notice);
        expect(endsOf(shuffled, false)).toEqual(endsOf(notices, false));
      }),
      { numRuns: 200 },
    );
  });

  it('is never recorded as better or worse than it was, if polls and notifications are lost', () => {
    const lossy = fc.tuple(aLife, fc.infiniteStream(fc.boolean()), fc.infiniteStream(fc.nat(3)), fc.boolean());
    fc.assert(
      fc.property(lossy, ([acts, looks, losses, saysSince]) => {
        const isLong = acts.some(({ kind }) => kind === 'wait');
        const { app, notices } = live(acts, { saysSince, looks: acts.map(() => looks.next().value) });
        const ends = endsOf(notices.filter(() => losses.next().value > 0));
        for (const { start, commit, ever } of app.truths()) {
          const end = ends[nameOf(start, commit)];
          if (end === 'succeeded' || end === 'canceled') expect(ever).toContain(end);
          // Whoever did not hear that it ended well takes trouble of a later day for its end.
          if (end === 'failed' && saysSince && !isLong) expect(ever).toContain(end);
        }
      }),
      { numRuns: 200 },
    );
  });
});
