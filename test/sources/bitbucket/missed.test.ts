import { afterEach, describe, expect, it } from 'vitest';
import type { NewChangeRecord } from '../../../src/domain/change-record.ts';
import type { Source } from '../../../src/sources/source.ts';
import { type FakeBitbucket, type FakeBitbucketOptions, startFakeBitbucket } from '../../support/fake-bitbucket.ts';
import { call, heard, sourceAt, spanPoke } from './asking.ts';

let fake: FakeBitbucket | undefined;
afterEach(() => fake?.close());

async function start(options: FakeBitbucketOptions = {}): Promise<FakeBitbucket> {
  fake = await startFakeBitbucket(options);
  return fake;
}

const HARBOR = { repositories: ['harbor/lighthouse-api'] };

async function missed(source: Source, since = '2026-03-02T15:00:00.000Z') {
  const warnings: string[] = [];
  const records: NewChangeRecord[] = [];
  const pages = source.missed?.(new Date(since), { ...call(), warn: (finding) => void warnings.push(finding) });
  for await (const page of pages ?? []) records.push(...page);
  return { records, warnings };
}

function deploy(bitbucket: FakeBitbucket) {
  const pipeline = bitbucket.push({
    steps: [
      { name: 'Go', environment: 'production' },
      { name: 'Later', environment: 'test' },
    ],
  });
  bitbucket.begin(pipeline, 'Go');
  bitbucket.end(pipeline, 'Go', 'SUCCESSFUL');
  return pipeline;
}

describe('deployments that were never reported', () => {
  it('are found with the ids and keys of their webhooks', async () => {
    const bitbucket = await start({ redeploy: 'new row' });
    const source = sourceAt(bitbucket, HARBOR);
    const pipeline = deploy(bitbucket);
    bitbucket.redeploy(pipeline, 'Go');
    const { records: told } = await heard(source, spanPoke(bitbucket.span(pipeline)));
    const { records, warnings } = await missed(sourceAt(bitbucket, HARBOR));
    const names = (all: readonly NewChangeRecord[]) =>
      all.map(({ id, deployment, state }) => [deployment, state, id]).sort();
    expect(names(records)).toEqual(names(told));
    expect(records).toHaveLength(2);
    expect(warnings).toEqual([]);
  });

  it('are listed page by page, back to the given time', async () => {
    const bitbucket = await start({ pagelen: 2 });
    for (let count = 0; count < 4; count += 1) deploy(bitbucket);
    // Each deployment takes three ticks of 30 seconds: the third ends at 16:04:00.
    const { records } = await missed(sourceAt(bitbucket, HARBOR), '2026-03-02T16:03:30.000Z');
    expect(records.map(({ occurredAt }) => occurredAt)).toEqual([
      '2026-03-02T16:05:30.000Z',
      '2026-03-02T16:04:00.000Z',
    ]);
  });

  it('cost one request if nothing changed since the last run', async () => {
    const bitbucket = await start();
    const source = sourceAt(bitbucket, HARBOR);
    for (let count = 0; count < 4; count += 1) deploy(bitbucket);
    const first = await missed(source);
    const asked = bitbucket.requests.length;
    const second = await missed(source);
    expect(bitbucket.requests.length - asked).toBe(1);
    expect(second.records).toEqual(first.records);
    expect(first.records).toHaveLength(4);
  });

  it('are found in all repositories of a workspace that were pushed to lately', async () => {
    const bitbucket = await start();
    bitbucket.pushed.set('harbor/old-pier', '2025-11-02T10:00:00.000000+00:00');
    deploy(bitbucket);
    const { records } = await missed(sourceAt(bitbucket, { workspaces: ['harbor'] }));
    expect(records).toHaveLength(1);
    expect(bitbucket.requests.some(({ path }) => path.includes('old-pier'))).toBe(false);
  });
});

describe('a repository that cannot be read', () => {
  it('causes a warning, and the others are read', async () => {
    const bitbucket = await start();
    deploy(bitbucket);
    const { records, warnings } = await missed(
      sourceAt(bitbucket, { repositories: ['harbor/sunken', 'harbor/lighthouse-api'], workspaces: ['atlantis'] }),
    );
    expect(records).toHaveLength(1);
    expect(warnings).toEqual([
      'Bitbucket shows no /repositories/atlantis: it is not there, or api.token may not read it',
      'Bitbucket shows no /repositories/harbor/sunken/deployments: it is not there, or api.token may not read it',
    ]);
  });

  it('fails the run if none may be read', async () => {
    const bitbucket = await start({ forbidden: /deployments/ });
    await expect(missed(sourceAt(bitbucket, HARBOR))).rejects.toMatchObject({ name: 'ResolveFailed' });
  });

  it('fails the run at its end if Bitbucket did not answer for one, so that the period is read again', async () => {
    const bitbucket = await start();
    deploy(bitbucket);
    bitbucket.inject({ kind: 'status', status: 502, path: /deployments/ });
    await expect(missed(sourceAt(bitbucket, HARBOR))).rejects.toThrow(/502/);
    expect((await missed(sourceAt(bitbucket, HARBOR))).records).toHaveLength(1);
  });

  it('is required if none is configured', async () => {
    const bitbucket = await start();
    expect(await missed(sourceAt(bitbucket))).toEqual({
      records: [],
      warnings: ['no repository to ask about: name some in api.repositories or api.workspaces'],
    });
  });
});
