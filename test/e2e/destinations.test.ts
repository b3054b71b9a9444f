import { Queue } from 'bullmq';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ChangeEvent } from '../../src/domain/change-event.ts';
import { toChangeRecord } from '../../src/domain/change-record.ts';
import { RECORD_QUEUE, versionFor } from '../../src/queue/queues.ts';
import { PREFIX } from '../../src/store/key-family.ts';
import { SECRET, startTestBridge } from '../support/bridge.ts';
import { ALERT24_KEY, startFakeAlert24 } from '../support/fake-alert24.ts';
import { GITLAB_TOKEN, startFakeGitlab } from '../support/fake-gitlab.ts';

const PROJECT = { id: 77, path: 'harbor/lighthouse-api', acceptAnySha: true, branches: ['main'] };
/** Of each end a share, and enough of them to be under way together. */
const MANY = 160;
const FINAL_EVENTS = ['succeeded', 'failed', 'degraded', 'canceled'] as const;
const STATUS_OF = { succeeded: 'success', failed: 'failed', degraded: 'failed', canceled: 'canceled' } as const;

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function startAll() {
  const gitlab = await startFakeGitlab({ projects: [PROJECT] });
  const alert24 = await startFakeAlert24();
  const bridge = await startTestBridge({
    sinks: [
      { type: 'gitlab-deployments', url: gitlab.url, token: GITLAB_TOKEN },
      { type: 'alert24', url: alert24.url, api_key: ALERT24_KEY },
    ],
  });
  gitlab.options.hooks = { url: `${bridge.url}/webhooks/gitlab`, token: SECRET, maxDelayMs: 30 };
  stops.push(
    () => gitlab.close(),
    () => alert24.close(),
    () => bridge.stop(),
  );
  return { gitlab, alert24, bridge };
}

/** Commits that their first eight digits tell apart: a webhook of GitLab has no more. */
const hex = (number: number) => number.toString(16).padStart(8, 'b').padEnd(40, 'a');
/** One moment for all signals: a sync that began in two minutes would be two. */
const NOW_MS = Date.now();
const minutesAgo = (minutes: number) => new Date(NOW_MS - minutes * 60_000).toISOString();

/** What the ConfigMap's template sends for one event of one sync. */
function notification(index: number, event: 'running' | (typeof FINAL_EVENTS)[number]) {
  const startedAt = minutesAgo(60 + index);
  const terminated = event === 'canceled';
  return {
    schema: 'shiplog/argocd/v1',
    event: terminated ? 'failed' : event,
    sent_at: minutesAgo(1),
    argocd_url: 'https://argocd.harbor.example',
    app: {
      name: `beacon-${index}`,
      namespace: 'argocd',
      uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      project: 'beacons',
      labels: {},
      annotations: {
        'shiplog/environment': 'production',
        'shiplog/gitlab-project': PROJECT.path,
        'shiplog/ref': 'main',
      },
    },
    operation: {
      phase: event === 'running' ? 'Running' : event === 'succeeded' || event === 'degraded' ? 'Succeeded' : 'Failed',
      message: terminated ? 'Operation terminated' : '',
      started_at: startedAt.replace(/\d\d\.\d{3}Z$/, '00Z'),
      finished_at: event === 'running' ? null : minutesAgo(30),
      username: 'mira',
    },
    revision: hex(index),
    sources: [
      { repo_url: 'https://git.harbor.example/harbor/lighthouse-api.git', target_revision: 'main', path: 'deploy' },
    ],
    health: { status: event === 'degraded' ? 'Degraded' : 'Healthy' },
    history: [],
  };
}

const shuffled = <T>(items: readonly T[], random: () => number): T[] =>
  items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);

/** Park–Miller: the same disorder in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

async function send(bridge: Awaited<ReturnType<typeof startTestBridge>>, bodies: readonly unknown[]) {
  const queue = [...bodies];
  const lane = async () => {
    for (let body = queue.shift(); body !== undefined; body = queue.shift()) {
      const { status } = await bridge.post('/webhooks/argocd', body, { authorization: `Bearer ${SECRET}` });
      expect(status).toBe(202);
    }
  };
  await Promise.all(Array.from({ length: 20 }, lane));
}

/** What a webhook with this body puts into the queue. */
function eventOf(
  { config }: Awaited<ReturnType<typeof startTestBridge>>,
  body: { readonly revision: string },
): ChangeEvent {
  const webhookId = `webhook-${body.revision}`;
  const receivedAt = new Date(NOW_MS);
  const webhook = {
    id: webhookId,
    method: 'POST',
    path: '/webhooks/argocd',
    headers: {},
    body: Buffer.from(''),
    receivedAt,
  };
  const mapped = config.sources.find(({ name }) => name === 'argocd')?.map(body, webhook);
  if (mapped?.kind !== 'records') throw new Error('it reports no deployment');
  const records = mapped.records.map((record) => toChangeRecord({ webhook: webhookId, ...record }));
  return { webhookId, source: 'argocd', receivedAt: receivedAt.toISOString(), records };
}

describe('GitLab Deployments and Alert24', () => {
  it('receive each deployment once, with its correct end, from repeated signals in any order', async () => {
    const { gitlab, alert24, bridge } = await startAll();
    const ends = Array.from({ length: MANY }, (_, index) => FINAL_EVENTS[index % FINAL_EVENTS.length] ?? 'succeeded');
    const signals = ends.flatMap((end, index) => [notification(index, 'running'), notification(index, end)]);
    await send(bridge, shuffled([...signals, ...signals], seeded(7)));
    await bridge.settled();
    await vi.waitFor(() => expect(gitlab.deployments.filter((made) => made.status === 'running')).toEqual([]), {
      timeout: 60_000,
      interval: 200,
    });
    await gitlab.hooksSettled();
    await bridge.settled();

    const wanted = ends.map((end, index) => `${hex(index)} ${STATUS_OF[end]}`).sort();
    expect(gitlab.deployments.map(({ sha, status }) => `${sha} ${status}`).sort()).toEqual(wanted);
    expect(gitlab.refused).toEqual([]);
    expect(gitlab.hooks.length).toBeGreaterThanOrEqual(MANY);
    const log = await bridge.get('/api/v1/changes?limit=1');
    expect(log.body.meta.total).toBe(MANY);
    expect(await bridge.changes('&source=gitlab')).toEqual([]);
    expect(alert24.changes).toHaveLength(ends.filter((end) => end === 'succeeded').length);
    expect(alert24.duplicates()).toEqual([]);
    expect(alert24.refused).toEqual([]);
  });

  it('receive each deployment once if responses are lost', async () => {
    const { gitlab, alert24, bridge } = await startAll();
    gitlab.inject({ kind: 'lost-reply', method: 'POST', times: 1_000, ratio: 0.2 });
    alert24.inject({ kind: 'lost-reply', method: 'POST', times: 1_000, ratio: 0.2 });
    const signals = Array.from({ length: 40 }, (_, index) => [
      notification(index, 'running'),
      notification(index, 'succeeded'),
    ]).flat();
    await send(bridge, shuffled(signals, seeded(11)));
    await vi.waitFor(() => expect(alert24.changes.length).toBeGreaterThanOrEqual(40), {
      timeout: 60_000,
      interval: 200,
    });
    await vi.waitFor(
      () => expect(gitlab.deployments.filter((made) => made.status === 'success').length).toBeGreaterThanOrEqual(40),
      { timeout: 60_000, interval: 200 },
    );
    await bridge.settled();
    expect(gitlab.deployments.map(({ sha }) => sha).sort()).toEqual(
      Array.from({ length: 40 }, (_, index) => hex(index)).sort(),
    );
    expect(alert24.duplicates()).toEqual([]);
    expect(alert24.changes).toHaveLength(40);
    expect(await bridge.changes('&source=gitlab')).toEqual([]);
  });

  it('receive each deployment once if two workers record its webhook at the same time', async () => {
    const { gitlab, alert24, bridge } = await startAll();
    const queue = new Queue(RECORD_QUEUE, { connection: bridge.redis.address, prefix: PREFIX });
    stops.push(() => queue.close());
    const events = Array.from({ length: 20 }, (_, index) => eventOf(bridge, notification(index, 'succeeded')));
    // As when the lock of the first job is over before its recording is.
    const twice = ['first', 'second'].flatMap((run) => events.map((event) => ({ run, event })));
    await queue.addBulk(
      twice.map(({ run, event }) => ({
        name: 'events',
        data: { version: versionFor([event]), events: [event] },
        opts: { jobId: `${run}_${event.webhookId}` },
      })),
    );
    await vi.waitFor(async () => expect(await bridge.changes()).toHaveLength(20));
    await bridge.settled();
    await gitlab.hooksSettled();
    await bridge.settled();
    expect(await bridge.changes()).toHaveLength(20);
    expect(alert24.changes).toHaveLength(20);
    expect(gitlab.deployments).toHaveLength(20);
    const idsOf = (records: readonly { readonly id: string }[]) => records.map(({ id }) => id).sort();
    for (const { records } of events) {
      const { body } = await bridge.get(`/api/deployments/${encodeURIComponent(records[0]?.deployment ?? '')}`);
      expect(idsOf(body.data.records)).toEqual(idsOf(records));
    }
  });

  it('record a deployment that another client created with the API: it is no echo', async () => {
    const { bridge } = await startAll();
    const foreign = {
      object_kind: 'deployment',
      status: 'success',
      status_changed_at: '2026-03-14 21:50:07 +0100',
      deployment_id: 999_999,
      deployable_id: null,
      deployable_url: null,
      environment: 'production',
      project: {
        id: 77,
        web_url: 'https://git.harbor.example/harbor/lighthouse-api',
        path_with_namespace: PROJECT.path,
      },
      short_sha: 'cccccccc',
      commit_url: `https://git.harbor.example/harbor/lighthouse-api/-/commit/${'c'.repeat(40)}`,
    };
    await bridge.post('/webhooks/gitlab', foreign, { 'x-gitlab-token': SECRET });
    await bridge.settled();
    expect(await bridge.changes('&source=gitlab')).toHaveLength(1);
  });

  it('pause and continue by themselves when the key is corrected, without pausing the other sink', async () => {
    const { gitlab, alert24, bridge } = await startAll();
    alert24.options.apiKey = 'ak_live_another';
    await send(bridge, [notification(1, 'succeeded')]);
    await vi.waitFor(() => expect(gitlab.deployments).toHaveLength(1), { timeout: 10_000 });
    await vi.waitFor(
      async () =>
        expect((await bridge.get('/readyz')).body.sinks.alert24).toMatchObject({ why: expect.stringContaining('401') }),
      { timeout: 10_000 },
    );
    alert24.options.apiKey = ALERT24_KEY;
    await vi.waitFor(() => expect(alert24.changes).toHaveLength(1), { timeout: 20_000, interval: 200 });
    await bridge.settled();
    expect((await bridge.get('/readyz')).body.sinks.alert24).toBe('healthy');
  });

  it('get a dead letter that says what to configure if GitLab does not have the commit', async () => {
    const { gitlab, bridge } = await startAll();
    gitlab.options.projects = [{ ...PROJECT, acceptAnySha: false, commits: [] }];
    await send(bridge, [notification(5, 'succeeded')]);
    const key = (
      await vi.waitFor(async () => {
        const [change] = await bridge.changes();
        expect(change).toBeDefined();
        return change;
      })
    )?.deployment;
    await vi.waitFor(async () => {
      const { body } = await bridge.get(`/api/deployments/${encodeURIComponent(String(key))}`);
      const delivery = body.data.deliveries.find(({ sink }: { sink: string }) => sink === 'gitlab');
      expect(delivery.attempts[0]).toMatchObject({
        outcome: 'failed',
        status: 400,
        words: expect.stringMatching(/no commit.*shiplog\/gitlab-project/),
      });
      expect(JSON.stringify(delivery)).not.toContain(GITLAB_TOKEN);
    });
    await vi.waitFor(async () =>
      expect(await (await fetch(`${bridge.url}/metrics`)).text()).toMatch(
        /shiplog_dead_letters\{queue="forward-gitlab"\} 1/,
      ),
    );
  });
});
