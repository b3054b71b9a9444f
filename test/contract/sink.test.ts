import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { State } from '../../src/domain/change-record.ts';
import type { Deployment } from '../../src/domain/deployment.ts';
import { DeliveryFailed } from '../../src/domain/errors.ts';
import { presetNames } from '../../src/sinks/http/presets/index.ts';
import { EVENT_MUTATION } from '../../src/sinks/http/presets/newrelic-change-event.ts';
import { MUTATION } from '../../src/sinks/http/presets/newrelic-change-tracking.ts';
import { AnySink } from '../../src/sinks/index.ts';
import type { Delivered, Sink } from '../../src/sinks/sink.ts';
import { anyDeployment } from '../support/any-deployment.ts';
import { failed } from '../support/delivery-failed.ts';
import { aDeployment, sha } from '../support/deployment.ts';
import { ALERT24_KEY, startFakeAlert24 } from '../support/fake-alert24.ts';
import { GITLAB_TOKEN, startFakeGitlab } from '../support/fake-gitlab.ts';
import { JIRA_CLIENT, JIRA_CLOUD, JIRA_SECRET, startFakeJira } from '../support/fake-jira.ts';
import { type FakeServer, type LoggedRequest, startFakeServer } from '../support/fake-server.ts';
import { createMemoryLedger, type MemoryLedger } from '../support/ledger.ts';
import { expectNothingMissing } from '../support/missing-values.ts';
import { PRESETS_GIVEN } from '../support/presets.ts';
import { duration, expectWithin } from '../support/time.ts';

const SECRET = 'a-secret-of-24-characters';
const WORDS = 'no such lamp in this lighthouse';

interface Destination extends FakeServer {
  /** What it made of all requests. Absent if a destination has no state that can be queried. */
  readonly effects?: () => number;
}

/** What one kind of sink needs to be judged. A new folder under src/sinks adds an entry. */
interface Fixture {
  readonly start: () => Promise<Destination>;
  /** Besides `type`. */
  readonly config: (url: string) => Record<string, unknown>;
  /** What stands in the configuration and must stand nowhere else. */
  readonly secrets: readonly string[];
  /** By what the destination knows a repeat, where it cannot be asked. Default: the whole body. */
  readonly repeatKey?: (request: LoggedRequest) => unknown;
  /** A request that only proves who we are, and tells nothing. */
  readonly isProof?: (request: LoggedRequest) => boolean;
  /** Texts of ours in a body that may hold braces. */
  readonly fixed?: readonly string[];
}

const anything = () => startFakeServer(({ method }) => ({ status: method === 'GET' ? 404 : 200, body: {} }));
const bodyOf = ({ text }: LoggedRequest) => JSON.parse(text);

const FIXTURES: Readonly<Record<string, Fixture>> = {
  alert24: {
    async start() {
      const fake = await startFakeAlert24();
      return { ...fake, effects: () => fake.changes.length };
    },
    config: (url) => ({ url, api_key: ALERT24_KEY }),
    secrets: [ALERT24_KEY],
  },
  'gitlab-deployments': {
    async start() {
      const fake = await startFakeGitlab({ projects: [{ id: 30, path: 'harbor/lighthouse-api', acceptAnySha: true }] });
      return { ...fake, effects: () => fake.deployments.length };
    },
    config: (url) => ({ url, token: GITLAB_TOKEN }),
    secrets: [GITLAB_TOKEN],
  },
  alertops: {
    start: anything,
    config: (url) => ({ url: `${url}/POSTAlert/${SECRET}/Shiplog` }),
    secrets: [SECRET],
    repeatKey: (request) => {
      const { source, source_name, source_id, source_status } = bodyOf(request);
      return [source, source_name, source_id, source_status];
    },
  },
  ctoai: {
    start: anything,
    config: (url) => ({ url, token: SECRET, team_id: '5e2c77aa-0000-4000-8000-000000000000' }),
    secrets: [SECRET],
  },
  cdevents: {
    start: anything,
    config: (url) => ({ url, token: SECRET, signing_secret: `signing-${SECRET}` }),
    secrets: [SECRET, `signing-${SECRET}`],
    repeatKey: ({ headers }) => [headers['ce-source'], headers['ce-id']],
  },
  jira: {
    async start() {
      const fake = await startFakeJira();
      return { ...fake, effects: () => fake.deployments.size };
    },
    config: (url) => ({ url, cloud_id: JIRA_CLOUD, client_id: JIRA_CLIENT, client_secret: JIRA_SECRET }),
    secrets: [JIRA_SECRET],
    isProof: ({ path }) => path === '/oauth/token',
  },
  otlp: {
    start: anything,
    config: (url) => ({
      url,
      protocol: 'http/json',
      signals: ['logs', 'traces'],
      headers: { authorization: `Bearer ${SECRET}` },
    }),
    secrets: [SECRET],
    repeatKey: ({ text }) => /"(?:traceId|log\.record\.uid)".{0,60}/.exec(text)?.[0],
  },
  http: {
    start: anything,
    config: (url) => ({ url: `${url}/changes`, secrets: { token: SECRET }, auth: { bearer: '{secrets.token}' } }),
    secrets: [SECRET],
    repeatKey: ({ headers }) => headers['idempotency-key'],
  },
  ...Object.fromEntries(presetNames.map((name) => [`http ${name}`, presetFixture(name)])),
};

/** Of presets that believe nothing but an id. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  'newrelic-change-event': { data: { changeTrackingCreateEvent: { changeTrackingEvent: { changeTrackingId: 'e1' } } } },
};

/** Every preset is a destination of its own, asked at another address than its own. */
function presetFixture(preset: (typeof presetNames)[number]): Fixture {
  const { secrets } = PRESETS_GIVEN[preset];
  const isSecretUrl = secrets['url'] !== undefined;
  return {
    start: () =>
      startFakeServer(({ method }) => ({ status: method === 'GET' ? 404 : 200, body: ANSWERS[preset] ?? {} })),
    config: (url) => ({
      preset,
      ...PRESETS_GIVEN[preset],
      ...(isSecretUrl ? { secrets: { url: `${url}/hook/${SECRET}` } } : { url: `${url}/hook` }),
    }),
    secrets: isSecretUrl ? [SECRET] : Object.values(secrets),
    repeatKey: ({ headers }) => headers['idempotency-key'],
    fixed: [MUTATION, EVENT_MUTATION],
  };
}

/** Their forms have no field for whom to call, or the team of the configuration goes first: every other one is told. */
const WITHOUT_OWNER = [
  'gitlab-deployments',
  'ctoai',
  'http datadog-dora-deployment',
  ...['honeycomb-marker', 'sentry-deploy', 'devlake-deployment'].map((name) => `http ${name}`),
];

const typeOf = (fixture: string) => fixture.split(' ')[0];

/** Known to the second, and told as soon as it was known. */
const SUCCEEDED = aDeployment({
  commit: { sha: sha(1), title: 'LAMP-7 Turn the lamp faster' },
  pipelineUrl: 'https://argo.example.com/applications/beacon',
  repository: {
    name: 'harbor/lighthouse-api',
    url: 'https://bitbucket.org/harbor/lighthouse-api',
    gitlabProject: 'harbor/lighthouse-api',
  },
});
const NOW = new Date(SUCCEEDED.receivedAt);
const never = () => new AbortController().signal;

/** Asked by other protocols than HTTP: the same is asked of them in their own tests. */
const OTHER_PROTOCOLS = { postgres: 'test/sinks/postgres/postgres.test.ts' };

it('every kind of sink has a fixture here, or a suite of its own for its protocol', () => {
  const types = AnySink.options.map((option) => option.in.shape.type.value);
  const judged = [...Object.keys(FIXTURES).map(typeOf), ...Object.keys(OTHER_PROTOCOLS)];
  expect([...new Set(judged)].sort()).toEqual(types.toSorted());
  for (const file of Object.values(OTHER_PROTOCOLS))
    expect(readFileSync(file, 'utf8')).toContain('the contract of a sink');
});

describe.each(Object.entries(FIXTURES))('%s', (name, fixture) => {
  let fake: Destination;
  let ledger: MemoryLedger;
  let sink: Sink;

  const makeSink = (over: Record<string, unknown> = {}): Sink => {
    const made = AnySink.parse({ type: typeOf(name), timeout_seconds: 60, ...fixture.config(fake.url), ...over });
    if (!made) throw new Error('the sink is off');
    return made;
  };
  const attempt = (deployment: Deployment = SUCCEEDED) => ledger.attempt(sink, deployment, { now: NOW });
  /** Every request from now on is answered so. */
  const answers = (status: number, over: { body?: unknown; headers?: Record<string, string> } = {}) =>
    fake.inject({ kind: 'status', status, times: Number.POSITIVE_INFINITY, ...over });
  const creations = () => fake.requests.filter((request) => request.method !== 'GET' && !fixture.isProof?.(request));

  beforeEach(async () => {
    fake = await fixture.start();
    ledger = createMemoryLedger();
    sink = makeSink();
  });
  afterEach(() => fake.close());

  it('is created from its configuration alone, and names its secrets', () => {
    expect(sink.type).toBe(typeOf(name));
    expect(sink.concurrency).toBeGreaterThan(0);
    expect(sink.ratePerMinute ?? 1).toBeGreaterThan(0);
    for (const secret of fixture.secrets) expect(sink.secrets.some((hidden) => hidden.includes(secret))).toBe(true);
  });

  it('sends the data of the deployment', async () => {
    const delivered = await attempt();
    expect(delivered).toMatchObject({ message: expect.stringMatching(/\w/) });
    expect(creations().length).toBeGreaterThan(0);
    expect(fake.refused).toEqual([]);
  });

  it('sends the owner if there is a field for it', async () => {
    await attempt({ ...SUCCEEDED, owner: { team: 'keepers-of-the-lamp' } });
    const told = creations().some(({ text }) => text.includes('keepers-of-the-lamp'));
    expect(told).toBe(!WITHOUT_OWNER.includes(name));
    expect(fake.refused).toEqual([]);
  });

  it('accepts a 2xx as its contract defines', async () => {
    answers(200, { body: '<html>Sign in</html>' });
    if (sink.takenBy === 'status') return expect(await attempt()).toMatchObject({ status: 200 });
    const { message, retry } = await failed(attempt());
    expect(message).toMatch(/\b200\b/);
    if (sink.takenBy === 'api')
      expect({ message, retry }).toMatchObject({ message: expect.stringContaining('check '), retry: 'backoff' });
  });

  describe('when the same moment is reported again', () => {
    it('is sent to the destination once', async () => {
      await attempt();
      const before = fake.requests.length;
      expect(await attempt({ ...SUCCEEDED, receivedAt: '2026-03-19T15:00:00.000Z' })).toBe('known');
      expect(fake.requests.length).toBe(before);
    });

    it('has one effect if the destination can be queried, and otherwise sends the same idempotency key', async () => {
      fake.inject({ kind: 'lost-reply', method: 'POST' });
      expect((await failed(attempt())).retry).toBe('backoff');
      const lost = creations().length;
      await attempt({ ...SUCCEEDED, receivedAt: '2026-03-19T14:30:09.000Z' });
      if (fake.effects) return expect(fake.effects()).toBe(1);
      const key = fixture.repeatKey ?? bodyOf;
      const [first, again] = [creations().slice(0, lost), creations().slice(lost)].map((part) => part.map(key));
      expect(again?.slice(0, first?.length)).toEqual(first);
      expect(first?.flat().join('')).toMatch(/\w/);
    });
  });

  describe('an abort signal', () => {
    it('ends a delivery that hangs', async () => {
      fake.inject({ kind: 'silent', times: Number.POSITIVE_INFINITY });
      const abort = new AbortController();
      const patient = makeSink();
      const delivery = failed(patient.deliver(SUCCEEDED, ledger.of('k'), { signal: abort.signal, now: NOW }));
      await expect.poll(() => fake.requests.length).toBeGreaterThan(0);
      const tookMs = await duration(async () => {
        abort.abort();
        expect((await delivery).retry).toBe('backoff');
      });
      expectWithin(tookMs, 1_000);
    });

    it('that fired before sends nothing', async () => {
      const context = { signal: AbortSignal.abort(), now: NOW };
      expect((await failed(sink.deliver(SUCCEEDED, ledger.of('k'), context))).retry).toBe('backoff');
      expect(fake.requests).toEqual([]);
    });
  });

  it('times out if a destination never answers', async () => {
    fake.inject({ kind: 'silent', times: Number.POSITIVE_INFINITY });
    sink = makeSink({ timeout_seconds: 0.1 });
    expect(await failed(attempt())).toMatchObject({ retry: 'backoff', message: expect.stringContaining('100 ms') });
  });

  it('holds the whole sink on 401, and says what to set', async () => {
    answers(401, { body: { message: WORDS } });
    const error = await failed(attempt());
    expect(error).toMatchObject({ retry: { hold: 'sink', afterMs: expect.any(Number) }, status: 401 });
    expect(error.message).toMatch(/: 401 .*\. .*\b(set|correct)\b/);
  });

  it.each([400, 422])("never retries after %i, and reports the destination's message", async (status) => {
    answers(status, { body: { message: WORDS } });
    const error = await failed(attempt());
    expect(error).toMatchObject({ retry: 'never', status });
    expect(error.message).toContain(WORDS);
  });

  it.each([408, 425, 500, 502, 503, 504, 520])('retries later after %i', async (status) => {
    answers(status, { body: `<html>${WORDS}</html>` });
    expect(await failed(attempt())).toMatchObject({ retry: 'backoff', status });
  });

  it('retries later if the connection is cut or refused', async () => {
    fake.inject({ kind: 'cut', times: Number.POSITIVE_INFINITY });
    expect((await failed(attempt())).retry).toBe('backoff');
    await fake.down();
    expect((await failed(attempt())).retry).toBe('backoff');
  });

  it.each([429, 503])('waits as long as %i asks, up to a limit', async (status) => {
    answers(status, { headers: { 'retry-after': '7' } });
    expect(await failed(attempt())).toMatchObject({ retry: { afterMs: 7_000, hold: 'sink' }, status });
    fake.heal();
    answers(status, { headers: { 'retry-after': '31536000' } });
    expect(await failed(attempt())).toMatchObject({ retry: { afterMs: 3_600_000, hold: 'sink' } });
  });

  it.each([301, 302, 303, 307, 308])('follows no %i to another host', async (status) => {
    const other = await anything();
    try {
      answers(status, { headers: { location: `${other.url}/elsewhere` } });
      const error = await failed(attempt());
      expect(error).toMatchObject({ retry: 'never', status });
      expect(error.message).toContain('Redirects are not followed');
      expect(other.requests).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it('fails with DeliveryFailed only, whatever the response is', async () => {
    const bodies = ['', '<html>', 'null', '[]', '{"data":', '{"id":{}}', '"\u0000"', '7'];
    for (const status of [200, 201, 204, 299, 304, 404, 409, 413, 418, 451, 511, 599])
      for (const body of bodies) {
        fake.heal();
        answers(status, { body: status === 204 || status === 304 ? undefined : body });
        const outcome = await sink
          .deliver(SUCCEEDED, ledger.of(`${status} ${body}`), { signal: never(), now: NOW })
          .then(
            (delivered: Delivered) => delivered,
            (error: unknown) => error,
          );
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(DeliveryFailed);
        else expect(outcome).toMatchObject({ message: expect.stringMatching(/\w/) });
      }
  });

  describe('a secret', () => {
    const shows = (told: unknown) => {
      const text = told instanceof Error ? `${told.message} ${String(told.cause)}` : JSON.stringify(told);
      for (const secret of fixture.secrets) expect(text).not.toContain(secret);
    };
    const outcome = (run: () => Promise<unknown>) => run().catch((error: unknown) => error);

    it('is in no error and no message, even if the destination repeats it', async () => {
      const repeated = `${fixture.secrets.join(' ')} ${sink.secrets.join(' ')}`;
      for (const status of [200, 302, 400, 401, 404, 429, 500]) {
        fake.heal();
        const headers = { location: `http://127.0.0.1:9/?${encodeURIComponent(repeated)}`, 'x-request-id': repeated };
        answers(status, {
          body: { id: repeated, message: repeated, data: { id: repeated }, errors: [repeated] },
          headers,
        });
        shows(await outcome(() => attempt({ ...SUCCEEDED, key: `echoed ${status}` })));
        shows(await outcome(() => sink.check(never())));
      }
    });

    it('is in no error of a connection', async () => {
      fake.inject({ kind: 'cut', times: Number.POSITIVE_INFINITY });
      shows(await failed(attempt()));
      await fake.down();
      shows(await failed(attempt()));
      shows(await outcome(() => sink.check(never())));
    });

    it('is in no preview', () => {
      shows(sink.preview(SUCCEEDED));
    });
  });

  it('decides about each deployment in each state, and gives the reason if it declines', () => {
    const decided = (deployment: Deployment) => {
      const wish = sink.wants(deployment);
      if (!wish.wanted) {
        expect(wish.why).toMatch(/^\S.*\S{2,}/s);
        expect(wish.why).not.toMatch(/undefined|\[object/);
      }
      return wish.wanted;
    };
    expect(State.options.filter((state) => decided({ ...SUCCEEDED, state }))).toContain('succeeded');
    fc.assert(
      fc.property(anyDeployment, (deployment) => void decided(deployment)),
      { numRuns: 100 },
    );
  });

  describe('a preview', () => {
    it('shows the finished request, and sends nothing', async () => {
      const preview = sink.preview(SUCCEEDED);
      expect(fake.requests).toEqual([]);
      await attempt();
      const sent = creations().at(-1);
      expect(sent?.method).toBe(preview.method);
      const [, shown] = /^(.*?)(\[secret\])?$/.exec(preview.url) ?? [];
      expect(`${fake.url}${sent?.target}`.startsWith(shown ?? '?')).toBe(true);
      const open = Object.entries(preview.headers).filter(([, value]) => !value.includes('[secret]'));
      expect(sent?.headers).toMatchObject(Object.fromEntries(open));
      for (const header of Object.keys(preview.headers)) expect(sent?.headers).toHaveProperty(header);
      expect(JSON.stringify(preview.body)).toBe(
        fixture.secrets.reduce((text, secret) => text.replaceAll(secret, '[secret]'), sent?.text ?? ''),
      );
    });

    it('contains no placeholder for missing values, for any deployment', () => {
      const all = typeOf(name) === 'http' ? makeSink({ states: State.options }) : sink;
      const preview = (deployment: Deployment) => {
        try {
          return all.preview(deployment);
        } catch (error) {
          expect(error).toMatchObject({ name: 'DeliveryFailed', retry: 'never' });
          return undefined;
        }
      };
      let previews = 0;
      fc.assert(
        fc.property(anyDeployment, fc.boolean(), (deployment, isWhole) => {
          const { commit, repository } = SUCCEEDED;
          const request = preview(
            isWhole ? { ...deployment, ...(commit && { commit }), ...(repository && { repository }) } : deployment,
          );
          if (!request) return;
          previews += 1;
          expectNothingMissing(request.body, fixture.fixed);
          for (const value of Object.values(request.headers))
            expect(value).toMatch(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/);
          expect(request.url).not.toMatch(/undefined|null|\{/);
        }),
        { numRuns: 150 },
      );
      expect(previews).toBeGreaterThan(15);
    });
  });

  it('sends nothing when it is checked', async () => {
    const sentence = await sink.check(never()).catch((error: unknown) => {
      expect(error).toBeInstanceOf(DeliveryFailed);
      return 'it says no';
    });
    expect(sentence).toMatch(/\w/);
    expect(creations()).toEqual([]);
  });
});
