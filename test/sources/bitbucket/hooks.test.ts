import { afterEach, describe, expect, it } from 'vitest';
import type { HookOrder } from '../../../src/sources/source.ts';
import { type FakeBitbucket, type FakeBitbucketOptions, startFakeBitbucket } from '../../support/fake-bitbucket.ts';
import { SECRET, sourceAt } from './asking.ts';

const HERE = 'https://shiplog.harbor.example/webhooks/bitbucket';
const EVENTS = ['repo:commit_status_created', 'repo:commit_status_updated', 'pipeline:span_created'];
const REPOSITORY = 'repository:harbor/lighthouse-api';

let fake: FakeBitbucket | undefined;
afterEach(() => fake?.close());

async function start(options: FakeBitbucketOptions = {}): Promise<FakeBitbucket> {
  fake = await startFakeBitbucket(options);
  return fake;
}

const order = (changes: Partial<HookOrder> = {}): HookOrder => ({
  url: HERE,
  targets: [REPOSITORY],
  dryRun: false,
  signal: new AbortController().signal,
  ...changes,
});

const apply = (bitbucket: FakeBitbucket, changes: Partial<HookOrder> = {}) =>
  sourceAt(bitbucket).applyHooks?.(order(changes));

const writes = (bitbucket: FakeBitbucket) => bitbucket.requests.filter(({ method }) => method !== 'GET');

const foreign = (url: string) => ({
  uuid: '{e0e1e2e3-1111-4222-8333-444455556666}',
  description: '',
  url,
  active: true,
  events: ['repo:push'],
  secret: 'x',
});

describe('the webhook of a repository or workspace', () => {
  it('is created with a secret and the events that make Shiplog ask, once', async () => {
    const bitbucket = await start();
    const targets = [REPOSITORY, 'workspace:harbor'];
    expect(await apply(bitbucket, { targets })).toEqual([
      `${REPOSITORY}: created the webhook for ${EVENTS.join(', ')}`,
      `workspace:harbor: created the webhook for ${EVENTS.join(', ')}`,
    ]);
    expect(await apply(bitbucket, { targets })).toEqual(
      targets.map((target) => `${target}: nothing to do: the webhook is there, active, with a secret and all events`),
    );
    for (const hooks of bitbucket.hooks.values()) {
      expect(hooks).toMatchObject([
        { description: 'Shiplog', url: HERE, active: true, secret: SECRET, events: EVENTS },
      ]);
    }
    expect(writes(bitbucket)).toHaveLength(2);
  });

  it('is repaired, and keeps its other events', async () => {
    const bitbucket = await start({ pagelen: 1 });
    const other = foreign('https://elsewhere.example');
    const broken = { ...foreign(HERE), uuid: '{e0e1e2e3-1111-4222-8333-444455557777}', active: false, secret: '' };
    bitbucket.hooks.set('repositories/harbor/lighthouse-api', [other, broken]);
    expect(await apply(bitbucket)).toEqual([
      `${REPOSITORY}: repaired the webhook, which was switched off, had no secret, lacked ${EVENTS.join(', ')}`,
    ]);
    expect(bitbucket.hooks.get('repositories/harbor/lighthouse-api')).toEqual([
      { ...foreign('https://elsewhere.example') },
      { ...broken, description: 'Shiplog', active: true, secret: SECRET, events: ['repo:push', ...EVENTS] },
    ]);
  });

  it('is only read in a dry run', async () => {
    const bitbucket = await start();
    expect(await apply(bitbucket, { dryRun: true })).toEqual([
      `${REPOSITORY}: would create the webhook for ${EVENTS.join(', ')}`,
    ]);
    bitbucket.hooks.set('repositories/harbor/lighthouse-api', [foreign(HERE)]);
    expect(await apply(bitbucket, { dryRun: true })).toEqual([
      `${REPOSITORY}: would repair the webhook, which lacked ${EVENTS.join(', ')}`,
    ]);
    expect(writes(bitbucket)).toEqual([]);
  });

  it('reports the result for every target, and fails if one failed', async () => {
    const bitbucket = await start();
    const done = apply(bitbucket, {
      targets: ['repository:harbor/sunken', 'group:harbor', 'workspace:../user', REPOSITORY],
    });
    await expect(done).rejects.toMatchObject({
      name: 'ResolveFailed',
      message: [
        'repository:harbor/sunken: not done. Bitbucket shows no such target: check its name, and the scopes of api.token for webhooks',
        'group:harbor: not done. write repository:<workspace>/<repository> or workspace:<workspace>',
        'workspace:../user: not done. write repository:<workspace>/<repository> or workspace:<workspace>',
        `${REPOSITORY}: created the webhook for ${EVENTS.join(', ')}`,
      ].join('\n'),
    });
  });

  it('never shows the secret, even if Bitbucket repeats it', async () => {
    const bitbucket = await start();
    bitbucket.inject({ kind: 'status', status: 400, body: { error: `bad: ${SECRET}` }, method: 'POST' });
    await expect(apply(bitbucket)).rejects.toThrow(/bad: \[secret\]/);
  });
});
