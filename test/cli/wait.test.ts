import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NothingFound } from '../../src/cli/output.ts';
import { type WaitOptions, waitFor } from '../../src/cli/wait.ts';
import { SECRET, startTestBridge } from '../support/bridge.ts';
import { paper, reaching } from '../support/command.ts';
import { sha } from '../support/deployment.ts';

let bridge: Awaited<ReturnType<typeof startTestBridge>>;
beforeAll(async () => {
  bridge = await startTestBridge();
});
afterAll(() => bridge?.stop());

const post = async (commit: string, status: string, said: Record<string, unknown> = {}) => {
  const body = { summary: 'Deployed', service: 'pay', environment: 'production', commit_sha: commit, status, ...said };
  await bridge.post(
    '/webhooks/changes',
    { external_id: `wait-${commit.slice(0, 12)}`, ...body },
    {
      authorization: `Bearer ${SECRET}`,
    },
  );
  await bridge.settled();
};

/** Each pause takes its time without anybody waiting for it, and something may happen in it. */
async function waited(commit: string, steps: readonly (() => Promise<void>)[], said: Partial<WaitOptions> = {}) {
  const page = paper();
  let clockMs = 0;
  const left = [...steps];
  const pause = async (ms: number) => {
    clockMs += ms;
    await left.shift()?.();
  };
  const options = { environment: 'production', timeout: '1m', ...said };
  const parts = { output: page.output, now: () => clockMs, pause };
  const ended = await waitFor(reaching(bridge), commit, options, parts).then(
    () => 'succeeded',
    (error: Error) => error,
  );
  return { ended, err: page.err(), out: page.out(), clockMs };
}

describe('shiplog wait', () => {
  it('waits from before the first signal to the end, and prints each state once', async () => {
    const commit = sha('wait one');
    const { ended, err } = await waited(commit, [
      async () => {},
      () => post(commit, 'running'),
      async () => {},
      () => post(commit, 'succeeded'),
    ]);
    expect(ended).toBe('succeeded');
    expect(err.trimEnd().split('\n')).toEqual([
      `no deployment of ${commit.slice(0, 8)} to production yet`,
      'pay in production: running',
      'pay in production: succeeded',
    ]);
  });

  it('fails with the reason as soon as the deployment has failed', async () => {
    const commit = sha('wait two');
    const { ended, clockMs, err } = await waited(commit, [
      () => post(commit, 'failed', { description: 'the lamp broke', pipeline_url: 'https://ci.harbor.example/2' }),
    ]);
    expect(ended).toMatchObject({ message: 'pay in production failed: the lamp broke: https://ci.harbor.example/2' });
    expect(err).toBe(`no deployment of ${commit.slice(0, 8)} to production yet\n`); // the error says the rest
    expect(ended).not.toBeInstanceOf(NothingFound);
    expect(clockMs).toBeLessThan(60_000);
  });

  it('uses the retry of the same service, not the failure before it', async () => {
    const commit = sha('wait three');
    await post(commit, 'failed', { external_id: 'three-1', occurred_at: '2026-03-19T10:00:00Z' });
    await post(commit, 'succeeded', { external_id: 'three-2', occurred_at: '2026-03-19T11:00:00Z' });
    expect((await waited(commit, [])).ended).toBe('succeeded');
    expect((await waited(commit, [], { since: '1m' })).ended).toBeInstanceOf(NothingFound);
  });

  it('uses the failure of another service with the same name', async () => {
    const commit = sha('wait apart');
    await post(commit, 'failed', { external_id: 'apart-1', service_id: 'svc_1', occurred_at: '2026-03-19T10:00:00Z' });
    await post(commit, 'succeeded', {
      ...{ external_id: 'apart-2', service_id: 'svc_2', occurred_at: '2026-03-19T11:00:00Z' },
    });
    expect((await waited(commit, [])).ended).toMatchObject({ message: expect.stringContaining('failed') });
  });

  it('ignores environments that only contain the name, and ends with "not seen"', async () => {
    const commit = sha('wait four');
    await post(commit, 'succeeded', { environment: 'production-eu' });
    const { ended, clockMs } = await waited(commit, []);
    expect(ended).toBeInstanceOf(NothingFound);
    expect(ended).toMatchObject({ message: expect.stringContaining('of this commit: pay in production-eu') });
    expect(clockMs).toBe(60_000);
    expect((await waited(commit, [], { environment: 'Production-EU' })).ended).toBe('succeeded');
  });

  it('waits for every service of the commit, or for the one that is named', async () => {
    const commit = sha('wait five');
    await post(commit, 'succeeded', { external_id: 'five-1', service: 'pay' });
    await post(commit, 'running', { external_id: 'five-2', service: 'ledger' });
    const { ended } = await waited(commit, []);
    expect(ended).toMatchObject({ message: 'the deployment has not ended within 1m' });
    expect((await waited(commit, [], { service: 'pay' })).ended).toBe('succeeded');
  });

  it('continues while the bridge is unreachable, up to the time-out', async () => {
    const away = { ...reaching(bridge), port: 9 };
    let clockMs = 0;
    const pause = async (ms: number) => {
      clockMs += ms;
    };
    const page = paper();
    const parts = { output: page.output, now: () => clockMs, pause };
    const options = { environment: 'production', timeout: '10s' };
    const ended = waitFor(away, sha('x'), options, parts);
    await expect(ended).rejects.toThrow('given up after 10s: no bridge responds');
    expect(page.err().match(/no bridge responds/g)).toHaveLength(1);
    expect(clockMs).toBe(10_000);
  });

  it('shows how to write a span of time', async () => {
    expect((await waited(sha('x'), [], { timeout: 'soon' })).ended).toMatchObject({
      message: '"soon" is not a duration: write 90s, 15m or 2h',
    });
  });
});
