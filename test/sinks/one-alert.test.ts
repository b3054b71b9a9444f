import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Deployment } from '../../src/domain/deployment.ts';
import { DeliveryFailed } from '../../src/domain/errors.ts';
import { fold } from '../../src/domain/fold.ts';
import { AnySink } from '../../src/sinks/index.ts';
import { alertOf } from '../../src/sinks/one-alert.ts';
import type { Sink } from '../../src/sinks/sink.ts';
import { aDeployment } from '../support/deployment.ts';
import { type FakeServer, startFakeServer } from '../support/fake-server.ts';
import { createMemoryLedger } from '../support/ledger.ts';
import { PRESETS_GIVEN } from '../support/presets.ts';
import { aRecord } from '../support/records.ts';

/** One request, as every one of these destinations understands it. */
interface Heard {
  readonly alert: string;
  readonly isOpen: boolean;
  readonly at: string;
  readonly isLost: boolean;
}

interface Alerting {
  readonly sink: (url: string) => Record<string, unknown>;
  readonly read: (body: Record<string, unknown>) => { alert: unknown; isOpen: boolean };
}

const OWN = { alert: { path: 'alert_key' }, state: { path: 'state' }, at: { path: 'occurred_at' } };

/** Every kind of sink that keeps one alert of each service. A new one belongs here. */
const ALERTING: Readonly<Record<string, Alerting>> = {
  alertops: {
    sink: (url) => ({ type: 'alertops', url: `${url}/POSTAlert/0f3a6c2eb1d44e57/Shiplog` }),
    read: ({ source_id, source_status }) => ({ alert: source_id, isOpen: source_status === 'open' }),
  },
  'incident-io': {
    sink: (url) => ({ type: 'http', preset: 'incident-io', ...PRESETS_GIVEN['incident-io'], url }),
    read: ({ deduplication_key, status }) => ({ alert: deduplication_key, isOpen: status === 'firing' }),
  },
  'an own URL with per: service': {
    sink: (url) => ({ type: 'http', url, per: 'service', states: ['succeeded', 'failed'], body: OWN }),
    read: ({ alert, state }) => ({ alert, isOpen: state === 'failed' }),
  },
};

const minute = (at: number) => `2026-03-19T10:${String(at).padStart(2, '0')}:00.000Z`;
const step = fc.record({
  deployment: fc.integer({ min: 0, max: 7 }),
  state: fc.constantFrom<Deployment['state']>('failed', 'succeeded'),
  at: fc.integer({ min: 0, max: 59 }),
  trouble: fc.constantFrom('none', 'none', 'refused', 'lost'),
  turn: fc.integer({ min: 0, max: 3 }),
});
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

/** A deployment comes into a state once. */
const steps = fc.uniqueArray(step, {
  minLength: 2,
  maxLength: 12,
  selector: ({ deployment, state }) => `${deployment} ${state}`,
});

/** Eight deployments of four places: two repositories and two environments. */
function deploymentOf({ deployment, state, at }: Step): Deployment {
  const repository = { name: `${deployment % 2 ? 'harbor' : 'tower'}/api` };
  const environment = { name: deployment % 4 < 2 ? 'production' : 'staging' };
  const occurredAt = minute(at);
  return aDeployment({ key: `d${deployment}`, service: 'api', repository, environment, state, occurredAt });
}
const placeOf = ({ repository, environment }: Deployment) => `${repository?.name} ${environment.name}`;

let fake: FakeServer;
let heard: Heard[];
/** What the next request is about, and what becomes of it. */
let sending: { deployment: Deployment; trouble: Step['trouble'] };
let read: Alerting['read'];

beforeAll(async () => {
  fake = await startFakeServer(({ text }) => {
    const { deployment, trouble } = sending;
    if (trouble === 'refused') return { status: 502 };
    const { alert, isOpen } = read(JSON.parse(text));
    heard.push({ alert: String(alert), isOpen, at: deployment.occurredAt, isLost: trouble === 'lost' });
    return { status: trouble === 'lost' ? 500 : 202 };
  });
});
afterAll(() => fake.close());
beforeEach(() => {
  heard = [];
});

/** Delivers in the order that the turns make of it: what fails comes again after what came later. */
async function deliverAll(sink: Sink, steps: readonly Step[]): Promise<void> {
  const ledger = createMemoryLedger();
  let waiting = steps.map((one) => ({ ...one, deployment: deploymentOf(one) }));
  for (let turn = 0; waiting.length > 0; turn += 1) {
    const again: typeof waiting = [];
    for (const one of waiting) {
      sending = { deployment: one.deployment, trouble: turn < one.turn ? one.trouble : 'none' };
      const delivered = await ledger.attempt(sink, one.deployment).catch((error: unknown) => error);
      if (delivered instanceof DeliveryFailed) again.push(one);
    }
    waiting = again;
  }
}

describe.each(Object.entries(ALERTING))('the alerts of %s', (_, alerting) => {
  const made = () => {
    read = alerting.read;
    const sink = AnySink.parse({ timeout_seconds: 60, ...alerting.sink(fake.url) });
    if (!sink) throw new Error('the sink is off');
    return sink;
  };

  it('receive nothing older after something newer, whatever fails and is retried, and end with the newest', async () => {
    const sink = made();
    await fc.assert(
      fc.asyncProperty(steps, async (drawn) => {
        heard = [];
        await deliverAll(sink, drawn);
        for (const place of new Set(drawn.map((one) => placeOf(deploymentOf(one))))) {
          const told = heard.filter(({ alert }) => alert === alertOf(placeIn(place)));
          const answered = told.filter(({ isLost }) => !isLost).map(({ at }) => at);
          // An answer that was lost is sent again: until then nobody knows that it was heard.
          expect(answered).toEqual(answered.toSorted());
          expect(told.at(-1)?.isLost, JSON.stringify(heard)).not.toBe(true);
          expect(told.at(-1)?.at).toBe(answered.at(-1));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('are opened by a failure after a success with a fast clock', async () => {
    const sink = made();
    const ledger = createMemoryLedger();
    const of = (deployment: string, over: object) => fold(deployment, [aRecord({ deployment, ...over })]);
    const ahead = of('a', { occurredAt: '2126-01-01T00:00:00.000Z', receivedAt: minute(5) });
    const failed = of('b', { state: 'failed', occurredAt: minute(10), receivedAt: minute(10) });
    for (const deployment of [ahead, failed]) {
      sending = { deployment, trouble: 'none' };
      await ledger.deliver(sink, deployment);
    }
    expect(heard.map(({ isOpen }) => isOpen)).toEqual([false, true]);
  });

  it('date a superseded deployment by its start', async () => {
    const sink = made();
    const ledger = createMemoryLedger();
    const of = (key: string, over: Partial<Deployment>) => aDeployment({ key, state: 'failed', ...over });
    const overtaken = {
      state: 'canceled',
      endReason: 'superseded',
      startedAt: minute(1),
      occurredAt: minute(9),
    } as const;
    sending = { deployment: of('a', {}), trouble: 'none' };
    await ledger.deliver(sink, of('a', { occurredAt: minute(5) }));
    const entry = { ...ledger.of('b'), known: { deliveredInLane: { state: 'failed', at: minute(5) } as const } };
    const context = { signal: new AbortController().signal, now: new Date() };
    expect((await sink.deliver(of('b', overtaken), entry, context)).message).toContain('not sent');
    expect(heard).toHaveLength(1);
  });

  it('are lanes, so two deliveries of one alert never run at once', () => {
    const lane = made().lane;
    expect(lane?.(aDeployment({ key: 'a' }))).toBe(lane?.(aDeployment({ key: 'b', state: 'failed' })));
    expect(lane?.(aDeployment())).toBe(alertOf(aDeployment()));
  });
});

const placeIn = (place: string): Deployment => {
  const [name = '', environment = ''] = place.split(' ');
  return aDeployment({ service: 'api', repository: { name }, environment: { name: environment } });
};

describe('the name of an alert', () => {
  const word = fc.constantFrom('api', 'Api', 'a:b', 'a', 'b', 'unknown', 'harbor/api', 'a b', '%3A');
  const place = fc.record({
    service: word,
    environment: word,
    repository: word,
    serviceId: fc.option(word),
    key: word.map((name) => `gitlab:git.harbor.example:7:${name}`),
  });
  const from = ({
    service,
    environment,
    repository,
    serviceId,
    key,
  }: typeof place extends fc.Arbitrary<infer P> ? P : never) =>
    aDeployment({
      key,
      service,
      environment: { name: environment },
      repository: { name: `harbor/${repository}` },
      ...(serviceId !== null && { serviceId }),
    });

  it('is shared only by deployments of one service and environment', () => {
    fc.assert(
      fc.property(place, place, (one, other) => {
        const [a, b] = [from(one), from(other)];
        if (a.key === b.key || alertOf(a) !== alertOf(b)) return;
        expect(a.environment.name).toBe(b.environment.name);
        expect(a.environment.name).not.toBe('unknown');
        const serviceOf = (deployment: Deployment) => deployment.serviceId ?? deployment.service;
        // The name of a repository differs from its path by case and separators.
        const slug = (text: string) => text.toLowerCase().replace(/[^a-z]+/g, '-');
        const isSame = slug(serviceOf(a)) === slug(serviceOf(b));
        // Or one of them is named by hand as the other's whole path.
        expect(isSame || [a, b].some((each) => serviceOf(each).startsWith('harbor/'))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});
