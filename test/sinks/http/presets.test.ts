import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digest, State } from '../../../src/domain/change-record.ts';
import type { Deployment } from '../../../src/domain/deployment.ts';
import { DeliveryFailed } from '../../../src/domain/errors.ts';
import { build } from '../../../src/sinks/http/build.ts';
import { DEPLOYMENT, factsOf } from '../../../src/sinks/http/facts.ts';
import { http } from '../../../src/sinks/http/index.ts';
import { PRESETS, presetNames } from '../../../src/sinks/http/presets/index.ts';
import { EVENT_MUTATION } from '../../../src/sinks/http/presets/newrelic-change-event.ts';
import { MUTATION } from '../../../src/sinks/http/presets/newrelic-change-tracking.ts';
import { preview, requestOf } from '../../../src/sinks/http/request.ts';
import type { PreviewedRequest, Sink } from '../../../src/sinks/sink.ts';
import type { ValueType } from '../../../src/templates/shape.ts';
import { anyDeployment } from '../../support/any-deployment.ts';
import { failed } from '../../support/delivery-failed.ts';
import { aDeployment, sha } from '../../support/deployment.ts';
import { type FakeServer, startFakeServer } from '../../support/fake-server.ts';
import { createMemoryLedger } from '../../support/ledger.ts';
import { expectNothingMissing } from '../../support/missing-values.ts';
import { PRESETS_GIVEN, type PresetName, PRESET_SECRET as SECRET } from '../../support/presets.ts';

/** The words of New Relic's language, which has braces. */
const FIXED = [MUTATION, EVENT_MUTATION];

const sinkOf = (preset: PresetName, over: Record<string, unknown> = {}): Sink => {
  const made = http.parse({ type: 'http', preset, ...PRESETS_GIVEN[preset], ...over });
  if (!made) throw new Error('the sink is off');
  return made;
};

const REPOSITORY = 'https://gitlab.example.com/harbor/lighthouse-api';
const succeeded = aDeployment({
  key: 'gitlab:gitlab.example.com:30:job:796',
  source: 'gitlab',
  repository: { name: 'harbor/lighthouse-api', url: REPOSITORY },
  commit: { sha: sha(1), title: 'Turn the lamp <faster> & brighter', author: 'mira' },
  pipelineUrl: `${REPOSITORY}/-/pipelines/5521`,
  jobUrl: `${REPOSITORY}/-/jobs/796`,
  replaced: {
    deployment: 'gitlab:gitlab.example.com:30:job:701',
    sha: sha(2),
    compareUrl: `${REPOSITORY}/-/compare/a...b`,
  },
});
const broken = { ...succeeded, state: 'failed' as const };
const rolledBack = {
  ...succeeded,
  changeType: 'rollback' as const,
  commit: { sha: sha(2), title: 'Light the lamp' },
  replaced: { deployment: 'gitlab:gitlab.example.com:30:job:790', sha: sha(1) },
};

function told(sink: Sink, deployment: Deployment): PreviewedRequest | { notSent: string } {
  const wish = sink.wants(deployment);
  if (!wish.wanted) return { notSent: wish.why };
  try {
    return sink.preview(deployment);
  } catch (error) {
    if (error instanceof DeliveryFailed) return { notSent: error.message };
    throw error;
  }
}

/** What a later state of a deployment is reported by. */
function updateOf(name: PresetName, deployment: Deployment): PreviewedRequest | undefined {
  const preset = PRESETS[name];
  const defaults = Object.entries(preset.settings).flatMap(([key, value]) =>
    'default' in value ? [[key, value.default] as const] : [],
  );
  const { settings, secrets } = PRESETS_GIVEN[name];
  const built = build({
    name,
    timeoutMs: 1000,
    written: preset.request,
    preset,
    given: { settings: { ...Object.fromEntries(defaults), ...settings }, secrets },
    complain: (path, message) => expect.fail(`${path.join('.')}: ${message}`),
  });
  if (!built?.update) return undefined;
  const request = requestOf(built.update, built, { deployment, now: new Date(), remoteId: '2a47b5f2' });
  return preview(request, built.secrets);
}

describe.each(presetNames)('the preset %s', (name) => {
  it('makes these requests', async () => {
    const sink = sinkOf(name);
    const update = updateOf(name, broken);
    const requests = {
      succeeded: told(sink, succeeded),
      failed: told(sink, broken),
      rollback: told(sink, rolledBack),
      ...(update && { failedAfterwards: update }),
    };
    const text = `${JSON.stringify(requests, null, 2)}\n`;
    expect(text).not.toContain(SECRET);
    await expect(text).toMatchFileSnapshot(`presets/${name}.expected.json`);
  });

  it('leaves out unknown fields', () => {
    const sink = sinkOf(name, { states: State.options });
    fc.assert(
      fc.property(anyDeployment, (deployment) => {
        const request = told(sink, deployment);
        if ('notSent' in request) return;
        expect(() => new URL(request.url.replace('[secret]', '/x'))).not.toThrow();
        expectNothingMissing(request.body, FIXED);
      }),
      { numRuns: 150 },
    );
  });
});

describe('a preset over HTTP', () => {
  let fake: FakeServer;
  beforeEach(async () => {
    fake = await startFakeServer(({ path }) => ({ status: 200, body: path === '/api/annotations' ? { id: 12 } : {} }));
  });
  afterEach(() => fake.close());

  it('sends the secret and what the preview shows', async () => {
    const sink = sinkOf('pagerduty-change-event', { url: `${fake.url}/v2/change/enqueue` });
    await createMemoryLedger().deliver(sink, succeeded);
    const body = JSON.parse(fake.requests[0]?.text ?? '') as { routing_key: string };
    expect(body.routing_key).toBe(SECRET);
    expect({ ...body, routing_key: '[secret]' }).toEqual(sink.preview(succeeded).body);
  });

  it('changes the annotation of a deployment that degrades afterwards', async () => {
    const ledger = createMemoryLedger();
    const sink = sinkOf('grafana-annotation', { settings: { url: `${fake.url}/` } });
    await ledger.deliver(sink, succeeded);
    await ledger.deliver(sink, { ...broken, occurredAt: '2026-03-19T14:40:00.000Z' });
    expect(fake.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /api/annotations',
      'PATCH /api/annotations/12',
    ]);
  });

  it('is merged with the configuration, key by key', () => {
    const sink = sinkOf('pagerduty-change-event', {
      settings: { team: 'harbor' },
      states: ['succeeded'],
      body: { payload: { summary: { text: 'Ahoy {service}' }, custom_details: { team: { path: 'settings.team' } } } },
    });
    const before = sinkOf('pagerduty-change-event').preview(succeeded).body as { payload: { custom_details: object } }; // see its golden file
    expect(sink.wants(broken)).toMatchObject({ wanted: false });
    expect(sink.preview(succeeded).body).toEqual({
      ...before,
      payload: {
        ...before.payload,
        summary: 'Ahoy lighthouse-api',
        custom_details: { ...before.payload.custom_details, team: 'harbor' },
      },
    });
  });

  it('reads the errors that New Relic puts into a 200', async () => {
    await fake.close();
    fake = await startFakeServer(() => ({
      status: 200,
      body: { data: null, errors: [{ message: 'no such entity' }] },
    }));
    const settings = { entity_guid: 'x', url: `${fake.url}/graphql` };
    const sink = sinkOf('newrelic-change-tracking', { settings });
    await expect(createMemoryLedger().deliver(sink, succeeded)).rejects.toThrow('no such entity');
  });

  it('retries if New Relic reports in a 200 that it is busy, without a note of a repeat', async () => {
    const settings = { url: `${fake.url}/graphql` };
    const attempt = async (errorClass: string, atMs: number) => {
      const ledger = createMemoryLedger();
      const errors = [{ message: 'first' }, { message: 'no', extensions: { errorClass } }];
      fake.inject({ kind: 'status', status: 200, body: { data: null, errors } });
      const error = await failed(
        ledger.attempt(sinkOf('newrelic-change-event', { settings }), succeeded, { now: new Date(atMs) }),
      );
      return [error.retry, ledger.of(succeeded.key).known.attemptedAt !== undefined];
    };
    const cameMs = Date.parse(succeeded.occurredAt);
    for (const errorClass of ['TIMEOUT', 'TOO_MANY_REQUESTS', 'INTERNAL_SERVER_ERROR', 'SERVER_ERROR'])
      expect(await attempt(errorClass, cameMs)).toEqual(['backoff', true]);
    expect(await attempt('INVALID_INPUT', cameMs)).toEqual(['never', false]);
    expect(await attempt('TIMEOUT', cameMs + 25 * 3_600_000)).toEqual(['never', true]);
  });

  it.each(["it's", 'a"b', 'a\\', 'a`', 'a\nb', 'unknown'])('does not put %j into a search at New Relic', (service) => {
    const sink = sinkOf('newrelic-change-event');
    expect(sink.wants({ ...succeeded, service })).toMatchObject({ wanted: false });
    const own = { query: { text: "name = '{service}'", escape: 'quotes', required: true } };
    const written = sinkOf('newrelic-change-event', { body: { variables: { e: { entitySearch: own } } } });
    if (service !== 'unknown') expect(() => written.preview({ ...succeeded, service })).toThrow('not sent');
  });

  it('links a roll-back to the deployment that Datadog has', async () => {
    await fake.close();
    fake = await startFakeServer(({ method }) =>
      method === 'POST' ? { status: 200, body: { data: { id: '2a47b5f25b160b8a' } } } : { status: 202 },
    );
    const urls = (url: string) => ({
      url: `${url}/api/v2/dora/deployment`,
      follow_up: {
        ...PRESETS['datadog-dora-deployment'].request.follow_up,
        when: { status: 'succeeded' },
        url: `${url}/api/v2/dora/deployments/{replaced.key_digest}`,
      },
    });
    const sink = sinkOf('datadog-dora-deployment', urls(fake.url));
    await createMemoryLedger().deliver(sink, succeeded);
    expect(fake.requests).toHaveLength(1);
    await createMemoryLedger().deliver(sink, rolledBack);
    const [, first, patch] = fake.requests;
    const replaced = digest(rolledBack.replaced.deployment);
    expect(JSON.parse(first?.text ?? '')).toMatchObject({ data: { attributes: { id: digest(rolledBack.key) } } });
    expect(patch).toMatchObject({ method: 'PATCH', path: `/api/v2/dora/deployments/${replaced}` });
    expect(JSON.parse(patch?.text ?? '')).toEqual({
      data: {
        id: replaced,
        type: 'dora_deployment_patch_request',
        attributes: { change_failure: true, remediation: { id: '2a47b5f25b160b8a', type: 'rollback' } },
      },
    });
    expect(patch?.headers).toMatchObject({ 'dd-application-key': `app-${SECRET}`, 'dd-api-key': SECRET });
    const mending = { ...succeeded, replaced: { deployment: 'gitlab:broken', failed: true as const } };
    await createMemoryLedger().deliver(sink, mending);
    expect(JSON.parse(fake.requests.at(-1)?.text ?? '')).toMatchObject({
      data: { id: digest('gitlab:broken'), attributes: { remediation: { type: 'rollforward' } } },
    });
  });

  it('delivers a roll-back of an unknown deployment, and retries if Datadog may receive it later', async () => {
    const reply = { status: 404 };
    await fake.close();
    fake = await startFakeServer(({ method, path }) => {
      if (method === 'POST') return { status: 200, body: { data: { id: '2a47b5f25b160b8a' } } };
      return path.startsWith('/own') ? { status: 202 } : { ...reply, body: 'not found' };
    });
    const url = `${fake.url}/x/{replaced.key_digest}`;
    const follow_up = { when: { change_type: 'rollback' }, url, body: { of: { path: 'remote_id' } } };
    const update = { method: 'PATCH', url: `${fake.url}/own/{remote_id}`, body: { id: { path: 'remote_id' } } };
    const sink = sinkOf('datadog-dora-deployment', { url: `${fake.url}/x`, update, follow_up });
    expect(await createMemoryLedger().deliver(sink, rolledBack)).toMatchObject({
      remoteId: '2a47b5f25b160b8a',
      message: expect.stringMatching(/^200 accepted; of the other deployment: .*404 not found/),
    });
    reply.status = 503;
    const ledger = createMemoryLedger();
    expect(await failed(ledger.attempt(sink, rolledBack))).toMatchObject({ status: 503, retry: 'backoff' });
    reply.status = 202;
    expect(await ledger.deliver(sink, rolledBack)).toMatchObject({ message: '202 updated' });
    expect(fake.requests.at(-1)?.path).toBe(`/x/${digest(rolledBack.replaced.deployment)}`);
  });

  it('never cuts the link of Slack, and leaves out one that would fill the message', () => {
    const text = (over: Partial<Deployment>) => {
      const { blocks } = sinkOf('slack').preview({ ...succeeded, ...over }).body as {
        blocks: { text: { text: string } }[];
      }; // see its golden file
      return blocks[0]?.text.text ?? '';
    };
    const long = `${'<&>'.repeat(2_000)}`;
    expect(text({ summary: long })).toMatch(/^\*<https:\/\/gitlab\.example\.com[^|>]+\|(?:&lt;|&amp;|&gt;)+>\*$/);
    expect(text({ summary: 'One\nTwo' })).toMatch(/\|One>\*$/);
    expect(text({ pipelineUrl: `https://ci.example.com/${'&'.repeat(600)}`, summary: 'Deployed' })).toBe('*Deployed*');
    for (const summary of [long, '👩‍👩‍👧‍👦'.repeat(2_000), '\u0301'.repeat(4_000)])
      for (const pipelineUrl of [succeeded.pipelineUrl, `https://ci.example.com/${'&'.repeat(370)}`])
        expect(text({ summary, pipelineUrl }).length).toBeLessThanOrEqual(3_000);
  });

  it('writes a valid URI for an invalid address', () => {
    const pipelineUrl = 'https://ci.example.com/a|b>c d?e=<f>';
    const body = JSON.stringify(sinkOf('slack').preview({ ...succeeded, pipelineUrl }).body);
    expect(body).toContain('<https://ci.example.com/a%7Cb%3Ec%20d?e=%3Cf%3E|Deployed');
  });

  it('gives Sentry a valid environment', () => {
    const environment = { name: 'review/new lamp' };
    expect(sinkOf('sentry-deploy').preview({ ...succeeded, environment }).body).toMatchObject({
      environment: 'review-new-lamp',
    });
  });

  it('does not mark a change failure at Datadog without the application key', () => {
    const sink = sinkOf('datadog-dora-deployment', { secrets: { api_key: SECRET } });
    expect(sink.wants(broken)).toMatchObject({ wanted: false });
    expect(sinkOf('datadog-dora-deployment').wants(broken)).toEqual({ wanted: true });
  });

  it('limits the length of a summary for PagerDuty', () => {
    const { body } = sinkOf('pagerduty-change-event').preview({ ...succeeded, summary: '🚢'.repeat(3000) });
    const { payload } = body as { payload: { summary: string } }; // see its golden file
    expect([...payload.summary]).toHaveLength(1024);
  });

  it.each([
    [{ name: 'prod-eu', tier: 'production' as const }, 'PRODUCTION'],
    [{ name: 'prod-eu' }, 'PRODUCTION'],
    [{ name: 'Staging 2' }, 'STAGING'],
    [{ name: 'unknown' }, 'DEVELOPMENT'],
    [{ name: 'production', tier: 'other' as const }, 'PRODUCTION'],
  ])('sends the environment to DevLake: %j', (environment, expected) => {
    expect(sinkOf('devlake-deployment').preview({ ...succeeded, environment }).body).toMatchObject({
      environment: expected,
      originalEnvironment: environment.name,
    });
  });
});

describe('what a refusal means', () => {
  let fake: FakeServer;
  beforeEach(async () => {
    fake = await startFakeServer(() => ({ status: 200, body: 'ok' }));
  });
  afterEach(() => fake.close());
  const words = async (sink: Sink, status: number, body: string) => {
    fake.inject({ kind: 'status', status, body });
    return (await failed(createMemoryLedger().attempt(sink, succeeded))).message;
  };

  it('is explained for a release that Sentry does not have', async () => {
    const sink = sinkOf('sentry-deploy', { settings: { organization: 'harbor', url: fake.url } });
    const said = await words(sink, 404, '{"detail":"The requested resource does not exist"}');
    expect(said).toContain(`404 {"detail":"The requested resource does not exist"}. Sentry has no release ${sha(1)}`);
    expect(said).toContain(`sentry-cli releases new ${sha(1)}`);
    expect(said).not.toContain('Nothing answers there');
  });

  it.each([
    [404, 'no_service', /removed.*set secrets: url/],
    [404, 'channel_not_found', /channel was deleted.*set secrets: url/],
    [403, 'invalid_token', /not complete.*set secrets: url/],
    [403, 'action_prohibited', /administrator/],
    [410, 'channel_is_archived', /archived.*unarchive it/],
    [404, '', /removed.*set secrets: url/],
    [403, 'something new', /correct auth or secrets/],
  ])('is explained for a response of Slack: %i %s', async (status, body, expected) => {
    const said = await words(
      sinkOf('slack', { secrets: { url: `${fake.url}/services/T0/B0/lookalike0001` } }),
      status,
      body,
    );
    expect(said).toMatch(expected);
    if (body === 'no_service') expect(said).not.toContain('Nothing answers there');
  });

  it('stays general at an address of the configuration', async () => {
    const sink = sinkOf('sentry-deploy', { url: `${fake.url}/own/{commit.sha}` });
    expect(await words(sink, 404, '')).toContain('Nothing answers there: correct url');
  });
});

describe('the alert of incident.io', () => {
  let fake: FakeServer;
  let told: string[];
  beforeEach(async () => {
    told = [];
    fake = await startFakeServer(({ text }) => {
      const { status, deduplication_key } = JSON.parse(text);
      told.push(`${status} ${deduplication_key}`);
      return { status: 202, body: '{}' };
    });
  });
  afterEach(() => fake.close());
  const at = (time: string, over: Partial<Deployment>) =>
    aDeployment({ key: `d ${time}`, service: 'shop', occurredAt: `2026-03-19T${time}:00.000Z`, ...over });
  const alerting = () => sinkOf('incident-io', { url: `${fake.url}/alerts` });

  it('is not opened by a failure that is retried after the next success', async () => {
    const ledger = createMemoryLedger();
    const sink = alerting();
    fake.inject({ kind: 'status', status: 502 });
    const failure = at('10:00', { state: 'failed' });
    await expect(ledger.attempt(sink, failure)).rejects.toMatchObject({ retry: 'backoff' });
    await ledger.deliver(sink, at('10:05', { state: 'succeeded' }));
    const late = await ledger.deliver(sink, failure);
    expect(late).toMatchObject({ message: expect.stringContaining('not sent') });
    expect(told.at(-1)).toBe('resolved shop:production');
  });

  it('belongs to one service, as named by its sender, in one environment', async () => {
    const ledger = createMemoryLedger();
    const sink = alerting();
    await ledger.deliver(sink, at('10:00', { state: 'failed', serviceId: 'svc_cart' }));
    await ledger.deliver(sink, at('10:01', { state: 'succeeded', serviceId: 'svc_pay' }));
    await ledger.deliver(sink, at('10:02', { state: 'succeeded', environment: { name: 'eu:production' } }));
    await ledger.deliver(sink, at('10:03', { state: 'failed', service: 'shop:eu' }));
    await ledger.deliver(sink, at('10:04', { state: 'succeeded', service: 'unknown', key: 'the key' }));
    expect(told).toEqual([
      'firing svc_cart:production',
      'resolved svc_pay:production',
      'resolved shop:eu%3Aproduction',
      'firing shop%3Aeu:production',
      'resolved the key',
    ]);
  });
});

describe('the page of a deployment', () => {
  const pageUrl = 'https://tools.example.com/shiplog/deployments/a%20b';
  const { pipelineUrl: _pipeline, jobUrl: _job, ...unlinked } = succeeded;
  const withoutField: readonly PresetName[] = ['datadog-dora-deployment', 'devlake-deployment'];

  it.each(presetNames.filter((name) => !withoutField.includes(name)))(
    'is linked in what %s is told, where its address is known',
    (name) => {
      const body = (known?: object) => JSON.stringify(sinkOf(name).preview(unlinked, known).body);
      expect(body({ pageUrl })).toContain(pageUrl);
      expect(body()).not.toMatch(/tools.example.com|undefined/i);
    },
  );
});

describe('the team that deploys, in Datadog', () => {
  const owned = { ...succeeded, owner: { team: 'lamps' } };
  const teamOf = (settings: object) =>
    JSON.stringify(sinkOf('datadog-dora-deployment', { settings }).preview(owned).body).match(/"team":"(\w+)"/)?.[1];

  it('is the owner of the service if the sink configures none', () => {
    expect([teamOf({}), teamOf({ team: 'harbor' })]).toEqual(['lamps', 'harbor']);
  });
});

describe('the README of the HTTP sink', () => {
  const readme = readFileSync('src/sinks/http/README.md', 'utf8');
  const recipes = [...readme.matchAll(/```yaml\n(sinks:\n[\s\S]*?)```/g)].map(([, yaml]) => yaml ?? '');

  it('has a recipe for every preset', () => {
    for (const name of presetNames) expect(recipes.some((yaml) => yaml.includes(`preset: ${name}`))).toBe(true);
  });

  it('lists every path', () => {
    for (const path of pathsOf(DEPLOYMENT, '')) expect(readme, path).toContain(`\`${path}\``);
  });
});

const pathsOf = ({ fields }: { fields: Readonly<Record<string, ValueType>> }, above: string): string[] =>
  Object.entries(fields).flatMap(([name, kind]) =>
    typeof kind === 'object' && 'fields' in kind ? pathsOf(kind, `${above}${name}.`) : [`${above}${name}`],
  );

describe('what templates see', () => {
  it('matches the list of paths, for any deployment', () => {
    fc.assert(fc.property(anyDeployment, (deployment) => fits(factsOf(deployment), DEPLOYMENT, 'deployment')));
  });
});

function fits(value: unknown, kind: ValueType, path: string): void {
  if (kind === 'time') expect(Date.parse(String(value)), path).not.toBeNaN();
  else if (kind === 'number' || kind === 'boolean') expect(typeof value, path).toBe(kind);
  else if (kind === 'text') expect(typeof value === 'string' && value.trim() !== '', path).toBe(true);
  else if (kind === 'any') expect(value, path).toBeDefined();
  else if ('oneOf' in kind) expect(kind.oneOf, path).toContain(value);
  else if ('list' in kind)
    for (const item of value as unknown[]) fits(item, kind.list, path); // or it throws
  else
    for (const [key, part] of Object.entries(value as object)) {
      const of = kind.fields[key];
      if (!of) expect.fail(`${path}.${key} is not in the list`);
      fits(part, of, `${path}.${key}`);
    }
}

describe('a deployment without required data', () => {
  const why = (preset: PresetName, told: Deployment, over = {}) => {
    const wish = sinkOf(preset, over).wants(told);
    return wish.wanted ? undefined : wish.why;
  };
  const { commit: _commit, ref: _ref, ...rest } = succeeded;
  const bare = { ...rest, artifacts: [] };
  const { repository: _repository, ...homeless } = succeeded;
  const short = { ...succeeded, commit: { sha: sha(1).slice(0, 8) } };

  it.each(['sentry-deploy', 'devlake-deployment'] as const)('is skipped for %s without a full commit', (preset) => {
    for (const told of [bare, short]) expect(why(preset, told)).toMatch(/^not applicable: no full commit/);
    expect(why(preset, succeeded)).toBeUndefined();
  });

  it('is skipped for DevLake without a repository, and for New Relic without a version', () => {
    expect(why('devlake-deployment', homeless)).toMatch(/^not applicable: no repository/);
    expect(why('newrelic-change-tracking', bare)).toMatch(/^not applicable: neither a commit/);
    expect(why('newrelic-change-tracking', short)).toBeUndefined();
  });

  it('is delivered if a configured URL contains the data', () => {
    expect(
      why('sentry-deploy', bare, { url: 'https://sentry.example.com/releases/{service}/deploys/' }),
    ).toBeUndefined();
  });
});
