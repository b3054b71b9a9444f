import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Deployment } from '../../../src/domain/deployment.ts';
import {
  type FakeBitbucket,
  type FakeBitbucketOptions,
  type FakePipeline,
  MIRA,
  startFakeBitbucket,
} from '../../support/fake-bitbucket.ts';
import { call, deploymentsOf, heard, type Poke, sourceAt, spanPoke, statusPoke, toWebhook } from './asking.ts';

let fake: FakeBitbucket | undefined;
afterEach(() => fake?.close());

async function start(options: FakeBitbucketOptions = {}): Promise<FakeBitbucket> {
  fake = await startFakeBitbucket(options);
  return fake;
}

const TWO_ENVIRONMENTS = [
  { name: 'Build' },
  { name: 'To staging', environment: 'staging' },
  { name: 'To production', environment: 'production', manual: true },
];

const uuid = (pipeline: FakePipeline, name: string) =>
  pipeline.steps.find((step) => step.name === name)?.uuid.replace(/[{}]/g, '');

/** What happens in Bitbucket, and what is sent while it does. */
interface Play {
  readonly pokes: readonly Poke[];
  /** Key → state. */
  readonly expected: Readonly<Record<string, string>>;
}

type Story = (bitbucket: FakeBitbucket, send: (poke: Poke) => Promise<void>) => Promise<Record<string, string>>;

const stories: Readonly<Record<string, Story>> = {
  'two environments, the second by hand': async (bitbucket, send) => {
    const pipeline = bitbucket.push({ steps: TWO_ENVIRONMENTS });
    await send({ event: 'repo:commit_status_created', body: bitbucket.status(pipeline, 'INPROGRESS') });
    bitbucket.begin(pipeline, 'To staging');
    await send({ body: bitbucket.stepPost(pipeline, 'To staging') });
    bitbucket.end(pipeline, 'To staging', 'SUCCESSFUL');
    await send({ body: bitbucket.stepPost(pipeline, 'To staging', 0) });
    await send(statusPoke(bitbucket.status(pipeline, 'SUCCESSFUL')));
    await send(spanPoke(bitbucket.span(pipeline)));
    bitbucket.begin(pipeline, 'To production');
    await send(statusPoke(bitbucket.status(pipeline, 'INPROGRESS')));
    bitbucket.end(pipeline, 'To production', 'SUCCESSFUL');
    await send(statusPoke(bitbucket.status(pipeline, 'SUCCESSFUL')));
    return {
      [`bitbucket:step:${uuid(pipeline, 'To staging')}:run:1`]: 'succeeded',
      [`bitbucket:step:${uuid(pipeline, 'To production')}:run:1`]: 'succeeded',
    };
  },
  'a redeployment': async (bitbucket, send) => {
    const pipeline = bitbucket.push({ steps: TWO_ENVIRONMENTS.slice(0, 2) });
    bitbucket.begin(pipeline, 'To staging');
    bitbucket.end(pipeline, 'To staging', 'SUCCESSFUL');
    await send({ body: bitbucket.stepPost(pipeline, 'To staging', 0) });
    await send(statusPoke(bitbucket.status(pipeline, 'SUCCESSFUL')));
    bitbucket.redeploy(pipeline, 'To staging');
    await send({ body: bitbucket.stepPost(pipeline, 'To staging') });
    await send(spanPoke(bitbucket.span(pipeline)));
    bitbucket.end(pipeline, 'To staging', 'FAILED');
    await send({ body: bitbucket.stepPost(pipeline, 'To staging', 1) });
    await send(statusPoke(bitbucket.status(pipeline, 'FAILED')));
    return {
      [`bitbucket:step:${uuid(pipeline, 'To staging')}:run:1`]: 'succeeded',
      [`bitbucket:step:${uuid(pipeline, 'To staging')}:run:2`]: 'failed',
    };
  },
  'a run that was stopped': async (bitbucket, send) => {
    const pipeline = bitbucket.push({ steps: TWO_ENVIRONMENTS });
    bitbucket.begin(pipeline, 'To staging');
    await send(statusPoke(bitbucket.status(pipeline, 'INPROGRESS')));
    bitbucket.end(pipeline, 'To staging', 'STOPPED');
    await send(statusPoke(bitbucket.status(pipeline, 'STOPPED')));
    await send(spanPoke(bitbucket.span(pipeline)));
    return { [`bitbucket:step:${uuid(pipeline, 'To staging')}:run:1`]: 'canceled' };
  },
  'a build that failed before it deployed': async (bitbucket, send) => {
    const pipeline = bitbucket.push({ steps: TWO_ENVIRONMENTS });
    await send(statusPoke(bitbucket.status(pipeline, 'INPROGRESS')));
    await send(statusPoke(bitbucket.status(pipeline, 'FAILED')));
    await send(spanPoke(bitbucket.span(pipeline)));
    return {};
  },
};

const states = (deployments: readonly Deployment[]) =>
  Object.fromEntries(deployments.map(({ key, state }) => [key, state]));

/** All that a person or a sink sees of it, without the order of lists and when it was received. */
const seen = (deployments: readonly Deployment[]) =>
  deployments.map(({ receivedAt: _, decidedBy: __, signals: ___, notes, tags, ...rest }) => ({
    ...rest,
    notes: notes.toSorted(),
    tags: tags.toSorted(),
  }));

async function mapRow(story: Story, bitbucket: FakeBitbucket, listen: (poke: Poke) => Promise<void>): Promise<Play> {
  const pokes: Poke[] = [];
  const expected = await story(bitbucket, async (poke) => {
    pokes.push(poke);
    await listen(poke);
  });
  return { pokes, expected };
}

describe.each(Object.entries(stories))('%s', (_name, story) => {
  it.each<[string, FakeBitbucketOptions]>([
    ['as recorded', {}],
    ['with a row of its own for a redeployment', { redeploy: 'new row' }],
    ['with the dates of the specification', { dates: 'specified' }],
    ['where lists say all that is asked', { expands: 'all' }],
    ['where lists name no environment', { expands: 'nothing' }],
    ['where lists leave out how it ended', { hidesStatus: true }],
    ['in pages of one', { pagelen: 1 }],
  ])('ends in exactly these deployments, %s', async (_how, options) => {
    const bitbucket = await start(options);
    const source = sourceAt(bitbucket);
    const records: Awaited<ReturnType<typeof heard>>['records'] = [];
    const { expected } = await mapRow(story, bitbucket, async (poke) => {
      records.push(...(await heard(source, poke)).records);
    });
    expect(states(deploymentsOf(records))).toEqual(expected);
    for (const { environment, commit, repository } of deploymentsOf(records)) {
      expect(environment.name).toMatch(/^(staging|production)$/);
      expect(commit?.sha).toMatch(/^[0-9a-f]{40}$/);
      expect(repository?.name).toBe('harbor/lighthouse-api');
    }
    expect(bitbucket.refused.filter(({ status }) => status !== 404)).toEqual([]);
  });

  it('has the same result if every signal arrives twice and in any order', async () => {
    const bitbucket = await start({ redeploy: 'new row' });
    const { pokes, expected } = await mapRow(story, bitbucket, async () => {});
    const outcome = async (order: readonly Poke[]) => {
      const source = sourceAt(bitbucket);
      const records = [];
      for (const poke of order) records.push(...(await heard(source, poke)).records);
      return deploymentsOf(records);
    };
    const inOrder = await outcome(pokes);
    expect(states(inOrder)).toEqual(expected);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...pokes, ...pokes], { minLength: pokes.length * 2 }), async (order) => {
        expect(seen(await outcome(order))).toEqual(seen(inOrder));
      }),
      { numRuns: 4 },
    );
  });
});

describe('a status, a trace and the post of the step', () => {
  it('of one pipeline and environment are one deployment, with the data of each', async () => {
    const bitbucket = await start();
    const source = sourceAt(bitbucket);
    const pipeline = bitbucket.push({ steps: TWO_ENVIRONMENTS.slice(0, 2) });
    bitbucket.begin(pipeline, 'To staging');
    bitbucket.end(pipeline, 'To staging', 'SUCCESSFUL');
    const records = [];
    for (const poke of [
      statusPoke(bitbucket.status(pipeline, 'SUCCESSFUL')),
      spanPoke(bitbucket.span(pipeline)),
      { body: bitbucket.stepPost(pipeline, 'To staging', 0) },
    ]) {
      const told = (await heard(source, poke)).records;
      expect(told.length).toBeGreaterThan(0);
      records.push(...told);
    }
    expect(deploymentsOf(records)).toMatchObject([
      {
        state: 'succeeded',
        environment: { name: 'staging', tier: 'staging' },
        ref: 'main',
        tag: false,
        actor: MIRA.display_name,
        job: 'To staging',
        commit: { sha: pipeline.commit, title: 'Merged in lamp (pull request #1)' },
        pullRequest: { number: '1' },
        pipelineUrl: 'https://bitbucket.org/harbor/lighthouse-api/pipelines/results/1',
        startedAt: '2026-03-02T16:00:30.000Z',
        finishedAt: '2026-03-02T16:01:00.000Z',
        signals: ['deployment', 'pipeline step', 'pipelines API'],
      },
    ]);
  });

  it('never use the workspace, which Bitbucket calls the actor, as the person', async () => {
    const bitbucket = await start();
    const pipeline = bitbucket.push({ steps: TWO_ENVIRONMENTS.slice(0, 2) });
    bitbucket.begin(pipeline, 'To staging');
    const { records } = await heard(sourceAt(bitbucket), statusPoke(bitbucket.status(pipeline, 'INPROGRESS')));
    expect(records).toMatchObject([{ state: 'running', actor: MIRA.display_name }]);
    expect(JSON.stringify(records)).not.toContain('"Harbor"');
  });
});

describe('the result of a lookup', () => {
  it('never assigns the end of one run to the next one, which Bitbucket does not list yet', async () => {
    const bitbucket = await start({ redeploy: 'not listed yet' });
    const pipeline = bitbucket.push({ steps: TWO_ENVIRONMENTS.slice(0, 2) });
    bitbucket.begin(pipeline, 'To staging');
    bitbucket.end(pipeline, 'To staging', 'SUCCESSFUL');
    bitbucket.redeploy(pipeline, 'To staging');
    const { records } = await heard(sourceAt(bitbucket), spanPoke(bitbucket.span(pipeline)));
    expect(records).toMatchObject([{ state: 'succeeded', deployment: expect.stringMatching(/:run:1$/) }]);
  });

  it('is empty for a manual environment that was not started, with the reason', async () => {
    const bitbucket = await start();
    const pipeline = bitbucket.push({ steps: [{ name: 'Go', environment: 'production', manual: true }] });
    const green = await heard(sourceAt(bitbucket), statusPoke(bitbucket.status(pipeline, 'SUCCESSFUL')));
    expect(green.answers).toEqual([
      {
        kind: 'ignored',
        reason: 'not_started',
        detail:
          'pipeline #1 of harbor/lighthouse-api has not deployed yet: Bitbucket lists 1 deployment that were not started',
      },
    ]);
    const red = await heard(sourceAt(bitbucket), statusPoke(bitbucket.status(pipeline, 'FAILED')));
    expect(red.answers).toMatchObject([{ detail: expect.stringContaining('ended before it deployed anything') }]);
  });

  it('is empty for a pipeline without deployments, and for one that Bitbucket does not show', async () => {
    const bitbucket = await start();
    const pipeline = bitbucket.push({ steps: [{ name: 'Build' }] });
    const source = sourceAt(bitbucket);
    const built = await heard(source, statusPoke(bitbucket.status(pipeline, 'SUCCESSFUL')));
    expect(built.answers).toMatchObject([{ reason: 'no_environment', detail: expect.stringContaining('pipeline #1') }]);
    const gone = await heard(source, statusPoke(bitbucket.status({ ...pipeline, build: 77 }, 'SUCCESSFUL')));
    expect(gone.answers).toMatchObject([{ reason: 'needs_lookup', detail: expect.stringContaining('#77') }]);
  });

  it('notes that a person pressed Run whom Bitbucket does not name', async () => {
    const bitbucket = await start();
    const pipeline = bitbucket.push({ steps: TWO_ENVIRONMENTS });
    bitbucket.begin(pipeline, 'To production');
    const { records } = await heard(sourceAt(bitbucket), spanPoke(bitbucket.span(pipeline)));
    expect(records).toMatchObject([
      { actor: MIRA.display_name, notes: [expect.stringContaining('did not say who pressed Run')] },
    ]);
  });

  it('for two environments costs five requests, and two if nothing is new', async () => {
    const bitbucket = await start({ pullRequests: {} });
    const source = sourceAt(bitbucket);
    const pipeline = bitbucket.push({ message: 'no word of a merge', steps: TWO_ENVIRONMENTS });
    for (const name of ['To staging', 'To production']) bitbucket.begin(pipeline, name);
    await heard(source, statusPoke(bitbucket.status(pipeline, 'INPROGRESS')));
    const cold = bitbucket.requests.length;
    await heard(source, statusPoke(bitbucket.status(pipeline, 'SUCCESSFUL')));
    expect(cold).toBe(5);
    expect(bitbucket.requests.length - cold).toBe(2);
  });

  it('includes a pipeline behind many steps that were not started', async () => {
    const bitbucket = await start();
    const wanted = bitbucket.push({ steps: TWO_ENVIRONMENTS.slice(0, 2) });
    bitbucket.begin(wanted, 'To staging');
    for (let count = 0; count < 150; count += 1) bitbucket.push({ steps: [{ name: 'Go', environment: 'production' }] });
    const { records } = await heard(sourceAt(bitbucket), statusPoke(bitbucket.status(wanted, 'INPROGRESS')));
    expect(records).toMatchObject([{ state: 'running' }]);
  });

  it('stops at rows older than the pipeline', async () => {
    const bitbucket = await start({ pagelen: 1 });
    for (let count = 0; count < 5; count += 1) {
      bitbucket.begin(bitbucket.push({ steps: TWO_ENVIRONMENTS.slice(0, 2) }), 'To staging');
    }
    const last = bitbucket.push({ steps: TWO_ENVIRONMENTS.slice(0, 2) });
    bitbucket.begin(last, 'To staging');
    await heard(sourceAt(bitbucket), spanPoke(bitbucket.span(last)));
    expect(bitbucket.requests.filter(({ path }) => path.endsWith('/deployments'))).toHaveLength(2);
  });

  it('has the pull request of the commit, where there is one and no more', async () => {
    const one = {
      id: 58,
      title: 'Turn the lamp',
      links: { html: { href: 'https://bitbucket.org/harbor/lighthouse-api/pull-requests/58' } },
    };
    const bitbucket = await start();
    const pipeline = bitbucket.push({ message: 'no word of a merge', steps: TWO_ENVIRONMENTS });
    bitbucket.begin(pipeline, 'To staging');
    const found = async (values: unknown) => {
      bitbucket.options.pullRequests = { [pipeline.commit]: values };
      return (await heard(sourceAt(bitbucket), spanPoke(bitbucket.span(pipeline)))).records[0]?.pullRequest;
    };
    expect(await found([one])).toEqual({ number: '58', title: one.title, url: one.links.html.href });
    expect(await found([one, { id: 59 }])).toBeUndefined();
    expect(
      await found([
        { ...one, state: 'OPEN' },
        { id: 59, state: 'MERGED' },
      ]),
    ).toEqual({ number: '59' });
    expect(await found(undefined)).toBeUndefined();
  });

  it('is not lost when the token may read neither pull requests nor users nor environments', async () => {
    const bitbucket = await start({ forbidden: /pullrequests|users|environments/, expands: 'nothing' });
    const pipeline = bitbucket.push({ message: 'no word of a merge', steps: TWO_ENVIRONMENTS.slice(0, 2) });
    bitbucket.begin(pipeline, 'To staging');
    const { records } = await heard(sourceAt(bitbucket), spanPoke(bitbucket.span(pipeline)));
    expect(records).toMatchObject([{ state: 'running', environment: { name: 'unknown' } }]);
  });
});

describe('the person of a step', () => {
  it('is queried by the uuid of the step, once a day', async () => {
    const bitbucket = await start();
    const source = sourceAt(bitbucket);
    const pipeline = bitbucket.push({ steps: TWO_ENVIRONMENTS });
    const mapped = source.map(bitbucket.stepPost(pipeline, 'To staging', 0), toWebhook({}));
    expect(mapped).toMatchObject({ records: [{ signal: 'pipeline step', state: 'succeeded' }] });
    expect(JSON.stringify(mapped)).not.toContain('actor');
    const { records } = await heard(source, { body: bitbucket.stepPost(pipeline, 'To staging', 0) });
    expect(records[1]).toMatchObject({
      deployment: records[0]?.deployment,
      signal: 'pipelines API',
      authoritative: false,
      actor: MIRA.display_name,
      occurredAt: records[0]?.occurredAt,
    });
    await heard(source, { body: bitbucket.stepPost(pipeline, 'To production', 0) });
    expect(bitbucket.requests.filter(({ path }) => path.startsWith('/users/'))).toHaveLength(1);
    expect(bitbucket.requests[0]?.target).toBe(`/users/${encodeURIComponent(MIRA.uuid)}`);
  });

  it('is the author of the commit if Bitbucket does not know the user, with a note', async () => {
    const bitbucket = await start();
    const pipeline = bitbucket.push({ steps: TWO_ENVIRONMENTS });
    const stranger = { BITBUCKET_STEP_TRIGGERER_UUID: MIRA.uuid.replace('c1a2', '0000') };
    const body = { ...bitbucket.stepPost(pipeline, 'To staging', 0), ...stranger };
    const { records } = await heard(sourceAt(bitbucket), { body });
    expect(deploymentsOf(records)).toMatchObject([
      { actor: 'Nils Fjord', notes: expect.arrayContaining([expect.stringContaining('author')]) },
    ]);
  });

  it('does not take the OIDC token or the commit message into the queue', async () => {
    const bitbucket = await start();
    const pipeline = bitbucket.push({ steps: TWO_ENVIRONMENTS });
    const body = { ...bitbucket.stepPost(pipeline, 'To staging', 0), BITBUCKET_STEP_OIDC_TOKEN: 'look-alike.token' };
    const mapped = sourceAt(bitbucket).map(body, toWebhook({}));
    const lookups = mapped.kind === 'records' ? mapped.lookups : undefined;
    expect(lookups).toHaveLength(1);
    expect(JSON.stringify(lookups)).not.toMatch(/OIDC|look-alike|Turn the lamp/);
  });
});

describe('an unavailable Bitbucket API', () => {
  it.each([
    ['a wrong token', { token: 'a-token-that-is-not-known' }, /Check the token/],
    ['an e-mail address with an access token', { email: 'mira@harbor.example' }, /Check the token/],
  ])('answers %s: the lookup fails with advice, and without the token', async (_, api, message) => {
    const bitbucket = await start();
    const pipeline = bitbucket.push({ steps: TWO_ENVIRONMENTS });
    const source = sourceAt(bitbucket, api);
    const asked = heard(source, statusPoke(bitbucket.status(pipeline, 'SUCCESSFUL')));
    await expect(asked).rejects.toMatchObject({ name: 'ResolveFailed', message: expect.stringMatching(message) });
    await expect(asked).rejects.not.toThrow(/look-alike|not-known/);
  });

  it('an API token is sent as Basic, with the e-mail address', async () => {
    const bitbucket = await start({ email: 'mira@harbor.example' });
    const pipeline = bitbucket.push({ steps: TWO_ENVIRONMENTS.slice(0, 2) });
    bitbucket.begin(pipeline, 'To staging');
    const source = sourceAt(bitbucket, { email: 'mira@harbor.example' });
    expect((await heard(source, spanPoke(bitbucket.span(pipeline)))).records).toHaveLength(1);
  });

  it('a rate limit is waited for, without further requests', async () => {
    const bitbucket = await start({ limit: 1 });
    const pipeline = bitbucket.push({ steps: TWO_ENVIRONMENTS });
    const source = sourceAt(bitbucket);
    const poke = statusPoke(bitbucket.status(pipeline, 'SUCCESSFUL'));
    await expect(heard(source, poke)).rejects.toMatchObject({ retry: { hold: 'job' } });
    const asked = bitbucket.requests.length;
    await expect(heard(source, poke)).rejects.toMatchObject({ name: 'ResolveFailed' });
    expect(bitbucket.requests).toHaveLength(asked);
  });

  it('a later lookup has the same result', async () => {
    const bitbucket = await start();
    const pipeline = bitbucket.push({ steps: TWO_ENVIRONMENTS.slice(0, 2) });
    bitbucket.begin(pipeline, 'To staging');
    bitbucket.inject({ kind: 'status', status: 500, times: 1 });
    const poke = spanPoke(bitbucket.span(pipeline));
    await expect(heard(sourceAt(bitbucket), poke)).rejects.toMatchObject({ name: 'ResolveFailed' });
    expect((await heard(sourceAt(bitbucket), poke)).records).toHaveLength(1);
  });
});

describe('a lookup', () => {
  it('of an unknown kind is ignored', async () => {
    const bitbucket = await start();
    const source = sourceAt(bitbucket);
    for (const lookup of [
      {},
      { ask: 'weather' },
      { ask: 'pipeline', workspace: '..', repository: 'user', build: '1' },
    ]) {
      expect(await source.resolve?.(lookup, call())).toMatchObject({ kind: 'ignored' });
    }
    expect(bitbucket.requests).toEqual([]);
  });
});

describe('the fake', () => {
  it('refuses bare braces, like Bitbucket', async () => {
    const bitbucket = await start();
    const { request } = await import('node:http');
    const status = await new Promise((resolve) => {
      const { port } = new URL(bitbucket.url);
      request({ port, host: '127.0.0.1', path: `/users/${MIRA.uuid}` }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).end();
    });
    expect(status).toBe(400);
  });
});

describe('a status that arrives before the list contains the end', () => {
  const ended = (bitbucket: FakeBitbucket) => {
    const pipeline = bitbucket.push({ steps: TWO_ENVIRONMENTS });
    bitbucket.begin(pipeline, 'To staging');
    return statusPoke(bitbucket.status(pipeline, 'SUCCESSFUL'));
  };
  const ask = async (now: string) => {
    const bitbucket = await start({});
    const source = sourceAt(bitbucket);
    const poke = ended(bitbucket);
    const mapped = source.map(poke.body, toWebhook(poke));
    const [lookup = {}] = (mapped.kind === 'records' && mapped.lookups) || [];
    return { lookup, answer: await source.resolve?.(lookup, call(now)) };
  };

  it('is looked up again for a minute, and the known data is recorded meanwhile', async () => {
    const { lookup, answer } = await ask('2026-03-02T16:29:30.000Z');
    expect(answer).toMatchObject({ kind: 'records', records: [{ state: 'running' }], lookups: [lookup] });
  });

  it('is not looked up after that, as the next run may have started', async () => {
    const { answer } = await ask('2026-03-02T16:31:00.000Z');
    expect(answer).toMatchObject({ kind: 'records', records: [{ state: 'running' }] });
    expect(answer).not.toHaveProperty('lookups');
  });
});
