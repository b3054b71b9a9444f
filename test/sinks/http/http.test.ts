import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/config/config-error.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { digest } from '../../../src/domain/change-record.ts';
import type { Deployment } from '../../../src/domain/deployment.ts';
import { http } from '../../../src/sinks/http/index.ts';
import type { Sink } from '../../../src/sinks/sink.ts';
import { failed } from '../../support/delivery-failed.ts';
import { aDeployment, sha } from '../../support/deployment.ts';
import { type FakeReply, type FakeServer, startFakeServer } from '../../support/fake-server.ts';
import { createMemoryLedger, type MemoryLedger } from '../../support/ledger.ts';

const TOKEN = 'tok/en+with=signs0001';
const SIGNING_KEY = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;

let fake: FakeServer;
let reply: FakeReply;
let ledger: MemoryLedger;

beforeEach(async () => {
  reply = { status: 201, body: { id: 71, links: { self: 'https://releases.example.com/71' } } };
  fake = await startFakeServer(() => reply);
  ledger = createMemoryLedger();
});
afterEach(() => fake.close());

const makeSink = (over: Record<string, unknown> = {}): Sink => {
  const made = http.parse({ type: 'http', url: `${fake.url}/changes`, timeout_seconds: 60, ...over });
  if (!made) throw new Error('the sink is off');
  return made;
};

/** For a destination that never answers. */
const SHORT = { timeout_seconds: 0.5 };

const lastRequest = () => {
  const request = fake.requests.at(-1);
  if (!request) throw new Error('nothing was sent');
  return { ...request, body: JSON.parse(request.text) as unknown };
};

/** What a body of one field holds after it went over the wire. */
async function sent(value: unknown, over: Partial<Deployment> = {}): Promise<unknown> {
  await createMemoryLedger().deliver(makeSink({ body: { always: 1, value } }), aDeployment(over));
  return (lastRequest().body as { value?: unknown }).value; // written two lines above
}

const parsed = (sink: string) =>
  parseConfig(
    'shiplog.yaml',
    `admin_token: 0123456789abcdef\nsources: [{ type: gitlab, secrets: [fedcba9876543210] }]\nsinks:\n  - type: http\n${sink}`,
    { environment: {} },
  );

const problemsOf = (sink: string): readonly string[] => {
  try {
    parsed(sink);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
};

describe('the configuration of http', () => {
  it('is off without a URL, and without the secrets of its preset', () => {
    expect(http.parse({ type: 'http' })).toBeUndefined();
    expect(http.parse({ type: 'http', preset: 'slack', secrets: {} })).toBeUndefined();
  });

  it('is an error, not off, where the URL is not among the secrets of a preset that expects it there', () => {
    expect(problemsOf('    preset: slack\n    url: https://hooks.example.com/T0')).toEqual([
      'shiplog.yaml:6: sinks[0].url: slack takes its URL as a secret: write secrets: { url: … } instead',
    ]);
  });

  it('is named after its preset unless it has a name', () => {
    expect(makeSink().name).toBe('http');
    expect(makeSink({ name: 'releases' }).name).toBe('releases');
    const secrets = { url: `${fake.url}/hook` };
    expect(http.parse({ type: 'http', preset: 'slack', secrets })?.name).toBe('slack');
  });

  it.each([
    ['an unknown path', 'commit.shaa', '    body:\n      a: { path: commit.shaa }', ':7: sinks[0].body.a.path'],
    [
      'a misspelt modifier',
      'truncat',
      '    body:\n      a:\n        path: service\n        truncat: 5',
      ':9: sinks[0].body.a.truncat',
    ],
    [
      'a state that there is not',
      'never that',
      '    body:\n      a: { path: state, map: { success: OK } }',
      ':7: sinks[0].body.a.map.success',
    ],
    ['braces in plain text', 'write { text:', '    body:\n      a: "Deployed {service}"', ':7: sinks[0].body.a'],
    [
      'a text with an unknown name',
      'there is no nobody',
      '    body:\n      a: { text: "by {nobody}" }',
      ':7: sinks[0].body.a.text',
    ],
    [
      'a text with a brace that does not close',
      'no "}" closes',
      '    body:\n      a: { text: "by {actor" }',
      ':7: sinks[0].body.a.text',
    ],
    [
      'a dangerous expression',
      'catastrophic',
      "    body:\n      a: { path: actor, capture: '/(a+)+$/' }",
      ':7: sinks[0].body.a.capture',
    ],
    [
      'a group without a name',
      'name the group',
      "    body:\n      a: { path: actor, capture: '/^v([0-9]+)/' }",
      ':7: sinks[0].body.a.capture',
    ],
    [
      'a time of several values',
      'several values',
      '    body:\n      a: { path: commit, as: epoch_ms }',
      ':7: sinks[0].body.a.as',
    ],
    ['two operators in one', 'not both', '    body:\n      a: { path: actor, text: hello }', ':7: sinks[0].body.a'],
    [
      'each of what is no list',
      'is no list',
      '    body:\n      a: { each: actor, item: { path: item } }',
      ':7: sinks[0].body.a.each',
    ],
    [
      'a secret that is not given',
      'there is no secrets.token',
      '    headers: { X-Key: { path: secrets.token } }',
      ':6: sinks[0].headers.X-Key.path',
    ],
    [
      'an id before there is one',
      'there is no remote_id',
      '    body: { id: { path: remote_id } }',
      ':6: sinks[0].body.id.path',
    ],
    [
      'an update without an id',
      'set remote_id|say under remote_id',
      '    update: { url: "https://a.example.com/" }',
      ':6: sinks[0].update',
    ],
    ['a body that is a text', 'an object or a list', '    body: hello', ':6: sinks[0].body'],
    ['two ways to prove itself', 'one of bearer', '    auth: { bearer: aaaa, hmac: bbbb }', ':6: sinks[0].auth'],
    ['a signing key of another form', 'whsec_', '    auth: { hmac: 0123456789abcdef }', ':6: sinks[0].auth.hmac'],
    [
      'a header of the client itself',
      'made by Shiplog',
      '    headers: { Content-Length: 5 }',
      ':6: sinks[0].headers.Content-Length',
    ],
  ])('refuses %s, with its line and key', (_, words, yaml, where) => {
    const [problem = '', ...others] = problemsOf(`    url: https://releases.example.com/v1\n${yaml}\n`);
    expect(problem).toContain(`shiplog.yaml${where}`);
    expect(problem).toMatch(new RegExp(words.replace(/[{.]/g, '\\$&')));
    expect(others).toEqual([]);
  });

  it.each([
    ['https://{service}.example.com/', 'only after the host'],
    ['{service}', 'only after the host'],
    ['https://user:password@example.com/', 'auth'],
    ['ftp://example.com/', 'write a URL'],
    ['example.com/hook', 'write a URL'],
  ])('refuses the URL %s', (url, words) => {
    expect(problemsOf(`    url: "${url}"\n`)).toEqual([expect.stringMatching(`:5: sinks\\[0\\].url: .*${words}`)]);
  });

  it('reports missing and unknown settings of a preset', () => {
    const problems = problemsOf(
      '    preset: devlake-deployment\n    secrets: { api_key: 0123456789abcdef }\n    settings: { host: x }\n',
    );
    expect(problems.join('\n')).toMatch(/settings.host: .*takes none/);
    expect(problems.join('\n')).toMatch(/settings.connection_id: devlake-deployment needs it/);
    expect(problems.join('\n')).not.toContain('0123456789abcdef');
  });

  it('accepts only its states, and only what matches', () => {
    const sink = makeSink({ states: ['failed'], when: { environment: 'prod*' } });
    expect(sink.wants(aDeployment())).toMatchObject({ wanted: false, why: expect.stringContaining('failed') });
    expect(sink.wants(aDeployment({ state: 'failed' }))).toEqual({ wanted: true });
    expect(sink.wants(aDeployment({ state: 'failed', environment: { name: 'test' } }))).toMatchObject({
      wanted: false,
      why: expect.stringContaining('environment is test, it takes only prod*'),
    });
  });
});

describe('a value', () => {
  it.each<[string, unknown, unknown]>([
    ['text', 'hello', 'hello'],
    ['a number', 4.5, 4.5],
    ['a boolean', false, false],
    ['an object and a list', { a: [1, { b: 'c' }] }, { a: [1, { b: 'c' }] }],
    ['an empty object and an empty list', { a: { const: {} }, b: { const: [] } }, { a: {}, b: [] }],
    ['const', { const: { path: '{commit.sha}', nothing: null } }, { path: '{commit.sha}', nothing: null }],
    ['an object with the key of an operator', { object: { path: { path: 'ref' } } }, { path: 'main' }],
    [
      'a field called text',
      { type: 'mrkdwn', text: { text: '*{service}*' } },
      { type: 'mrkdwn', text: '*lighthouse-api*' },
    ],
    ['a path', { path: 'commit.sha' }, sha(1)],
    ["AlertOps' path", { path: 'commit^sha' }, sha(1)],
    ['a path with an index', { path: 'tags[0]' }, 'argocd-app:beacon'],
    ['a path with an index after a dot', { path: 'tags.0' }, 'argocd-app:beacon'],
    ['a whole object', { path: 'environment' }, { name: 'production', tier: 'production' }],
    ['the first that is known', { first: [{ path: 'pipeline_url' }, { path: 'ref' }, 'never'] }, 'main'],
    [
      'text with values',
      { text: 'Deployed {service} to {environment.name} {{1}' },
      'Deployed lighthouse-api to production {1}',
    ],
    ['what a group captures', { path: 'key', capture: '/^argocd:(?<group>[^/]+)/' }, 'lighthouse'],
    ['what an expression matches', { path: 'key', capture: '/^[a-z]+/' }, 'argocd'],
    ['a word of theirs', { path: 'state', map: { succeeded: 'SUCCESS' } }, 'SUCCESS'],
    ['a word of theirs that is computed', { path: 'state', map: { succeeded: { path: 'ref' } } }, 'main'],
    ['a word of theirs in another case', { path: 'environment.name', map: { Production: 'PROD' } }, 'PROD'],
    ['the default of a map', { path: 'state', map: { failed: 'FAILURE' }, default: 'OTHER' }, 'OTHER'],
    ['a default', { path: 'pipeline_url', default: { text: 'none for {service}' } }, 'none for lighthouse-api'],
    ['a time in seconds', { path: 'started_at', as: 'epoch_seconds' }, 1_773_930_540],
    ['a time in milliseconds', { path: 'started_at', as: 'epoch_ms' }, 1_773_930_540_000],
    ['a time as it is', { path: 'started_at', as: 'iso' }, '2026-03-19T14:29:00.000Z'],
    ['a duration', { path: 'duration_seconds' }, 67],
    ['a number as text', { path: 'duration_seconds', as: 'string' }, '67'],
    ['text as a number', { path: 'key', capture: '/(?<year>[0-9]{4})/', as: 'number' }, 2026],
    ['text as a boolean', { path: 'state', map: { succeeded: 'true' }, as: 'boolean' }, true],
    ['each of a list', { each: 'tags', item: { name: { path: 'item' } } }, [{ name: 'argocd-app:beacon' }]],
    ['an object that needs something known', { if_known: 'actor', value: { by: { path: 'actor' } } }, { by: 'mira' }],
    ['text escaped', { text: '<{service}&>', escape: 'html' }, '<lighthouse-api&>'],
  ])('may be %s', async (_, value, expected) => {
    expect(await sent(value)).toEqual(expected);
  });

  it.each<[string, unknown, Partial<Deployment>?]>([
    ['its path is not known', { path: 'pull_request.url' }],
    ['its path is past the end', { path: 'tags[7]' }],
    ['it is white space', { path: 'actor' }, { actor: ' \n' }],
    ['one part of a text is not known', { text: 'see {pipeline_url}' }],
    ['none of several is known', { first: [{ path: 'job' }, { path: 'job_url' }] }],
    ['the map does not know it', { path: 'state', map: { failed: 'FAILURE' } }],
    ['nothing is captured', { path: 'ref', capture: '/^v[0-9]/' }],
    ['it is no number', { path: 'ref', as: 'number' }],
    ['it is no time', { path: 'ref', as: 'epoch_ms' }],
    ['it is no boolean', { path: 'ref', as: 'boolean' }],
    ['the list is empty', { each: 'artifacts', item: { path: 'item' } }],
    ['all in the list are', [{ path: 'job' }, { path: 'job_url' }]],
    ['all in the object are', { a: { path: 'job' }, b: { c: { path: 'job_url' } } }],
    ['it is an empty object or list', { a: {}, b: [] }],
    ['what it needs is', { if_known: ['actor', 'job'], value: { by: 1 } }],
    ['a duration is negative', { path: 'duration_seconds' }, { finishedAt: '2026-03-19T14:00:00.000Z' }],
  ])('is left out when %s', async (_, value, over) => {
    expect(await sent(value, over)).toBeUndefined();
    expect(lastRequest().body).toEqual({ always: 1 });
  });

  it('is null only if that was configured', () => {
    const yaml =
      '    url: https://releases.example.com/v1\n    body: { a: { const: null }, b: null, c: "${NOT_SET:-}", d: { const: "${NOT_SET:-}" } }';
    expect(parsed(yaml).sinks[0]?.preview(aDeployment()).body).toEqual({ a: null });
  });

  it('is cut between characters, including composed ones', async () => {
    const family = '👩‍👩‍👧';
    const points = [...family].length;
    expect(await sent({ path: 'description', truncate: points + 1 }, { description: `a${family}b` })).toBe(
      `a${family}`,
    );
    expect(await sent({ path: 'description', truncate: points }, { description: `a${family}b` })).toBe('a');
    expect(await sent({ path: 'description', truncate: 3 }, { description: '🚢🚢🚢🚢' })).toBe('🚢🚢🚢');
    expect(await sent({ path: 'description', truncate: 3 }, { description: 'abc' })).toBe('abc');
  });

  it('is cut between escaped characters, not inside them', async () => {
    const value = { path: 'description', escape: 'html', truncate: 6 };
    expect(await sent(value, { description: 'ab<c' })).toBe('ab&lt;');
    expect(await sent(value, { description: 'abc<' })).toBe('abc');
  });

  it('escapes values in a text, and not the text itself', async () => {
    const value = { text: '<b>{description}</b>', escape: 'html' };
    expect(await sent(value, { description: '<!channel> & co' })).toBe('<b>&lt;!channel&gt; &amp; co</b>');
  });

  it('that is required and missing stops the delivery before anything is sent', async () => {
    const sink = makeSink({ body: { url: { path: 'pipeline_url', required: true } } });
    const error = await failed(ledger.attempt(sink, aDeployment()));
    expect(error.retry).toBe('never');
    expect(error.message).toMatch(/body\.url needs pipeline_url/);
    expect(fake.requests).toEqual([]);
    expect(ledger.of(aDeployment().key).attempts).toBe(0);
    expect(() => sink.preview(aDeployment())).toThrow(error.message);
  });
});

describe('a request', () => {
  it('contains all known fields when no body is written', async () => {
    await ledger.deliver(makeSink({ secrets: { token: TOKEN } }), aDeployment({ actor: '' }));
    const { body } = lastRequest();
    expect(body).toMatchObject({
      service: 'lighthouse-api',
      state: 'succeeded',
      commit: { sha: sha(1), short: sha(1).slice(0, 8) },
    });
    expect(body).not.toHaveProperty('actor');
    expect(body).not.toHaveProperty('secrets');
  });

  it('has values in its URL, percent-encoded', async () => {
    const url = `${fake.url}/{settings.team}/{service}/x?at={ref}&by={actor}`;
    const settings = { team: 'a/b' };
    await ledger.deliver(
      makeSink({ url, settings }),
      aDeployment({ service: 'a/../b c', ref: 'feat/x&y', actor: 'mira #1' }),
    );
    expect(lastRequest().target).toBe('/a%2Fb/a%2F..%2Fb%20c/x?at=feat%2Fx%26y&by=mira%20%231');
  });

  it.each(['..', '.', '%2e%2e'])('is not sent if a value would change the path of the URL: %s', async (ref) => {
    const error = await failed(ledger.attempt(makeSink({ url: `${fake.url}/a/{ref}/b` }), aDeployment({ ref })));
    expect(error).toMatchObject({ retry: 'never', message: expect.stringContaining('lead elsewhere') });
    expect(fake.requests).toEqual([]);
  });

  it('is not sent without a value that the URL needs', async () => {
    const error = await failed(ledger.attempt(makeSink({ url: `${fake.url}/{pipeline_url}` }), aDeployment()));
    expect(error).toMatchObject({ retry: 'never', message: expect.stringContaining('the URL needs pipeline_url') });
  });

  it.each<[string, unknown, unknown]>([
    ['cut by itself', { title: { path: 'summary', truncate: 3 } }, '<Rev|mira>'],
    ['escaped by itself, once', { title: { text: '{actor}&', escape: 'html' } }, '<mira&|mira>'],
    ['missing, with the whole text', { title: { path: 'job' } }, undefined],
    [
      'another text with values of its own',
      { title: { text: '{a}!', with: { a: { path: 'state' } } } },
      '<succeeded!|mira>',
    ],
  ])('puts a value of its own into a text: %s', async (_, own, expected) => {
    const text = { text: '<{title}|{actor}>', with: own, escape: 'html' };
    expect(await sent(text, { summary: 'Revolve' })).toBe(expected);
  });

  it.each([
    [{ path: 'ref', replace: { '/': '-', ' ': '_' } }, 'review-new_lamp$&'],
    [{ path: 'ref', replace: { lamp: '' }, truncate: 9 }, 'review/ne'],
    [{ text: "name = '{ref}'", escape: 'quotes' }, "name = 'review/new lamp$&'"],
  ])('escapes values for another language: %j', async (value, expected) => {
    expect(await sent(value, { ref: 'review/new lamp$&' })).toBe(expected);
  });

  it.each(["it's", 'a"b', 'a`b', 'a\\b', 'a\nb'])('leaves out a value that would end a quotation: %j', async (ref) => {
    expect(await sent({ text: "name = '{ref}'", escape: 'quotes' }, { ref })).toBeUndefined();
  });

  it('has headers that no value can break', async () => {
    const headers = { 'X-Title': { path: 'commit.title' }, 'X-Job': { path: 'job' }, 'X-Fixed': 'yes' };
    const title = 'One\r\nX-Evil: 1 🚢 \ud83d';
    await ledger.deliver(makeSink({ headers, method: 'PUT' }), aDeployment({ commit: { title } }));
    const { headers: got, method } = lastRequest();
    expect(method).toBe('PUT');
    expect(got['x-title']).toBe('One%0D%0AX-Evil: 1 %F0%9F%9A%A2 %EF%BF%BD');
    expect(got['x-evil']).toBeUndefined();
    expect(got['x-fixed']).toBe('yes');
    expect(got).not.toHaveProperty('x-job');
  });

  it.each<[string, Record<string, unknown>, string, string]>([
    ['a bearer token', { bearer: '{secrets.token}' }, 'authorization', `Bearer ${TOKEN}`],
    ['a bearer token as it is', { bearer: TOKEN }, 'authorization', `Bearer ${TOKEN}`],
    ['a header', { header: 'X-Api-Key', value: '{secrets.token}' }, 'x-api-key', TOKEN],
    [
      'a password',
      { basic: { user: 'shiplog', password: '{secrets.token}' } },
      'authorization',
      `Basic ${btoa(`shiplog:${TOKEN}`)}`,
    ],
  ])('proves itself with %s, which no preview shows', async (_, auth, name, value) => {
    const sink = makeSink({ auth, secrets: { token: TOKEN } });
    await ledger.deliver(sink, aDeployment());
    expect(lastRequest().headers[name]).toBe(value);
    const shown = JSON.stringify(sink.preview(aDeployment()));
    expect(shown).toContain('[secret]');
    for (const secret of [TOKEN, btoa(`shiplog:${TOKEN}`)]) expect(shown).not.toContain(secret);
    expect(sink.secrets).toContain(TOKEN);
  });

  it('is signed by Standard Webhooks, with the same id in a repeat', async () => {
    fake.inject({ kind: 'lost-reply' });
    const sink = makeSink({ auth: { hmac: SIGNING_KEY } });
    await ledger.deliver(sink, aDeployment());
    await ledger.deliver(sink, aDeployment({ key: 'another' }));
    const [first, second, other] = fake.requests.map(({ headers, text }) => {
      const signed = headers as Record<string, string>; // each stands there once
      expect(new Webhook(SIGNING_KEY).verify(text, signed)).toMatchObject({ service: 'lighthouse-api' });
      expect(() => new Webhook(SIGNING_KEY).verify(`${text} `, signed)).toThrow();
      return signed['webhook-id'];
    });
    expect(first).toBe(second);
    expect(other).not.toBe(first);
  });

  it('may have secrets in its body and URL, which no preview shows', async () => {
    const sink = makeSink({
      url: `${fake.url}/hook?token={secrets.token}`,
      body: { key: { path: 'secrets.token' }, text: { text: 'with {secrets.token}' } },
      secrets: { token: TOKEN },
    });
    await ledger.deliver(sink, aDeployment());
    expect(lastRequest().query.get('token')).toBe(TOKEN);
    expect(lastRequest().body).toEqual({ key: TOKEN, text: `with ${TOKEN}` });
    expect(sink.preview(aDeployment())).toMatchObject({
      url: `${fake.url}/hook?token=[secret]`,
      body: { key: '[secret]', text: 'with [secret]' },
    });
  });

  it('shows the host of a secret URL and nothing else of it', async () => {
    const sink = makeSink({ url: undefined, secrets: { url: `${fake.url}/services/T0/B0/0123456789abcdef` } });
    await ledger.deliver(sink, aDeployment());
    expect(lastRequest().path).toBe('/services/T0/B0/0123456789abcdef');
    expect(sink.preview(aDeployment()).url).toBe(`${fake.url}[secret]`);
  });

  it('is what the preview shows', async () => {
    const sink = makeSink({ auth: { hmac: SIGNING_KEY }, body: { a: { path: 'commit' }, b: { path: 'job' } } });
    await ledger.deliver(sink, aDeployment());
    const preview = sink.preview(aDeployment());
    expect(preview.body).toEqual(lastRequest().body);
    expect(Object.keys(preview.headers).every((name) => name in lastRequest().headers)).toBe(true);
    expect(preview.notes).toHaveLength(1);
  });
});

describe('a delivery over HTTP', () => {
  const UPDATE = {
    states: ['running', 'succeeded', 'failed'],
    remote_id: { path: 'id' },
    remote_url: { path: 'links.self' },
  };
  const withUpdate = () =>
    makeSink({
      ...UPDATE,
      update: {
        method: 'PATCH',
        url: `${fake.url}/changes/{remote_id}`,
        body: { id: { path: 'remote_id', as: 'number' }, state: { path: 'state' } },
      },
    });

  it('stores the id and the address of the response', async () => {
    expect(await ledger.deliver(makeSink(UPDATE), aDeployment())).toEqual({
      message: '201 accepted',
      status: 201,
      remoteId: '71',
      remoteUrl: 'https://releases.example.com/71',
    });
  });

  it.each([{ id: '', links: { self: 'javascript:alert(1)' } }, { id: {} }, 'ok', undefined])(
    'has no id and address if the response is %j',
    async (body) => {
      reply = { status: 200, body };
      expect(await ledger.deliver(makeSink(UPDATE), aDeployment())).toEqual({ message: '200 accepted', status: 200 });
    },
  );

  it('sends a later state as an update of what it created', async () => {
    await ledger.deliver(withUpdate(), aDeployment({ state: 'running' }));
    expect(await ledger.deliver(withUpdate(), aDeployment())).toMatchObject({ message: '201 updated', remoteId: '71' });
    expect(lastRequest()).toMatchObject({ method: 'PATCH', path: '/changes/71', body: { id: 71, state: 'succeeded' } });
  });

  it("checks the response to an update by the update's own settings", async () => {
    const sink = makeSink({
      ...UPDATE,
      success: { status: 201 },
      update: { url: `${fake.url}/changes/{remote_id}`, body: { done: true }, success: { status: 202 } },
    });
    await ledger.deliver(sink, aDeployment({ state: 'running' }));
    expect(await failed(ledger.attempt(sink, aDeployment()))).toMatchObject({ status: 201, retry: 'never' });
    reply = { status: 202 };
    expect(await ledger.deliver(sink, aDeployment())).toMatchObject({ message: '202 updated' });
  });

  it('updates its object after a crash before the state was stored', async () => {
    const entry = ledger.of(aDeployment().key);
    await withUpdate().deliver(aDeployment(), entry, { signal: new AbortController().signal, now: new Date() });
    expect(entry.known).toMatchObject({ remoteId: '71' });
    await ledger.deliver(withUpdate(), aDeployment());
    expect(fake.requests.map(({ method }) => method)).toEqual(['POST', 'PATCH']);
  });

  it('creates an object for each state without `update`', async () => {
    await ledger.deliver(makeSink(UPDATE), aDeployment({ state: 'running' }));
    await ledger.deliver(makeSink(UPDATE), aDeployment());
    const ids = fake.requests.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(ids).size).toBe(2);
  });

  it('skips a state that is only sent as an update if there is nothing to update', async () => {
    const sink = makeSink({
      remote_id: { path: 'id' },
      update: { url: `${fake.url}/changes/{remote_id}`, body: { failed: true }, states: ['failed'] },
    });
    expect(sink.wants(aDeployment({ state: 'failed' }))).toEqual({ wanted: true });
    expect(await ledger.deliver(sink, aDeployment({ state: 'failed' }))).toMatchObject({
      message: expect.stringContaining('nothing to send'),
    });
    expect(fake.requests).toEqual([]);
    expect(() => sink.preview(aDeployment({ state: 'failed' }))).toThrow('as an update');
  });

  it.each([
    [302, 'never'],
    [400, 'never'],
    [401, { afterMs: 10_000, hold: 'sink' }],
    [403, { afterMs: 10_000, hold: 'sink' }],
    [404, 'never'],
    [408, 'backoff'],
    [422, 'never'],
    [425, 'backoff'],
    [429, 'backoff'],
    [500, 'backoff'],
    [502, 'backoff'],
    [503, 'backoff'],
  ] as const)('maps status %i to the right retry', async (status, retry) => {
    fake.inject({ kind: 'status', status });
    const error = await failed(ledger.attempt(makeSink(), aDeployment()));
    expect(error).toMatchObject({ retry, status });
    const uncertain = [408, 500, 502].includes(status);
    expect(ledger.of(aDeployment().key).known.attemptedAt !== undefined).toBe(uncertain);
  });

  it('waits as long as a 429 asks', async () => {
    fake.inject({ kind: 'status', status: 429, headers: { 'retry-after': '30' } });
    expect((await failed(ledger.attempt(makeSink(), aDeployment()))).retry).toEqual({ afterMs: 30_000, hold: 'sink' });
  });

  it('accepts only the statuses that mean success', async () => {
    const sink = makeSink({ success: { status: [202, 409] } });
    expect(await failed(ledger.attempt(sink, aDeployment()))).toMatchObject({ status: 201, retry: 'never' });
    reply = { status: 409 };
    expect(await ledger.deliver(sink, aDeployment({ key: 'other' }))).toMatchObject({ message: '409 accepted' });
  });

  it.each<[unknown, unknown, boolean]>([
    [{ path: 'ok', equals: true }, { ok: true }, true],
    [{ path: 'ok', equals: true }, { ok: 'true' }, false],
    [{ path: 'ok', equals: true }, 'not JSON', false],
    [{ path: 'errors', exists: false }, { data: {} }, true],
    [{ path: 'errors', exists: false }, { errors: [] }, true],
    [{ path: 'errors', exists: false }, { errors: [{ message: 'no such entity' }] }, false],
    [{ path: 'data[0].id', exists: true }, { data: [{ id: 0 }] }, true],
  ])('believes the body: %j of %j', async (body, answer, taken) => {
    reply = { status: 200, body: answer };
    const sink = makeSink({ success: { body } });
    if (taken) return expect(await ledger.deliver(sink, aDeployment())).toMatchObject({ message: '200 accepted' });
    const error = await failed(ledger.attempt(sink, aDeployment()));
    expect(error).toMatchObject({ retry: 'never', message: expect.stringContaining('the answer says otherwise') });
    expect(ledger.of(aDeployment().key).known.attemptedAt).toBeUndefined();
  });

  it.each(['lost-reply', 'silent', 'cut'] as const)('is repeated with the same key, and notes it: %s', async (kind) => {
    fake.inject({ kind });
    await failed(ledger.attempt(makeSink(kind === 'silent' ? SHORT : {}), aDeployment()));
    const delivered = await ledger.deliver(makeSink(), aDeployment());
    expect(delivered).toMatchObject({ message: '201 accepted, perhaps twice: an earlier response was lost' });
    const [first, second] = fake.requests.map(({ headers }) => headers['idempotency-key']);
    expect(second).toBe(first);
    expect(first).toMatch(/^msg_[0-9a-f]{32}$/);
  });

  it('is repeated without a note if the destination recognises repeats', async () => {
    fake.inject({ kind: 'lost-reply' });
    expect(await ledger.deliver(makeSink({ idempotent: true }), aDeployment())).toMatchObject({
      message: '201 accepted',
    });
  });

  it('remembers a lost response if the repeat is refused temporarily', async () => {
    fake.inject({ kind: 'lost-reply' }, { kind: 'status', status: 429 });
    await failed(ledger.attempt(makeSink(), aDeployment()));
    await failed(ledger.attempt(makeSink(), aDeployment()));
    expect(await ledger.deliver(makeSink(), aDeployment())).toMatchObject({
      message: expect.stringContaining('perhaps twice'),
    });
  });

  it('notes no repeat if nothing was sent', async () => {
    await fake.down();
    await failed(ledger.attempt(makeSink(), aDeployment()));
    await fake.up();
    expect(await ledger.deliver(makeSink(), aDeployment())).toMatchObject({ message: '201 accepted' });
  });

  it.each([
    ['a sign-in page', '<html>Sign in</html>', false],
    ['JSON without errors', '{"data":{}}', true],
    ['no body at all', undefined, true],
  ])('treats %s correctly if success means that a field is absent', async (_, body, isTaken) => {
    fake.inject({ kind: 'status', status: 200, body });
    const attempt = ledger.attempt(makeSink({ success: { body: { path: 'errors', exists: false } } }), aDeployment());
    if (isTaken) expect(await attempt).toMatchObject({ status: 200 });
    else expect((await failed(attempt)).retry).toBe('never');
  });

  it('declares its rate, and which part of a response confirms success', () => {
    const { ratePerMinute, takenBy } = makeSink({
      rate_per_minute: 2,
      success: { body: { path: 'ok', equals: true } },
    });
    expect({ ratePerMinute, takenBy }).toEqual({ ratePerMinute: 2, takenBy: 'body' });
    expect(makeSink()).toMatchObject({ ratePerMinute: undefined, takenBy: 'status' });
  });

  it('shows no secret in an error, even if the answer repeats them all', async () => {
    const path = '/hooks/0123456789abcdef';
    const basic = btoa(`shiplog:${TOKEN}`);
    const sink = makeSink({
      url: `${fake.url}${path}?token={secrets.token}`,
      secrets: { token: TOKEN },
      auth: { basic: { user: 'shiplog', password: '{secrets.token}' } },
    });
    fake.inject({ kind: 'status', status: 422, body: `no: ${TOKEN} ${basic}` });
    const { message } = await failed(ledger.attempt(sink, aDeployment()));
    expect(message).toContain('no: [secret] [secret]');
    await fake.down();
    const unreachable = await failed(ledger.attempt(sink, aDeployment()));
    for (const words of [message, unreachable.message]) {
      expect(words).not.toContain(TOKEN);
      expect(words).not.toContain(encodeURIComponent(TOKEN));
    }
  });
});

describe('the follow-up of a delivery over HTTP', () => {
  const follow_up = (over = {}) => ({
    when: { status: 'succeeded' },
    if_known: 'replaced.key',
    url: `${fake.url}/of/{replaced.key_digest}`,
    body: { by: { path: 'remote_id' } },
    ...over,
  });
  const replacing = aDeployment({ replaced: { deployment: 'd0' } });
  const sinkWith = (over = {}) =>
    makeSink({
      idempotent: true,
      remote_id: { path: 'id' },
      states: ['succeeded', 'failed'],
      follow_up: follow_up(over),
    });
  const asked = () => fake.requests.map(({ method, path }) => `${method} ${path}`);

  it('is sent only if it concerns another deployment', async () => {
    await ledger.deliver(sinkWith(), replacing);
    expect(asked()).toEqual(['POST /changes', `PATCH /of/${digest('d0')}`]);
    expect(lastRequest().body).toEqual({ by: '71' });
    await ledger.deliver(sinkWith(), aDeployment({ key: 'replaces nothing' }));
    await ledger.deliver(sinkWith(), { ...replacing, key: 'failed', state: 'failed' });
    expect(fake.requests).toHaveLength(4);
  });

  it('does not undo the delivery if it fails', async () => {
    const sink = sinkWith({ body: { needed: { path: 'job', required: true } } });
    const { message } = (await ledger.deliver(sink, replacing)) as { message: string };
    expect(message).toMatch(/^201 accepted; of the other deployment: not sent: .*job/);
  });

  it('is refused at start if the first request must not be repeated', () => {
    const problems = problemsOf(
      '    url: https://x.example.com/y\n    follow_up: { url: "https://x.example.com/{replaced.key}", body: { a: 1 } }',
    );
    expect(problems.join()).toContain('idempotent: true');
  });
});

describe('the check of http', () => {
  const signal = new AbortController().signal;

  it('reports that nothing can be checked', async () => {
    expect(await makeSink().check(signal)).toContain('was not checked');
    expect(fake.requests).toEqual([]);
  });

  it('sends the configured request with the credentials', async () => {
    const sink = makeSink({ check: `${fake.url}/me`, auth: { bearer: TOKEN } });
    expect(await sink.check(signal)).toContain('answers');
    expect(fake.requests).toMatchObject([
      { method: 'GET', path: '/me', headers: { authorization: `Bearer ${TOKEN}` } },
    ]);
    fake.inject({ kind: 'status', status: 401, body: `bad ${TOKEN}` });
    const error = await failed(sink.check(signal));
    expect(error.message).toContain('401 bad [secret]');
  });
});

describe('the configuration of retries', () => {
  const retry = { on: [409, 200], never: [501], hours: 6 };
  const came = new Date(aDeployment().occurredAt).getTime();
  const attempt = (over: Record<string, unknown>, hoursLater = 0) =>
    failed(ledger.attempt(makeSink(over), aDeployment(), { now: new Date(came + hoursLater * 3_600_000) }));

  it.each([
    [409, 'backoff'],
    [410, 'never'],
    [500, 'backoff'],
    [501, 'never'],
    [401, { afterMs: 10_000, hold: 'sink' }],
  ] as const)('decides about %i', async (status, advice) => {
    reply = { status };
    expect((await attempt({ retry })).retry).toEqual(advice);
  });

  it('applies to a response whose body reports an error', async () => {
    reply = { status: 200, body: { ok: false } };
    const success = { body: { path: 'ok', equals: true } };
    expect((await attempt({ success })).retry).toBe('never');
    expect((await attempt({ success, retry })).retry).toBe('backoff');
  });

  it('ends it after the configured hours, with the error of the last attempt', async () => {
    reply = { status: 503, body: 'we are moving' };
    expect((await attempt({ retry }, 5)).retry).toBe('backoff');
    expect(await attempt({ retry }, 7)).toMatchObject({
      retry: 'never',
      message: expect.stringMatching(/we are moving.*more than 6 hours ago/),
    });
    reply = { status: 201 };
    await ledger.attempt(makeSink({ retry }), aDeployment(), { now: new Date(came + 900 * 3_600_000) });
    expect(fake.requests.at(-1)?.status).toBe(201);
  });

  it.each([
    [{ errors: [{ message: 'a' }, { code: 'BUSY' }] }, 'backoff'],
    [{ errors: [{ code: 'WRONG' }] }, 'never'],
    [{ errors: { code: 'BUSY' } }, 'backoff'],
    [{ errors: 'BUSY' }, 'never'],
    ['BUSY', 'never'],
  ])('applies to the body of a response, whatever its status: %j', async (body, advice) => {
    const busy = { body: { path: 'errors.code', any_of: ['BUSY', 'LATER'] } };
    for (const status of [200, 422]) {
      reply = { status, body };
      const success = { body: { path: 'ok', equals: true } };
      expect((await attempt({ success, retry: busy })).retry).toBe(advice);
    }
    reply = { status: 401, body };
    expect((await attempt({ retry: busy })).retry).toMatchObject({ hold: 'sink' });
  });

  it('is refused when it contradicts itself', () => {
    expect(problemsOf('    url: https://x.example.com/y\n    retry: { on: [409], never: [409] }').join()).toContain(
      'listed under both on and never',
    );
  });
});
