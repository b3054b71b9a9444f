import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { State } from '../../../src/domain/change-record.ts';
import { DeliveryFailed } from '../../../src/domain/errors.ts';
import { alertops } from '../../../src/sinks/alertops/index.ts';
import type { Sink } from '../../../src/sinks/sink.ts';
import { failed } from '../../support/delivery-failed.ts';
import { aDeployment } from '../../support/deployment.ts';
import { AlertopsMessage as Message } from '../../support/destination-schemas.ts';
import { type FakeServer, startFakeServer } from '../../support/fake-server.ts';
import { createMemoryLedger, type MemoryLedger } from '../../support/ledger.ts';

const KEY = '0f3a6c2e-b1d4-4e57-9a80-c6f2d1e5b794';
const PATH = `/POSTAlert/${KEY}/Shiplog`;

let fake: FakeServer;
/** What the Inbound Log of AlertOps would show (help.alertops.com: Mapped, Mapped Appended, Mapped Ignored). */
let log: { message: Message; outcome: 'Opened' | 'Appended' | 'Updated' | 'Closed' | 'Ignored' }[];
let ledger: MemoryLedger;
let sink: Sink;

const makeSink = (over: Record<string, unknown> = {}): Sink => {
  const made = alertops.parse({ type: 'alertops', url: `${fake.url}${PATH}`, timeout_seconds: 60, ...over });
  if (!made) throw new Error('the sink is off');
  return made;
};

/** Source, Source Name and Source Id are what makes an alert one. */
function createInbound() {
  const open = new Set<string>();
  return ({ source, source_name, source_id, source_status }: Message) => {
    const alert = [source, source_name, source_id].join('|');
    const isOpen = open.has(alert);
    if (source_status === 'open') {
      open.add(alert);
      return isOpen ? 'Appended' : 'Opened';
    }
    if (!isOpen) return 'Ignored';
    if (source_status === 'update') return 'Updated';
    open.delete(alert);
    return 'Closed';
  };
}

beforeEach(async () => {
  log = [];
  const outcomeOf = createInbound();
  fake = await startFakeServer(({ method, target, headers, text }) => {
    if (method === 'GET') return { status: 200, body: 'welcome' };
    if (method !== 'POST' || target !== PATH) return { status: 404, body: `no integration at ${target}` };
    if (!headers['content-type']?.startsWith('application/json')) return { status: 400 };
    const parsed = Message.safeParse(JSON.parse(text));
    if (!parsed.success) return { status: 400, body: parsed.error.message };
    log.push({ message: parsed.data, outcome: outcomeOf(parsed.data) });
    return { status: 200, body: 'a-token' };
  });
  ledger = createMemoryLedger();
  sink = makeSink();
});
afterEach(() => fake.close());

const outcomes = () => log.map(({ outcome }) => outcome);
const at = (time: string) => `2026-03-19T${time}:00.000Z`;
const step = (key: string, state: State, time: string) => aDeployment({ key, state, occurredAt: at(time) });

describe('the configuration of alertops', () => {
  it('is off without a url', () => {
    expect(alertops.parse({ type: 'alertops' })).toBeUndefined();
  });

  it.each(['https://notify.alertops.com', 'ftp://x/y', 'notify.alertops.com/POSTAlert/k/s', 'https://u:p@x.example/k'])(
    'refuses %s',
    (url) => {
      expect(alertops.safeParse({ type: 'alertops', url }).error?.message).toContain('API URL of the integration');
    },
  );

  it('refuses a state in two lists', () => {
    const { error } = alertops.safeParse({ type: 'alertops', url: 'https://x.example/k', close: ['failed'] });
    expect(error?.message).toContain('failed is already listed under open');
  });

  it('refuses an invalid filter', () => {
    const config = { type: 'alertops', url: 'https://x.example/k', match: { service: '/(/' } };
    expect(alertops.safeParse(config).error?.message).toContain('not a valid regular expression');
  });
});

describe('which deployments are sent to AlertOps', () => {
  it('is described for every state', () => {
    const wanted = State.options.filter((state) => sink.wants(aDeployment({ state })).wanted);
    expect(wanted).toEqual(['succeeded', 'failed']);
    expect(sink.wants(aDeployment({ state: 'canceled' }))).toEqual({
      wanted: false,
      why: 'alertops opens on failed; closes on succeeded; this one is canceled',
    });
  });

  it.each([
    [{ environment: 'production' }, true],
    [{ environment: ['staging', 'prod*'] }, true],
    [{ environment: 'staging' }, false],
    [{ service: '*house*' }, true],
    [{ service: '/^light.+-api$/' }, true],
    [{ service: '/^tide/' }, false],
    [{ not: { changed_by: 'mira' } }, false],
  ])('is limited by %j', (match, wanted) => {
    expect(makeSink({ match }).wants(aDeployment()).wanted).toBe(wanted);
  });

  it('is explained if a filter does not match', () => {
    const narrow = makeSink({ match: { environment: 'staging' } });
    expect(narrow.wants(aDeployment())).toEqual({
      wanted: false,
      why: 'not sent to alertops: environment is production, it takes only staging',
    });
  });
});

describe('an alert', () => {
  it('is opened by a failure and closed by the next success of the service in its environment', async () => {
    await ledger.deliver(sink, step('a', 'failed', '10:00'));
    await ledger.deliver(sink, step('b', 'failed', '10:10'));
    await ledger.deliver(sink, step('c', 'succeeded', '10:20'));
    await ledger.deliver(sink, step('d', 'succeeded', '10:30'));
    expect(outcomes()).toEqual(['Opened', 'Appended', 'Closed', 'Ignored']);
  });

  it('is not closed by another environment or service', async () => {
    await ledger.deliver(sink, step('a', 'failed', '10:00'));
    await ledger.deliver(sink, { ...step('b', 'succeeded', '10:10'), environment: { name: 'staging' } });
    await ledger.deliver(sink, { ...step('c', 'succeeded', '10:20'), service: 'tide-table' });
    expect(outcomes()).toEqual(['Opened', 'Ignored', 'Ignored']);
  });

  it.each([{ environment: { name: 'unknown' } }, { service: 'unknown' }])(
    'of an unknown service is not closed by another unknown one: %j',
    async (over) => {
      await ledger.deliver(sink, { ...step('a', 'failed', '10:00'), ...over });
      await ledger.deliver(sink, { ...step('b', 'succeeded', '10:10'), ...over });
      await ledger.deliver(sink, { ...step('a', 'succeeded', '10:20'), ...over });
      expect(outcomes()).toEqual(['Opened', 'Ignored', 'Closed']);
    },
  );

  it('is updated if configured', async () => {
    sink = makeSink({ update: ['running'] });
    await ledger.deliver(sink, step('a', 'failed', '10:00'));
    await ledger.deliver(sink, step('b', 'running', '10:10'));
    await ledger.deliver(sink, step('b', 'succeeded', '10:20'));
    expect(outcomes()).toEqual(['Opened', 'Updated', 'Closed']);
  });

  it('is neither opened nor closed by a delayed delivery', async () => {
    await ledger.deliver(sink, step('b', 'failed', '10:10'));
    const late = await ledger.deliver(sink, step('a', 'succeeded', '10:00'));
    expect(late).toEqual({
      message: 'not sent: AlertOps knows of a later deployment there already (failed at 2026-03-19T10:10:00.000Z)',
    });
    await ledger.deliver(sink, step('c', 'succeeded', '10:20'));
    await ledger.deliver(sink, step('d', 'failed', '10:15'));
    expect(outcomes()).toEqual(['Opened', 'Closed']);
  });

  it('is opened by a failure whose time is before its start because of a slow clock', async () => {
    sink = makeSink({ update: ['running'] });
    await ledger.deliver(sink, step('a', 'running', '10:10'));
    await ledger.deliver(sink, step('a', 'failed', '10:09'));
    expect(outcomes()).toEqual(['Ignored', 'Opened']);
  });

  it('sends all known fields', async () => {
    await ledger.deliver(
      sink,
      aDeployment({
        state: 'failed',
        description: 'The migration broke off',
        pipelineUrl: 'https://argo.example.com/applications/beacon',
      }),
    );
    const [{ message } = { message: undefined }] = log;
    await expect(`${JSON.stringify(message, null, 2)}\n`).toMatchFileSnapshot('open.expected.json');
  });

  it('keeps its name when everything but service, repository and environment changes', () => {
    const bare = aDeployment({ key: 'other', tags: [], ref: 'release', actor: 'ines', commit: {} });
    const [before, after] = [aDeployment(), bare].map((deployment) => Message.parse(sink.preview(deployment).body));
    expect(after?.source_name).toBe(before?.source_name);
    expect(after?.source_id).toBe(before?.source_id);
  });

  it('is not closed by a service of another repository with the same short name', async () => {
    const of = (name: string) => ({ service: 'api', repository: { name } });
    await ledger.deliver(sink, { ...step('a', 'failed', '10:00'), ...of('harbor/api') });
    await ledger.deliver(sink, { ...step('b', 'succeeded', '10:10'), ...of('tower/api') });
    await ledger.deliver(sink, { ...step('c', 'succeeded', '10:20'), ...of('harbor/api'), service: 'Api' });
    await ledger.deliver(sink, { ...step('d', 'failed', '10:30'), ...of('harbor/api'), serviceId: 'svc_api' });
    await ledger.deliver(sink, { ...step('e', 'succeeded', '10:40'), ...of('tower/api'), serviceId: 'svc_api' });
    expect(outcomes()).toEqual(['Opened', 'Ignored', 'Closed', 'Opened', 'Closed']);
  });
});

describe('the key in the url', () => {
  it('is in no preview', () => {
    const preview = sink.preview(aDeployment());
    expect(preview.url).toBe(`${fake.url}/[secret]`);
    expect(JSON.stringify(preview)).not.toContain(KEY);
    expect(preview.notes?.join()).toContain('Inbound Log');
  });

  it('is among the secrets, alone and in the url', () => {
    expect(sink.secrets).toEqual(expect.arrayContaining([KEY, PATH, `${fake.url}${PATH}`]));
    expect(sink.secrets).not.toContain('POSTAlert');
    expect(sink.secrets).not.toContain('Shiplog');
  });

  it('is in no error, even if the answer repeats it', async () => {
    for (const body of [`no integration at ${PATH}`, `key ${KEY} is unknown`]) {
      fake.inject({ kind: 'status', status: 404, body });
      const { message } = await failed(ledger.attempt(sink, aDeployment()));
      expect(message).toContain('[secret]');
      expect(message).not.toContain(KEY);
    }
    await fake.down();
    const { message, cause } = await failed(ledger.attempt(sink, aDeployment()));
    expect(`${message} ${cause}`).not.toContain(KEY);
  });

  it('is in no error of the configuration', () => {
    const { error } = alertops.safeParse({ type: 'alertops', url: `notify.alertops.com${PATH}` });
    expect(error?.message).not.toContain(KEY);
  });
});

describe('a delivery to AlertOps', () => {
  it('is "accepted", as 2xx does not mean mapped', async () => {
    expect(await ledger.deliver(sink, aDeployment())).toEqual({ message: '200 accepted', status: 200 });
    expect(await ledger.deliver(sink, aDeployment())).toBe('known');
    expect(log).toHaveLength(1);
  });

  it('appends to its own alert if a response was lost', async () => {
    fake.inject({ kind: 'lost-reply', method: 'POST' });
    const delivered = await ledger.deliver(sink, aDeployment({ state: 'failed' }));
    expect(delivered).toMatchObject({ message: expect.stringContaining('perhaps twice') });
    expect(outcomes()).toEqual(['Opened', 'Appended']);
  });

  it.each([
    [400, 'never'],
    [401, { afterMs: 10_000, hold: 'sink' }],
    [404, 'never'],
    [429, 'backoff'],
    [500, 'backoff'],
    [503, 'backoff'],
  ] as const)('maps status %i to the right retry', async (status, retry) => {
    fake.inject({ kind: 'status', status });
    expect(await failed(ledger.attempt(sink, aDeployment()))).toMatchObject({ retry, status });
  });

  it('is refused by a preview in a state that has no list', () => {
    expect(() => sink.preview(aDeployment({ state: 'canceled' }))).toThrow(DeliveryFailed);
  });
});

describe('the check of alertops', () => {
  it('opens no alert, does not use the key, and says where to look', async () => {
    expect(await sink.check(new AbortController().signal)).toContain('Inbound Log');
    expect(log).toEqual([]);
    expect(fake.requests.map(({ target }) => target)).toEqual(['/']);
  });
});
