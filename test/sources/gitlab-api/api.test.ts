import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ChangeRecord } from '../../../src/domain/change-record.ts';
import { NotKept, WebhookRejected } from '../../../src/domain/errors.ts';
import { argocd } from '../../../src/sources/argocd/index.ts';
import { gitlabApi } from '../../../src/sources/gitlab-api/index.ts';
import type { Answer } from '../../../src/sources/outcome.ts';
import type { Webhook } from '../../../src/sources/received-webhook.ts';
import { NO_ROWS, type Rows } from '../../../src/sources/rows.ts';
import type { Source } from '../../../src/sources/source.ts';
import { createRows } from '../../../src/store/rows.ts';
import { startTestRedis } from '../../support/redis.ts';

const SECRETS = ['a-token-of-the-gitlab-api'];
const PATH = '/api/v4/projects/harbor%2Fpay/deployments';
const SHA = '4f0c9e1d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d';
const BODY = { environment: 'production', sha: SHA, ref: 'main', tag: false, status: 'running' };

let server: Awaited<ReturnType<typeof startTestRedis>>;
let redis: Redis;
let rows: Rows;
beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.address.path);
  rows = createRows(redis);
});
beforeEach(() => redis.flushall());
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const source = gitlabApi.parse({ type: 'gitlab-api', secrets: SECRETS });
const argo = argocd.parse({ type: 'argocd', secrets: SECRETS });
let minutes = 0;

interface Said extends Partial<Omit<Webhook, 'body'>> {
  readonly body?: unknown;
}

function request({ body = '', ...said }: Said): Webhook {
  minutes += 1;
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return {
    id: `w${minutes}`,
    method: 'POST',
    path: PATH,
    headers: { 'content-type': 'application/json', host: 'shiplog.example' },
    body: Buffer.from(text),
    receivedAt: new Date(Date.parse('2026-05-04T10:00:00Z') + minutes * 60_000),
    ...said,
  };
}

/** As receive.ts does it: the answer, and the record that would be kept. Writes what goes with it. */
async function send(said: Said, to: Source = source) {
  const webhook = request(said);
  try {
    const served = await to.imitates?.serve(webhook, rows);
    if (served?.kind !== 'webhook') return { answer: served?.answer };
    const mapped = to.map(JSON.parse(served.webhook.body.toString()), served.webhook);
    if (served.row) await rows.put(served.row);
    const records = mapped.kind === 'records' ? mapped.records.map((record) => ChangeRecord.parse(record)) : [];
    return { answer: served.answer, record: records[0], mapped };
  } catch (error) {
    if (!(error instanceof WebhookRejected)) throw error;
    return { answer: to.answer?.({ kind: 'rejected', error }, webhook), refused: error.message };
  }
}

const idOf = (answer: Answer | undefined) => (answer?.body as { id: number } | undefined)?.id; // GitLab's shape

describe('a new deployment', () => {
  it('gets an id, and is stored as a row', async () => {
    const { answer, record } = await send({ body: BODY });
    expect(answer).toMatchObject({
      status: 201,
      headers: { 'content-type': 'application/json' },
      body: { id: 1, iid: 1, sha: SHA, ref: 'main', status: 'running', deployable: null },
    });
    expect(record).toMatchObject({
      deployment: 'gitlab-api:gitlab-api:harbor/pay:1',
      source: 'gitlab-api',
      state: 'running',
      environment: { name: 'production' },
      repository: { name: 'harbor/pay', gitlabProject: 'harbor/pay' },
      commit: { sha: SHA },
      startedAt: record?.occurredAt,
    });
  });

  it('that was sent twice is one, even at the same time', async () => {
    const sent = await Promise.all(Array.from({ length: 8 }, () => send({ body: BODY })));
    expect(new Set(sent.map(({ answer }) => idOf(answer))).size).toBe(1);
    expect(new Set(sent.map(({ record }) => record?.id)).size).toBe(1);
  });

  it('is continued by a repeat with its end, and a post after an end is a new one', async () => {
    const words = ['running', 'success', 'success', 'failed', 'running', 'canceled'];
    const sent = [];
    for (const status of words) sent.push(await send({ body: { ...BODY, status } }));
    expect(sent.map(({ answer }) => idOf(answer))).toEqual([1, 1, 1, 2, 3, 3]);
    expect(new Set(sent.map(({ record }) => record?.id)).size).toBe(5);
  });

  it('of another environment, project, branch or type of ref is another one', async () => {
    const others = [{}, { environment: 'staging' }, { ref: 'next' }, { tag: true }];
    const ids = [];
    for (const other of others) ids.push(idOf((await send({ body: { ...BODY, ...other } })).answer));
    ids.push(idOf((await send({ body: BODY, path: PATH.replace('pay', 'cart') })).answer));
    expect(ids).toEqual([1, 2, 3, 4, 5]);
  });

  it.each([
    ['refs/heads/main', { ref: 'main', tag: false }],
    ['refs/tags/v1.4.0', { ref: 'v1.4.0', tag: true }],
    ['refs/merge-requests/42/merge', { pullRequest: { number: '42' } }],
  ])('of %s has a note about the commit', async (ref, named) => {
    const { record, answer } = await send({ body: { ...BODY, ref } });
    expect(record).toMatchObject(named);
    expect(record?.ref ?? '').not.toMatch(/^refs/);
    expect(answer?.body).toMatchObject({ ref });
  });

  it('whose ref is the commit has no branch', async () => {
    const { record, answer } = await send({ body: { ...BODY, ref: SHA } });
    expect(record).not.toHaveProperty('ref');
    expect(record?.commit?.sha).toBe(SHA);
    expect(answer?.body).toMatchObject({ ref: SHA });
  });

  it('of a SHA-256 repository has its commit', async () => {
    expect((await send({ body: { ...BODY, sha: 'AB'.repeat(32) } })).record?.commit?.sha).toBe('ab'.repeat(32));
  });

  it('is stored while Redis is unreachable, under a unique id, and is found afterwards', async () => {
    const away = async () => {
      throw new NotKept('Redis is away');
    };
    const webhook = request({ body: BODY });
    const served = await source.imitates?.serve(webhook, { ...NO_ROWS, newest: away, get: away });
    if (served?.kind !== 'webhook' || !served.row) throw new Error('not served');
    const id = idOf(served.answer);
    expect(Number.isSafeInteger(id) && Number(id) > 1e14).toBe(true);
    await rows.put(served.row);
    expect((await send({ method: 'PUT', path: `${PATH}/${id}`, body: { status: 'success' } })).answer?.status).toBe(
      200,
    );
    const late = source.imitates?.serve(request({ method: 'PUT', path: `${PATH}/1`, body: { status: 'success' } }), {
      ...NO_ROWS,
      get: away,
    });
    await expect(late).rejects.toThrow(NotKept);
    expect(source.answer?.({ kind: 'not_kept' }, webhook)).toMatchObject({ status: 503 });
  });
});

describe("GitLab's refusals", () => {
  const without = (name: keyof typeof BODY) => Object.fromEntries(Object.entries(BODY).filter(([key]) => key !== name));

  it.each([
    [without('status'), { error: 'status is missing' }],
    [without('environment'), { error: 'environment is missing' }],
    [without('tag'), { error: 'tag is missing' }],
    [{}, { error: 'environment is missing, sha is missing, ref is missing, tag is missing, status is missing' }],
    [{ ...BODY, environment: '  ' }, { error: 'environment is empty' }],
    [{ ...BODY, environment: ['production'] }, { error: 'environment is invalid' }],
    [{ ...BODY, sha: '' }, { error: 'sha is empty' }],
    [{ ...BODY, tag: 'perhaps' }, { error: 'tag is invalid' }],
    [{ ...BODY, status: 'created' }, { error: 'status does not have a valid value' }],
    [{ ...BODY, status: 7 }, { error: 'status does not have a valid value' }],
    [{ ...BODY, sha: SHA.slice(0, 8) }, { message: { sha: ['The commit does not exist'] } }],
    [{ ...BODY, sha: '0'.repeat(40) }, { message: { sha: ['The commit does not exist'] } }],
    [{ ...BODY, sha: '<no value>' }, { message: { sha: ['The commit does not exist'] } }],
    [{ ...BODY, environment: 'x'.repeat(256) }, { message: { name: ['is too long (maximum is 255 characters)'] } }],
    [[], { error: expect.stringMatching(/^message body does not match declared format/) }],
    ['{"environment": }', { error: expect.stringMatching(/^message body does not match declared format.*line 1/) }],
  ])('of %j are %j', async (body, words) => {
    const { answer, record } = await send({ body });
    expect(answer).toEqual({ status: 400, headers: { 'content-type': 'application/json' }, body: words });
    expect(record).toBeUndefined();
    expect(await rows.list('gitlab-api:harbor/pay')).toEqual([]);
  });

  it.each([
    ['PUT', `${PATH}/99`, { status: 'success' }, 404, { message: '404 Not found' }],
    ['PUT', `${PATH}/x`, { status: 'success' }, 400, { error: 'deployment_id is invalid' }],
    ['PUT', `${PATH}/1`, {}, 400, { error: 'status is missing' }],
    ['GET', `${PATH}/99`, '', 404, { message: '404 Not found' }],
    ['POST', `${PATH}/1/approval`, { status: 'approved' }, 404, { error: '404 Not Found' }],
    ['POST', '/api/v4/projects/30/environments', { name: 'x' }, 404, { error: '404 Not Found' }],
    ['POST', '/api/v4/projects/$PROJECT_ID/deployments', BODY, 404, { message: '404 Project Not Found' }],
    ['POST', '/api/v4/projects/%/deployments', BODY, 404, { message: '404 Project Not Found' }],
    ['POST', '/api/v4/projects/..%2F..%2Fadmin/deployments', BODY, 404, { message: '404 Project Not Found' }],
    ['POST', '/api/v4/user', BODY, 404, { error: '404 Not Found' }],
    ['POST', '/api/v4/anything', BODY, 404, { error: '404 Not Found' }],
    ['DELETE', PATH, '', 405, { error: '405 Not Allowed' }],
    ['POST', PATH, 'environment=x', 415, { error: expect.stringContaining("'text/plain' is not supported") }],
  ])('%s %s is never 2xx', async (method, path, body, status, words) => {
    const headers = status === 415 ? { 'content-type': 'text/plain' } : { 'content-type': 'application/json' };
    expect((await send({ method, path, body, headers })).answer).toMatchObject({ status, body: words });
  });

  it('are shown in the inbox with their messages', async () => {
    expect((await send({ body: { ...BODY, sha: 'abc' } })).refused).toMatch(/commit does not exist.*40 hex digits/);
  });
});

describe('an update', () => {
  const put = (status: string, id: number) => send({ method: 'PUT', path: `${PATH}/${id}`, body: { status } });

  it("follows GitLab's state machine", async () => {
    await send({ body: BODY });
    const words = ['running', 'success', 'success', 'failed', 'running', 'success'];
    const answers = [];
    for (const word of words) answers.push((await put(word, 1)).answer);
    expect(answers.map((answer) => answer?.status)).toEqual([400, 200, 400, 200, 400, 200]);
    expect(answers[2]?.body).toEqual({ message: { status: ['cannot transition via "succeed"'] } });
  });

  it('is the same deployment, which ends at the reported time', async () => {
    const made = await send({ body: BODY });
    const ended = await put('failed', 1);
    expect(ended.record).toMatchObject({ deployment: made.record?.deployment, state: 'failed' });
    expect(ended.record?.finishedAt).toBe(ended.record?.occurredAt);
    expect(ended.answer?.body).toMatchObject({ created_at: made.record?.occurredAt, status: 'failed' });
  });

  it('finds only the deployments of its own project and source', async () => {
    await send({ body: BODY });
    const path = `${PATH.replace('pay', 'cart')}/1`;
    expect((await send({ method: 'PUT', path, body: { status: 'success' } })).answer?.status).toBe(404);
    expect((await send({ method: 'PUT', path: `${PATH}/1`, body: { status: 'success' } }, argo)).answer?.status).toBe(
      404,
    );
  });
});

describe('lists', () => {
  const get = (query: string) => send({ method: 'GET', query, body: '' });
  const ids = (answer: Answer | undefined) => (answer?.body as { id: number }[] | undefined)?.map(({ id }) => id); // GitLab's shape
  beforeEach(async () => {
    for (const status of ['success', 'failed', 'running', 'success'])
      await send({ body: { ...BODY, status, environment: `quay-${status}`, ref: `r${status}` } });
    await send({ body: { ...BODY, status: 'success', environment: 'quay-success', sha: 'c'.repeat(40) } });
  });

  it.each([
    ['', [1, 2, 3, 4]],
    ['sort=desc', [4, 3, 2, 1]],
    ['order_by=updated_at&sort=desc', [4, 3, 2, 1]],
    ['status=success', [1, 4]],
    ['environment=quay-failed', [2]],
    ['status=success&order_by=finished_at&finished_after=2000-01-01T00:00:00Z', [1, 4]],
    ['order_by=updated_at&updated_after=2099-01-01', []],
    ['per_page=3', [1, 2, 3]],
    ['per_page=3&page=2', [4]],
    ['per_page=3&page=9', []],
  ])('?%s are %j', async (query, expected) => {
    expect(ids((await get(query)).answer)).toEqual(expected);
  });

  it.each([
    'sort=up',
    'status=done',
    'order_by=sha',
    'page=0',
    'per_page=x',
    'updated_after=2026-01-01',
    'order_by=updated_at&updated_after=yesterday',
  ])('?%s is refused', async (query) => {
    expect((await get(query)).answer?.status).toBe(400);
  });

  it('link the next page, without a token', async () => {
    const first = (await get('per_page=2&private_token=secret')).answer;
    expect(first?.headers).toMatchObject({ 'x-next-page': '2', 'x-total': '4', 'x-total-pages': '2', 'x-page': '1' });
    expect(first?.headers?.['link']).toContain(`<http://shiplog.example${PATH}?per_page=2&page=2>; rel="next"`);
    expect(first?.headers?.['link']).not.toContain('secret');
    const keyset = (await get('pagination=keyset&per_page=3&order_by=id&sort=desc')).answer;
    const next = /\?([^>]+)>; rel="next"/.exec(keyset?.headers?.['link'] ?? '')?.[1];
    expect(ids((await get(next ?? '')).answer)).toEqual([1]);
  });

  it('of merge requests are empty for an existing deployment', async () => {
    const of = (id: number) => send({ method: 'GET', path: `${PATH}/${id}/merge_requests` });
    expect((await of(1)).answer).toMatchObject({ status: 200, body: [] });
    expect((await of(99)).answer?.status).toBe(404);
  });
});

describe('a removal', () => {
  const remove = async (id: number) => (await send({ method: 'DELETE', path: `${PATH}/${id}` })).answer;

  it('refuses running and deployed ones, as GitLab does', async () => {
    await send({ body: { ...BODY, status: 'success' } });
    await send({ body: { ...BODY, status: 'failed' } });
    await send({ body: { ...BODY, sha: 'b'.repeat(40) } });
    expect(await remove(3)).toMatchObject({ status: 400, body: { message: 'Cannot destroy running deployment' } });
    expect(await remove(1)).toMatchObject({
      status: 400,
      body: { message: 'Deployment currently deployed to environment' },
    });
    expect(await remove(2)).toMatchObject({ status: 204, body: undefined });
    expect((await send({ method: 'GET', path: `${PATH}/2` })).answer?.status).toBe(404);
  });
});

describe('a deployment that was made while Redis was unreachable', () => {
  it('and recorded after the next one is not the newest: A, B, A are three', async () => {
    const away: Rows = { ...rows, newest: () => Promise.reject(new NotKept('away')) };
    const made = (sha: string, by: Rows) =>
      source.imitates?.serve(request({ body: { ...BODY, sha, status: 'success' } }), by);
    const spooled = await made(SHA, away);
    const next = await made('b'.repeat(40), rows);
    if (spooled?.kind !== 'webhook' || next?.kind !== 'webhook' || !spooled.row) throw new Error('not made');
    await rows.put(spooled.row);
    const last = await made(SHA, rows);
    const ids = [spooled, next, last].map((one) => idOf(one?.answer));
    expect(new Set(ids).size).toBe(3);
  });
});

describe('a token in the query', () => {
  const verify = (path: string, query: string) => () => source.verify({ ...request({ path, query }), headers: {} });

  it.each(['private_token', 'access_token', 'job_token'])('is accepted as %s, as GitLab does', (name) => {
    expect(verify(PATH, `environment=qa&${name}=${SECRETS[0]}`)).not.toThrow();
    expect(verify(PATH, `${name}=another`)).toThrow('the token is not one of the secrets');
  });

  it('is not accepted at a path that is none of the API', () => {
    expect(verify('/webhooks/gitlab-api', `private_token=${SECRETS[0]}`)).toThrow('the token is missing');
  });
});

describe('what clients query first', () => {
  it.each([
    ['/api/v4/projects/harbor%2Fpay', { id: expect.any(Number), path_with_namespace: 'harbor/pay' }],
    ['/api/v4/metadata', { version: expect.stringMatching(/^\d+\.\d+\.\d+$/) }],
    ['/api/v4/version', { version: expect.stringMatching(/^\d+\.\d+\.\d+$/) }],
    ['/api/v4/projects/4711', { id: 4711 }],
    ['/api/v4/user', { username: 'shiplog' }],
  ])('%s is answered', async (path, body) => {
    expect((await send({ method: 'GET', path })).answer).toMatchObject({ status: 200, body });
  });

  const look = async (project: string) =>
    idOf((await send({ method: 'GET', path: `/api/v4/projects/${encodeURIComponent(project)}` })).answer);

  it('a project that is named by its path has one number, by which it can be named afterwards', async () => {
    const asked = ['harbor/pay', 'Harbor/Pay', 'harbor/tide', 'harbor/pay'];
    const [pay, samePay, tide, payAgain] = await Promise.all(asked.map(look));
    expect([samePay, payAgain]).toEqual([pay, pay]);
    expect(tide).not.toBe(pay);
    const byPath = await send({ body: BODY });
    const byNumber = await send({ path: `/api/v4/projects/${pay}/deployments`, body: { ...BODY, status: 'success' } });
    expect(idOf(byNumber.answer)).toBe(idOf(byPath.answer));
    expect(byNumber.record).toMatchObject({
      deployment: byPath.record?.deployment,
      service: 'pay',
      repository: { gitlabProject: 'harbor/pay' },
    });
    expect((await send({ method: 'GET', path: `/api/v4/projects/${pay}` })).answer?.body).toMatchObject({
      id: pay,
      path_with_namespace: 'harbor/pay',
    });
  });

  it('a number that was never given out is no project', async () => {
    const { answer } = await send({ path: '/api/v4/projects/2000000999/deployments', body: BODY });
    expect(answer).toMatchObject({ status: 404, body: { message: '404 Project Not Found' } });
  });
});

describe("the tokens and paths of Argo CD's source", () => {
  const sendTo = (path: string, body: unknown) => send({ path, body }, argo);

  it.each([
    ['/api/v4/projects/harbor%2Fpay/deployments', 'harbor/pay'],
    ['/webhooks/argocd/projects/harbor%2fpay/deployments/', 'harbor/pay'],
    ['/webhooks/argocd/projects/harbor/pay/deployments', 'harbor/pay'],
    ['/webhooks/argocd/api/v4/projects/4711/deployments', '4711'],
  ])('create a deployment at %s of %s', async (path, project) => {
    const { answer, record } = await sendTo(path, { ...BODY, tag: 'false' });
    expect(answer?.status).toBe(201);
    expect(record).toMatchObject({
      source: 'argocd',
      repository: { name: project },
      tags: ['argocd', 'gitlab-drop-in'],
    });
  });

  it('record a deployment without a commit if the template cannot send one, and separate three of them', async () => {
    const ids = [];
    for (const status of ['success', 'failed', 'success']) {
      const { answer, record } = await sendTo(PATH, { ...BODY, sha: '<no value>', status });
      ids.push(idOf(answer));
      expect(record?.notes).toEqual(['There is no commit: sha is "<no value>", no full commit sha.']);
    }
    expect(ids).toEqual([1, 2, 3]);
    expect((await sendTo(PATH, { ...BODY, sha: '0.9.3' })).record?.commit).toBeUndefined();
    expect((await sendTo(PATH, { ...BODY, sha: 'abc123' })).answer?.status).toBe(400);
  });

  it('treat a repeat without a commit as another deployment, unless it arrives at the same time', async () => {
    const body = { ...BODY, sha: '<no value>', status: 'success' };
    const at = (seconds: number) => ({
      body,
      receivedAt: new Date(Date.parse('2026-05-04T12:00:00Z') + seconds * 1_000),
    });
    const ids = [];
    for (const seconds of [0, 0.2, 3, 3.1, 60]) ids.push(idOf((await send(at(seconds), argo)).answer));
    expect(ids).toEqual([1, 1, 2, 2, 3]);
    const began = idOf((await sendTo(PATH, { ...body, environment: 'qa', status: 'running' })).answer);
    expect(idOf((await sendTo(PATH, { ...body, environment: 'qa' })).answer)).toBe(began);
  });

  it('use the configured branch', async () => {
    const to = argocd.parse({ type: 'argocd', secrets: SECRETS, default_ref: 'trunk' });
    const { ref: _, ...body } = BODY;
    expect((await send({ body }, to)).record?.ref).toBe('trunk');
    expect((await send({ body }, argo)).answer?.body).toEqual({ error: 'ref is missing' });
  });

  it('accept a commit status as a form and as a query, and refuse one without a state', async () => {
    const path = `/api/v4/projects/30/statuses/${SHA}`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const form = await send({ path, headers, body: 'state=success&name=deploy/quay&ref=refs/heads/main' }, argo);
    expect(form.record).toMatchObject({ state: 'succeeded', environment: { name: 'quay' }, ref: 'main' });
    expect((await send({ path, query: 'state=failed', body: '' }, argo)).record?.state).toBe('failed');
    const refused = await send({ path, body: {} }, argo);
    expect(refused.answer).toMatchObject({ status: 400, body: { error: 'state is missing' } });
  });

  it("map this source's own bodies at any path", async () => {
    const { answer, mapped } = await sendTo(PATH, { schema: 'shiplog/argocd/v1', app: { name: 'pay' } });
    expect(answer).toBeUndefined();
    expect(mapped).toBeDefined();
  });
});

describe('a body', () => {
  const multipart = (boundary: string, fields: Record<string, string>) =>
    Object.entries(fields)
      .map(([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
      .join('')
      .concat(`--${boundary}--\r\n`);
  const text = Object.fromEntries(Object.entries(BODY).map(([name, value]) => [name, String(value)]));

  it.each([
    ['a form', 'application/x-www-form-urlencoded; charset=utf-8', new URLSearchParams(text).toString()],
    ['the parts of a form', 'multipart/form-data; boundary=------x', multipart('------x', text)],
    ['the parts of a form, quoted', 'multipart/form-data; boundary="a b"', multipart('a b', text)],
    ['JSON without a type', '', JSON.stringify(BODY)],
    ['JSON as curl calls it', 'application/x-www-form-urlencoded', JSON.stringify(BODY)],
    ['JSON of a vendor', 'application/vnd.api+json', JSON.stringify(BODY)],
  ])('may be %s', async (_, type, body) => {
    const headers = type ? { 'content-type': type } : {};
    expect((await send({ headers, body })).record).toMatchObject({ state: 'running', commit: { sha: SHA } });
  });

  it('may be in the query, and takes precedence over it', async () => {
    const query = new URLSearchParams({ ...text, environment: 'query' }).toString();
    expect((await send({ query, body: '' })).record?.environment.name).toBe('query');
    expect((await send({ query, body: { environment: 'body' } })).record?.environment.name).toBe('body');
  });

  it.each([
    ['multipart/form-data', 'no boundary'],
    ['multipart/form-data; boundary=x', 'no parts'],
    ['multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data; name="environment"\r\n\r\ncut off'],
  ])('%s that is broken is refused', async (type, body) => {
    expect((await send({ headers: { 'content-type': type }, body })).answer?.status).toBe(400);
  });
});
