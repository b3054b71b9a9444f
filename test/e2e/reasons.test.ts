import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explain } from '../../src/explain/explain.ts';
import { REASONS, type Reason } from '../../src/sources/reasons.ts';
import { ADMIN_TOKEN, gitlabDeploymentHook, gitlabHeaders, SECRET, startTestBridge } from '../support/bridge.ts';
import { GITLAB_TOKEN, startFakeGitlab } from '../support/fake-gitlab.ts';

const SHA = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const PROJECT = { id: 77, path: 'harbor/lighthouse-api', acceptAnySha: true, branches: ['main'] };

let gitlab: Awaited<ReturnType<typeof startFakeGitlab>>;
let bridge: Awaited<ReturnType<typeof startTestBridge>>;
beforeAll(async () => {
  gitlab = await startFakeGitlab({ projects: [PROJECT] });
  bridge = await startTestBridge({
    spool_max_mib: 0.000_01, // ten bytes: it is full at once
    sources: [
      { type: 'gitlab', secrets: [SECRET] },
      { type: 'bitbucket', secrets: [SECRET], max_body_mib: 0.005 },
      { type: 'argocd', secrets: [SECRET], noop: 'skip' },
    ],
    sinks: [{ type: 'gitlab-deployments', url: gitlab.url, token: GITLAB_TOKEN }],
    rules: [{ name: 'No sandboxes', match: { environment: 'sandbox' }, drop: true }],
  });
});
afterAll(async () => {
  await bridge.stop();
  await gitlab.close();
});

/** A webhook on its way in. */
interface Sent {
  readonly source: 'gitlab' | 'bitbucket' | 'argocd';
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

const fromGitlab = (body: unknown, event = 'Deployment Hook'): Sent => ({
  source: 'gitlab',
  headers: gitlabHeaders(event),
  text: JSON.stringify(body),
});

function fromBitbucket(body: unknown, headers: Record<string, string> = {}): Sent {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const signature = createHmac('sha256', SECRET).update(text).digest('hex');
  return { source: 'bitbucket', headers: { 'x-hub-signature': `sha256=${signature}`, ...headers }, text };
}

const fromArgocd = (text: string): Sent => ({ source: 'argocd', headers: { authorization: `Bearer ${SECRET}` }, text });

const golden = (path: string) => JSON.parse(readFileSync(new URL(`../sources/${path}.json`, import.meta.url), 'utf8'));

/** A sync that is reported when it ends, and what a test wants otherwise. */
function sync(change: (body: ReturnType<typeof golden>) => void = () => {}): Sent {
  const body = golden('argocd/succeeded');
  change(body);
  return fromArgocd(JSON.stringify(body));
}

const ofJob = (said: Record<string, unknown>) => fromGitlab({ ...golden('gitlab/job-success-gitlab-19'), ...said });

/** Everything that the bridge says of one webhook. */
async function send({ source, headers, text }: Sent) {
  const before = lines().length;
  const counted = await counts();
  const answer = await bridge.post(`/webhooks/${source}`, text, headers);
  await expect.poll(() => lines().length).toBe(before + 1);
  const line = lines().at(-1);
  return {
    answer,
    line,
    id: String(line?.['webhook']),
    /** The labels whose count has grown by one. */
    counted: async () => [...(await counts())].filter(([labels, count]) => count === (counted.get(labels) ?? 0) + 1),
  };
}

const lines = () => bridge.logged.filter(({ msg }) => msg === 'webhook');

async function counts(): Promise<Map<string, number>> {
  const text = await (await fetch(`${bridge.url}/metrics`)).text();
  const found = text.matchAll(/^shiplog_webhooks_total\{(.*)\} (\d+)$/gm);
  return new Map([...found].map(([, labels, count]) => [String(labels), Number(count)]));
}

const entryOf = async (id: string) => (await bridge.get(`/api/inbox/${id}`)).body.data;

async function explained({ source: name, headers, text }: Sent, id: string) {
  const source = bridge.config.sources.find((candidate) => candidate.name === name);
  if (!source) throw new Error(`no source ${name}`);
  const path = `/webhooks/${name}`;
  const webhook = { id, method: 'POST', path, headers, body: Buffer.from(text), receivedAt: new Date() };
  return explain(source, webhook, bridge.config);
}

/** What makes the answer: the receiver knows the reason at once. */
const AT_ONCE: readonly (readonly [reason: Reason, verdict: 'ignored' | 'rejected', sent: () => Sent])[] = [
  ['not_a_deployment', 'ignored', () => fromGitlab({ object_kind: 'push' }, 'Push Hook')],
  ['no_environment', 'ignored', () => ofJob({ environment: null })],
  ['not_a_start', 'ignored', () => ofJob({ environment: { name: 'production', action: 'stop' } })],
  ['not_started', 'ignored', () => ofJob({ build_status: 'created' })],
  ['unknown_status', 'ignored', () => fromGitlab(gitlabDeploymentHook({ status: 'levitating' }))],
  ['ping', 'ignored', () => fromBitbucket({ test: true }, { 'x-event-key': 'diagnostics:ping' })],
  [
    'needs_lookup',
    'ignored',
    () =>
      fromBitbucket(
        { commit_status: { state: 'SUCCESSFUL', name: 'Pipeline #93 for main' } },
        { 'x-event-key': 'repo:commit_status_updated' },
      ),
  ],
  ['dry_run', 'ignored', () => sync((body) => Object.assign(body.operation, { dry_run: true }))],
  ['no_op', 'ignored', () => sync((body) => Object.assign(body.resources, { changed: 0 }))],
  ['self_heal', 'ignored', () => sync((body) => selfHeal(body))],
  ['too_old', 'ignored', () => sync((body) => Object.assign(body, { sent_at: '2026-05-07T09:12:40Z' }))],
  ['app_deleted', 'ignored', () => sync((body) => deletion(body))],
  ['unmapped', 'ignored', () => fromGitlab([])],
  ['invalid_json', 'ignored', () => fromArgocd('{"app": <no value>}')],
  ['bad_signature', 'rejected', () => ({ ...fromGitlab({}), headers: { 'x-gitlab-token': 'wrong' } })],
  ['not_json', 'rejected', () => fromBitbucket('{"commit": ,}')],
  ['bad_payload', 'rejected', () => fromBitbucket({ type: 'deployment' })],
  ['too_large', 'rejected', () => fromBitbucket({ pad: 'x'.repeat(10_000) })],
];

describe('the response, log, metric, inbox and explanation have the same reason', () => {
  it.each(AT_ONCE)('%s', async (reason, verdict, make) => {
    const sent = make();
    const { answer, line, id, counted } = await send(sent);
    expect(answer.body).toMatchObject({ status: verdict, reason });
    expect(line).toMatchObject({ source: sent.source, verdict, reason, status: answer.status });
    expect(await counted()).toEqual([
      [`source="${sent.source}",verdict="${verdict}",reason="${reason}"`, expect.any(Number)],
    ]);
    await expect.poll(() => entryOf(id)).toMatchObject({ id, source: sent.source, verdict, reason });
    const found = await explained(sent, id);
    expect(found).toMatchObject({ verdict, reason, words: { means: REASONS[reason].means } });
    expect(found.answer).toEqual({ status: answer.status, body: answer.body });
    expect(found.detail).toBe((await entryOf(id)).detail);
  });
});

/** Of an application that reports no sync. */
function deletion(body: ReturnType<typeof golden>): void {
  body.event = 'deleting';
  delete body.operation;
  delete body.history;
}

function selfHeal(body: ReturnType<typeof golden>): void {
  Object.assign(body.operation, { self_heal_attempts: 2, automated: true, partial: true });
}

describe('a reason that only the worker finds is shown in the inbox after the acknowledgement', () => {
  async function accepted(sent: Sent) {
    const { answer, line, id, counted } = await send(sent);
    expect(answer).toMatchObject({ status: 202, body: { status: 'accepted' } });
    expect(line).toMatchObject({ verdict: 'accepted', deployments: [expect.any(String)] });
    expect(await counted()).toEqual([[`source="${sent.source}",verdict="accepted",reason=""`, expect.any(Number)]]);
    const found = await explained(sent, id);
    expect(found.answer).toEqual({ status: answer.status, body: answer.body });
    return { id, found };
  }

  it('dropped_by_rule: the explanation names the rule, too', async () => {
    const { id, found } = await accepted(fromGitlab(gitlabDeploymentHook({ environment: 'sandbox' })));
    const conclusion = { verdict: 'ignored', reason: 'dropped_by_rule', detail: 'No sandboxes' };
    await expect.poll(() => entryOf(id)).toMatchObject(conclusion);
    expect(found).toMatchObject({ ...conclusion, words: REASONS.dropped_by_rule });
  });

  it('duplicate', async () => {
    const sent = fromGitlab(gitlabDeploymentHook({ deployable_id: 4001 }));
    const first = await accepted(sent);
    await expect.poll(() => entryOf(first.id)).toMatchObject({ verdict: 'recorded' });
    const { id, found } = await accepted(sent);
    await expect.poll(() => entryOf(id)).toMatchObject({ verdict: 'duplicate' });
    expect(found.verdict).toBe('accepted');
    expect(found.notes.join('\n')).toContain('duplicate');
  });

  it('echo', async () => {
    const annotations = { 'shiplog/gitlab-project': PROJECT.path };
    await accepted(sync((body) => Object.assign(body.app, { annotations })));
    await bridge.settled();
    const made = gitlab.deployments[0];
    if (!made) throw new Error('nothing was written to GitLab');
    const commit = { short_sha: made.sha.slice(0, 8) };
    const row = { deployment_id: made.id, deployable_id: null, deployable_url: null, environment: made.environment };
    const hook = { ...row, ...commit };
    const { id, found } = await accepted(fromGitlab(gitlabDeploymentHook(hook)));
    await expect.poll(() => entryOf(id)).toMatchObject({ verdict: 'ignored', reason: 'echo' });
    expect(found.verdict).toBe('accepted');
    expect(found.notes.join('\n')).toContain('echo');
  });
});

describe('a webhook that could not be stored', () => {
  it('is answered with 503 and counted as not_kept, without an entry in the inbox', async () => {
    const sent = fromGitlab(gitlabDeploymentHook({ deployable_id: 5001, commit_url: `x/${SHA}` }));
    await bridge.redis.kill9();
    const { answer, line, id, counted } = await send(sent);
    await bridge.redis.restart();
    expect(answer).toMatchObject({ status: 503, body: { status: 'not_kept' } });
    expect(line).toMatchObject({ verdict: 'not_kept', status: 503 });
    expect(await counted()).toEqual([['source="gitlab",verdict="not_kept",reason=""', expect.any(Number)]]);
    await expect.poll(async () => (await bridge.get(`/api/inbox/${id}`)).status).toBe(404);
    expect(await explained(sent, id)).toMatchObject({ verdict: 'accepted' });
  });
});

describe('a preview', () => {
  it('requires the admin token, and stores nothing', async () => {
    const total = async () => (await bridge.get('/api/inbox?limit=1')).body.meta.total;
    const before = await total();
    const body = gitlabDeploymentHook({ deployable_id: 6001 });
    expect((await bridge.post('/api/preview/gitlab', body)).status).toBe(401);
    const answer = await bridge.post('/api/preview/gitlab', body, { authorization: `Bearer ${ADMIN_TOKEN}` });
    expect(answer).toMatchObject({ status: 200, body: { data: { verdict: 'accepted', signature: 'not checked' } } });
    const [key] = answer.body.data.records.map((record: { deployment: string }) => record.deployment);
    expect((await bridge.get(`/api/deployments/${encodeURIComponent(key)}`)).status).toBe(404);
    expect(await total()).toBe(before);
  });
});

describe('the list of reasons', () => {
  it('is tested completely', () => {
    const elsewhere = ['unproved', 'no_such_source', 'wrong_method', 'busy']; // strangers.test.ts
    const tested = [...AT_ONCE.map(([reason]) => reason), 'dropped_by_rule', 'echo', 'not_kept', ...elsewhere];
    expect(tested.toSorted()).toEqual(Object.keys(REASONS).toSorted());
  });
});
