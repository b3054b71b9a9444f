import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Deployment } from '../../../src/domain/deployment.ts';
import { jira } from '../../../src/sinks/jira/index.ts';
import { issueKeysOf } from '../../../src/sinks/jira/issue-keys.ts';
import type { Sink } from '../../../src/sinks/sink.ts';
import { failed } from '../../support/delivery-failed.ts';
import { aDeployment, sha } from '../../support/deployment.ts';
import { type FakeJira, JIRA_CLIENT, JIRA_CLOUD, JIRA_SECRET, startFakeJira } from '../../support/fake-jira.ts';
import { createMemoryLedger, type MemoryLedger } from '../../support/ledger.ts';

let fake: FakeJira;
let ledger: MemoryLedger;
let sink: Sink;

const makeSink = (over: Record<string, unknown> = {}): Sink => {
  const credentials = { client_id: JIRA_CLIENT, client_secret: JIRA_SECRET };
  const made = jira.parse({
    type: 'jira',
    url: fake.url,
    site: fake.url,
    ...credentials,
    timeout_seconds: 60,
    ...over,
  });
  if (!made) throw new Error('the sink is off');
  return made;
};

const restart = async (options: Parameters<typeof startFakeJira>[0]) => {
  await fake.close();
  fake = await startFakeJira(options);
  sink = makeSink();
};

beforeEach(async () => {
  fake = await startFakeJira();
  ledger = createMemoryLedger();
  sink = makeSink();
});
afterEach(() => fake.close());

const PIPELINE = 'https://gitlab.example.com/harbor/lighthouse-api/-/pipelines/7';
const about = (title: string, over: Partial<Deployment> = {}): Deployment =>
  aDeployment({ pipelineUrl: PIPELINE, commit: { sha: sha(1), title }, ...over });
const LAMP = about('LAMP-7 Turn the lamp faster');

const kept = () => [...fake.deployments.values()];
const only = () => {
  expect(kept()).toHaveLength(1);
  return kept()[0];
};
const asked = (path: RegExp) => fake.requests.filter((request) => path.test(request.path));

describe('the configuration of jira', () => {
  it('is off without credentials, and says which is missing when one is', () => {
    expect(jira.parse({ type: 'jira' })).toBeUndefined();
    expect(jira.safeParse({ type: 'jira', client_id: 'a' }).error?.message).toContain('client_secret is not');
    const without = jira.safeParse({ type: 'jira', client_id: JIRA_CLIENT, client_secret: JIRA_SECRET });
    expect(without.error?.message).toContain('set site to the address of your Jira');
  });

  it('accepts keys of projects in any case', () => {
    expect(jira.safeParse({ type: 'jira', projects: ['pay'] }).success).toBe(true);
    expect(jira.safeParse({ type: 'jira', projects: ['pay-1'] }).error?.message).toContain('the key of a project');
  });
});

describe('issue keys', () => {
  const keysIn = (over: Partial<Deployment>, projects?: string[]) => {
    const { ref, commit, ...bare } = aDeployment();
    return issueKeysOf({ ...bare, ...over }, projects && new Set(projects));
  };

  it.each([
    [{ ref: 'feature/PAY-123-retry' }, ['PAY-123']],
    [{ ref: 'PAY-123_retry' }, ['PAY-123']],
    [{ ref: 'fix-PAY-123' }, ['PAY-123']],
    [{ pullRequest: { number: '4', title: 'PAY-12, LAMP-3: retry' } }, ['PAY-12', 'LAMP-3']],
    [{ commit: { message: "Merge branch 'PAY-9-x' into 'main'\n\nPAY-9 and (P2P-10)." } }, ['PAY-9', 'P2P-10']],
    [{ commit: { title: 'Decode UTF-8, ISO-8859, SHA-256, CVE-2026-1234 and RFC-2119' } }, []],
    [{ ref: 'feature/pay-123' }, []],
    [{ commit: { title: 'PAY-007, PAY-, A-1, PAY-12a, xPAY-12, ÄPAY-1, TOOLONGPROJECT-1' } }, []],
    [{ ref: 'main', commit: { title: 'Turn the lamp faster' } }, []],
  ] satisfies [Partial<Deployment>, string[]][])('%j are found in %j', (over, keys) => {
    expect(keysIn(over)).toEqual(keys);
  });

  it('are limited to the configured projects, in any case', () => {
    expect(keysIn({ ref: 'pay-123', commit: { title: 'Utf-8 for Pay-4 and LAMP-1' } }, ['PAY'])).toEqual([
      'PAY-123',
      'PAY-4',
    ]);
    expect(keysIn({ commit: { title: 'UTF-8' } }, ['UTF'])).toEqual(['UTF-8']);
  });

  it('are at most 500, the first ones', () => {
    const message = Array.from({ length: 600 }, (_, at) => `PAY-${at + 1}`).join(' ');
    const keys = keysIn({ commit: { message } });
    expect([keys.length, keys.at(-1)]).toEqual([500, 'PAY-500']);
  });

  it('are found as separate words, whatever surrounds them', () => {
    const around = fc.string({ unit: 'grapheme' }).filter((text) => !/[\p{L}\p{N}]/u.test(text));
    fc.assert(
      fc.property(around, around, fc.integer({ min: 1, max: 999_999 }), (before, after, number) => {
        expect(keysIn({ commit: { message: `${before}PAY-${number}${after}` } })).toEqual([`PAY-${number}`]);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a deployment without an issue', () => {
  it('is not sent to Jira, with the reason', () => {
    const { wanted, why } = { why: '', ...sink.wants(aDeployment()) };
    expect({ wanted, why }).toEqual({
      wanted: false,
      why: expect.stringContaining('no issue key stands in its branch, merge request or commit (yet)'),
    });
    const limited = makeSink({ projects: ['PAY'] }).wants(LAMP);
    expect(limited).toMatchObject({ wanted: false, why: expect.stringContaining('no issue key of PAY') });
  });
});

describe('what Jira receives', () => {
  it("is the deployment in Jira's format", async () => {
    await ledger.deliver(sink, { ...LAMP, owner: { team: 'harbor' } });
    expect(only()).toEqual({
      schemaVersion: '1.0',
      deploymentSequenceNumber: Date.parse('2026-03-19T14:29:00.000Z'),
      updateSequenceNumber: expect.any(Number),
      associations: [{ associationType: 'issueIdOrKeys', values: ['LAMP-7'] }],
      displayName: `Deployed lighthouse-api @ ${sha(1).slice(0, 8)} to production`,
      url: PIPELINE,
      description: 'LAMP-7 Turn the lamp faster (team harbor)',
      lastUpdated: '2026-03-19T14:30:07.000Z',
      label: sha(1).slice(0, 8),
      state: 'successful',
      pipeline: { id: 'harbor/lighthouse-api', displayName: 'lighthouse-api', url: PIPELINE },
      environment: { id: 'production', displayName: 'production', type: 'production' },
    });
  });

  it.each([
    ['prod-eu', undefined, 'production'],
    ['qa', undefined, 'testing'],
    ['harbor', undefined, 'unmapped'],
    ['unknown', undefined, 'unmapped'],
    ['harbor', 'staging', 'staging'],
  ] as const)('names an environment %s of tier %s %s', async (name, tier, type) => {
    await ledger.deliver(sink, { ...LAMP, environment: { name, ...(tier && { tier }) } });
    expect(only()?.environment).toEqual({ id: name, displayName: name, type });
  });

  it('is within the limits of the schema, whatever a tool sent', async () => {
    const long = '🚢'.repeat(2_000);
    const environment = { name: long };
    const url = `https://ci.example.com/${'x'.repeat(3_000)}`;
    const over = {
      service: long,
      environment,
      summary: long,
      pipelineUrl: url,
      jobUrl: PIPELINE,
      tag: true,
      ref: long,
    };
    await ledger.deliver(sink, about(`LAMP-7 ${long}`, { ...over, owner: { team: long } }));
    expect(only()?.url).toBe(PIPELINE);
  });

  it('has a link, or is not sent', async () => {
    const { pipelineUrl: _, ...bare } = LAMP;
    const error = await failed(ledger.attempt(sink, bare));
    expect(error).toMatchObject({ retry: 'never', message: expect.stringContaining('set public_url') });
    await sink.deliver(bare, ledger.of(bare.key), {
      signal: new AbortController().signal,
      now: new Date(),
      pageUrl: 'https://shiplog.example.com/d/1',
    });
    expect(only()?.url).toBe('https://shiplog.example.com/d/1');
  });
});

describe('the life of one deployment', () => {
  const { startedAt: _started, finishedAt: _finished, ...bare } = LAMP;
  const LIFE: readonly Deployment[] = [
    { ...bare, state: 'pending', occurredAt: '2026-03-19T14:28:00.000Z', service: 'unknown' },
    { ...LAMP, state: 'running', occurredAt: '2026-03-19T14:29:00.000Z', serviceId: 'svc_9f2c' },
    { ...LAMP, state: 'succeeded', occurredAt: '2026-03-19T14:29:00.000Z' },
    { ...LAMP, state: 'failed', occurredAt: '2026-03-19T15:00:00.000Z' },
  ];

  it('is one deployment there, whatever becomes known, with increasing numbers', async () => {
    const numbers: number[] = [];
    for (const step of LIFE) {
      await ledger.deliver(sink, step);
      numbers.push(only()?.updateSequenceNumber ?? 0);
      expect(only()?.lastUpdated).toBe(step.occurredAt);
    }
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(only()?.state).toBe('failed');
  });

  it('ends correctly if responses are lost and earlier states arrive late', async () => {
    for (const step of LIFE) {
      fake.inject({ kind: 'lost-reply', path: /bulk/ });
      await ledger.deliver(sink, step);
      const late = await ledger.deliver(sink, LIFE[0] ?? step);
      if (step !== LIFE[0]) expect(late).toBe('known');
    }
    expect(only()?.state).toBe('failed');
    const sent = asked(/bulk/).map(({ text }) => JSON.parse(text).deployments[0]);
    expect(sent).toHaveLength(2 * LIFE.length);
    for (const [at, one] of sent.entries()) if (at % 2 === 1) expect(one).toEqual(sent[at - 1]);
  });

  it('differs from another one that began in the same millisecond', async () => {
    await Promise.all(['one', 'two', 'three'].map((key) => ledger.deliver(sink, { ...LAMP, key })));
    expect(new Set(kept().map((one) => one.deploymentSequenceNumber)).size).toBe(3);
  });
});

describe('the token', () => {
  it('is requested once, like the cloud id', async () => {
    for (const key of ['one', 'two', 'three']) await ledger.deliver(sink, { ...LAMP, key });
    expect([fake.tokens.length, asked(/tenant_info/).length, kept().length]).toEqual([1, 1, 3]);
    await ledger.deliver(makeSink({ site: undefined, cloud_id: JIRA_CLOUD }), { ...LAMP, key: 'four' });
    expect(asked(/tenant_info/)).toHaveLength(1);
  });

  it('is requested again shortly before it expires', async () => {
    await restart({ expiresIn: 59 });
    await ledger.deliver(sink, LAMP);
    await ledger.deliver(sink, { ...LAMP, key: 'two' });
    expect(fake.tokens).toHaveLength(2);
    expect(fake.refused).toEqual([]);
  });

  it('is renewed once if it is refused before it expires', async () => {
    await ledger.deliver(sink, LAMP);
    fake.revoke();
    await ledger.attempt(sink, { ...LAMP, key: 'two' });
    expect([fake.tokens.length, kept().length]).toEqual([2, 2]);
    fake.inject({ kind: 'status', status: 401, path: /bulk/, times: 2 });
    const error = await failed(ledger.attempt(sink, { ...LAMP, key: 'three' }));
    expect(error).toMatchObject({ status: 401, retry: { hold: 'sink' } });
    expect(fake.tokens).toHaveLength(3);
  });

  it('is in no error, like the secret', async () => {
    await ledger.deliver(sink, LAMP);
    const [token = '?'] = fake.tokens;
    fake.inject({ kind: 'status', status: 400, path: /bulk/, body: { message: `${token} ${JIRA_SECRET}` } });
    const { message } = await failed(ledger.attempt(sink, { ...LAMP, key: 'two' }));
    expect(message).toContain('400');
    expect(message).not.toContain(token);
    expect(message).not.toContain(JIRA_SECRET);
  });

  it.each([
    [401, 'access_denied'],
    [403, 'access_denied'],
    [400, 'invalid_client'],
  ])('that is refused with %i %s pauses the sink, and says what to set', async (status, error) => {
    fake.inject({ kind: 'status', status, body: { error }, path: /token/ });
    expect(await failed(ledger.attempt(sink, LAMP))).toMatchObject({
      retry: { hold: 'sink' },
      message: expect.stringMatching(/gave no token: 40\d .*set a valid client_id and client_secret/),
    });
  });
});

describe('the answer', () => {
  it("that rejects it makes a dead letter with Jira's message", async () => {
    await restart({ rejects: () => 'The environment type is not what it was.' });
    const error = await failed(ledger.attempt(sink, LAMP));
    expect(error).toMatchObject({ retry: 'never', status: 202 });
    expect(error.message).toContain('Jira rejected');
    expect(error.message).toContain('The environment type is not what it was.');
  });

  it('names the issues that Jira does not know, without an error', async () => {
    const some = await ledger.deliver(sink, about('LAMP-7 and GONE-1'));
    expect(some).toMatchObject({ message: '202 accepted for LAMP-7; Jira does not know GONE-1' });
    const none = await ledger.deliver(sink, about('GONE-1', { key: 'two' }));
    expect(none).toMatchObject({ message: '202 not stored: Jira knows none of the issues GONE-1' });
    expect(kept()).toHaveLength(1);
  });

  it.each([
    ['{}', 'backoff'],
    ['[]', 'backoff'],
    ['{"acceptedDeployments":[],"rejectedDeployments":[],"unknownIssueKeys":[]}', 'backoff'],
    ['{"acceptedDeployments":[],"rejectedDeployments":[{"errors":7}]}', 'never'],
  ])('%s is no success', async (body, retry) => {
    fake.inject({ kind: 'status', status: 202, path: /bulk/, body });
    expect((await failed(ledger.attempt(sink, LAMP))).retry).toBe(retry);
    expect(ledger.of(LAMP.key).known.delivered).toBeUndefined();
  });

  it('of a site without Jira says what to correct', async () => {
    const wrong = makeSink({ site: `${fake.url}/wiki` });
    expect((await failed(ledger.attempt(wrong, LAMP))).message).toMatch(/404 .*check site, or set cloud_id/);
    fake.inject({ kind: 'status', status: 200, path: /tenant_info/, body: '<html>Sign in</html>' });
    expect((await failed(ledger.attempt(sink, LAMP))).message).toContain('holds no cloud id: correct site');
  });
});

describe('a preview', () => {
  it('sends no request, and notes where the cloud id comes from', () => {
    expect(sink.preview(LAMP).url).toBe(`${fake.url}/jira/deployments/0.1/cloud/[cloud id of site]/bulk`);
    expect(fake.requests).toEqual([]);
  });
});

describe('a check', () => {
  it('requests a token and the cloud id, and sends no deployment', async () => {
    expect(await sink.check(new AbortController().signal)).toContain(JIRA_CLOUD);
    expect(asked(/bulk/)).toEqual([]);
  });
});
