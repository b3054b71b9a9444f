import { createHmac } from 'node:crypto';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitlabDeploymentHook, SECRET, startTestBridge } from '../support/bridge.ts';
import { exchange, open, type RawRequest, rawRequest, type Step } from '../support/raw-http.ts';
import { duration, expectWithin } from '../support/time.ts';

const WITHIN_MS = 1_000;
const LIMIT_BYTES = 64 * 1024;
const TOKEN = ['X-Gitlab-Token', SECRET] as const;
const SIGNED = [TOKEN, ['X-Gitlab-Event', 'Deployment Hook']] as const;

let bridge: Awaited<ReturnType<typeof startTestBridge>>;
/** Begun first and looked at last, so that the others need not wait for them. */
let slow: { name: string; ended: Promise<{ status: number | undefined; ms: number }> }[];

beforeAll(async () => {
  const small = { type: 'gitlab', name: 'small', secrets: [SECRET], max_body_mib: LIMIT_BYTES / 1024 / 1024 };
  const types = ['gitlab', 'bitbucket', 'argocd', 'changes-api'];
  bridge = await startTestBridge({ sources: [...types.map((type) => ({ type, secrets: [SECRET] })), small] });
  expect((await ordinary()).status).toBe(202);
  slow = [
    {
      name: 'a body that is shorter than it says',
      ended: endOf(post({ headers: [...SIGNED, ['Content-Length', '500']], framing: 'none', body: '{"a":' })),
    },
    {
      name: 'a body that comes a byte a second',
      ended: endOf(post({ headers: [...SIGNED, ['Content-Length', '500']], framing: 'none' }), 'x'),
    },
    {
      name: 'chunks without end',
      ended: endOf(post({ headers: [...SIGNED, ['Transfer-Encoding', 'chunked']], framing: 'none' }), '1\r\nx\r\n'),
    },
  ];
});
afterAll(() => bridge.stop());

let jobs = 9000;
/** A deployment that nobody has told yet. */
const hook = () => JSON.stringify(gitlabDeploymentHook({ deployable_id: jobs++ }));
const post = (said: RawRequest) => rawRequest({ path: '/webhooks/gitlab', headers: SIGNED, ...said });
const ordinary = () =>
  bridge.post('/webhooks/gitlab', hook(), { 'x-gitlab-token': SECRET, 'x-gitlab-event': 'Deployment Hook' });

/** JSON of exactly so many bytes. */
function bodyOf(bytes: number): string {
  const text = hook();
  return text.replace(/\}$/, `,"pad":"${'x'.repeat(bytes - text.length - 9)}"}`);
}

async function endOf(head: Buffer, everySecond?: string): Promise<{ status: number | undefined; ms: number }> {
  const socket = await open(bridge.url);
  const startedMs = performance.now();
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.write(head);
  const timer = setInterval(() => everySecond !== undefined && socket.write(everySecond), 1_000);
  await new Promise((resolve) => socket.once('close', resolve));
  clearInterval(timer);
  return { status: Number(/^HTTP\/1.1 (\d+)/.exec(text)?.[1]), ms: performance.now() - startedMs };
}

interface Case {
  readonly name: string;
  readonly sent: () => Step | readonly Step[];
  readonly status: number;
  /** What the inbox says of it; `nothing` where it never was a webhook. */
  readonly inbox: string;
  /** The answer to HEAD has no body. */
  readonly head?: boolean;
}

/** Refusals of one address for one reason are one entry with a count. */
async function inboxTotal(): Promise<number> {
  let repeats = 0;
  for (let offset = 0; ; offset += 100) {
    const { data, meta } = (await bridge.get(`/api/inbox?limit=100&offset=${offset}`)).body;
    for (const { count = 1 } of data) repeats += count - 1;
    if (!meta.has_more) return meta.total + repeats;
  }
}

async function lastInInbox(): Promise<string> {
  const { body } = await bridge.get('/api/inbox?limit=1');
  const { verdict, reason } = body.data[0];
  return reason ? `${verdict}: ${reason}` : verdict === 'accepted' ? 'recorded' : verdict;
}

async function check({ sent, status, inbox, head = false }: Case): Promise<void> {
  const before = await inboxTotal();
  const { answers, ms } = await exchange(bridge.url, sent(), { head });
  expect(answers.map((answer) => answer.status)).toEqual([status]);
  expectWithin(ms, WITHIN_MS);
  if (inbox === 'nothing') expect(await inboxTotal()).toBe(before);
  else {
    await expect.poll(inboxTotal, { interval: 10 }).toBe(before + 1);
    expect(await lastInInbox()).toBe(inbox);
  }
  expect((await ordinary()).status).toBe(202);
}

const row = (name: string, status: number, inbox: string, said: RawRequest | (() => RawRequest)): Case => ({
  name,
  status,
  inbox,
  sent: () => post(typeof said === 'function' ? said() : said),
});
const taken = (name: string, said: () => RawRequest): Case => row(name, 202, 'recorded', said);
const never = (name: string, status: number, sent: Case['sent']): Case => ({ name, status, inbox: 'nothing', sent });

const sentBy = (name: string, status: number, sent: Case['sent']): Case => ({
  ...{ name, status, sent },
  inbox: 'rejected: wrong_method',
});

const METHODS: readonly Case[] = [
  ...['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'].map((method) =>
    sentBy(method, 405, () => post({ method, body: hook() })),
  ),
  ...['GET', 'OPTIONS'].map((method) =>
    never(`${method} of a browser`, 405, () => post({ method, headers: [], framing: 'none' })),
  ),
  { ...never('HEAD', 405, () => post({ method: 'HEAD', headers: [], framing: 'none' })), head: true },
  never('a method that HTTP has not', 400, () => post({ method: 'BREW', body: hook() })),
  never('a method in lower case', 400, () => post({ method: 'post', body: hook() })),
  sentBy('PUT of what is too large', 405, () =>
    post({ method: 'PUT', path: '/webhooks/small', body: bodyOf(LIMIT_BYTES + 1) }),
  ),
];

const TYPES: readonly Case[] = [
  'application/json',
  'application/json; charset=utf-8',
  'application/json; charset=utf-16',
  'application/json; charset="',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'image/png',
  ';;;',
  '',
].map((type) =>
  taken(`the content type "${type}"`, () => ({ headers: [...SIGNED, ['Content-Type', type]], body: hook() })),
);

const BODIES: readonly Case[] = [
  taken('no content type', () => ({ body: hook() })),
  row('no body, and none is announced', 400, 'rejected: not_json', { framing: 'none' }),
  row('an empty body', 400, 'rejected: not_json', {}),
  row('an empty chunked body', 400, 'rejected: not_json', { framing: 'chunked' }),
  row('white space', 400, 'rejected: not_json', { body: ' \r\n\t' }),
  row('an empty object', 202, 'ignored: unmapped', { body: '{}' }),
  row('an array', 202, 'ignored: unmapped', { body: '[]' }),
  row('null', 202, 'ignored: unmapped', { body: 'null' }),
  row('a number', 202, 'ignored: unmapped', { body: '7' }),
  row('a text', 202, 'ignored: unmapped', { body: '"deployed"' }),
  row('no body and no token', 401, 'rejected: bad_signature', { headers: [], framing: 'none' }),
];

const SIZES: readonly Case[] = (['length', 'chunked'] as const).flatMap((framing) => {
  const sized = (bytes: number) => () => ({ path: '/webhooks/small', framing, body: bodyOf(bytes) });
  return [
    taken(`one byte less than the limit (${framing})`, sized(LIMIT_BYTES - 1)),
    taken(`exactly the limit (${framing})`, sized(LIMIT_BYTES)),
    row(`one byte more than the limit (${framing})`, 413, 'rejected: too_large', sized(LIMIT_BYTES + 1)),
    row(`ten times the limit (${framing})`, 413, 'rejected: too_large', sized(10 * LIMIT_BYTES)),
  ];
});

const length = (value: string): RawRequest => ({
  headers: [...SIGNED, ['Content-Length', value]],
  framing: 'none',
  body: '{"a":1}',
});
const LENGTHS: readonly Case[] = [
  row('a terabyte announced', 413, 'rejected: too_large', length('1099511627776')),
  ...['-1', '+7', '7.0', '0x7', '7 7', '', 'seven', '99999999999999999999999'].map((value) =>
    never(`the content length "${value}"`, 400, () => post(length(value))),
  ),
];

const zipped = (body: Buffer, encoding = 'gzip', path = '/webhooks/gitlab'): RawRequest => ({
  path,
  headers: [...SIGNED, ['Content-Encoding', encoding]],
  body,
});
const ENCODINGS: readonly Case[] = [
  taken('gzip', () => zipped(gzipSync(hook()))),
  taken('gzip by its old name', () => zipped(gzipSync(hook()), 'x-gzip')),
  taken('deflate', () => zipped(deflateSync(hook()), 'deflate')),
  taken('deflate without its header, as many clients send it', () => zipped(deflateRawSync(hook()), 'deflate')),
  taken('no encoding, in words', () => zipped(Buffer.from(hook()), 'utf-8')),
  row('a gzip bomb of 200 MiB', 413, 'rejected: too_large', () => zipped(BOMB)),
  row('gzip that is over the limit only when it is opened', 413, 'rejected: too_large', () =>
    zipped(gzipSync(bodyOf(LIMIT_BYTES + 1)), 'gzip', '/webhooks/small'),
  ),
  row('gzip that is none', 400, 'rejected: not_json', () => zipped(Buffer.from(hook()))),
  row('deflate that is none', 400, 'rejected: not_json', () => zipped(Buffer.from(hook()), 'deflate')),
  row('gzip that breaks off', 400, 'rejected: not_json', () => zipped(gzipSync(hook()).subarray(0, 60))),
  row('gzip twice', 400, 'rejected: not_json', () => zipped(gzipSync(gzipSync(hook())), 'gzip, gzip')),
  row('an encoding that nobody knows', 400, 'rejected: not_json', () => zipped(Buffer.from(hook()), 'snappy')),
];
const BOMB = gzipSync(Buffer.alloc(200 * 1024 * 1024));

const many = (count: number): (readonly [string, string])[] =>
  Array.from({ length: count }, (_, index) => [`X-Pad-${index}`, 'x'] as const);
const wrong = 'wrong-but-long-enough-xx';
const hubSignature = (body: string) => `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
const HEADERS: readonly Case[] = [
  taken('a header of 20 KiB', () => ({ headers: [...SIGNED, ['X-Pad', 'x'.repeat(20 * 1024)]], body: hook() })),
  taken('200 headers', () => ({ headers: [...SIGNED, ...many(200)], body: hook() })),
  never('a header of 40 KiB', 431, () => post({ headers: [...SIGNED, ['X-Pad', 'x'.repeat(40 * 1024)]] })),
  never('4,000 headers', 431, () => post({ headers: [...many(4_000), ...SIGNED] })),
  row('the right token twice', 401, 'rejected: bad_signature', () => ({ headers: [...SIGNED, TOKEN], body: hook() })),
  row('a right token, then a wrong one', 401, 'rejected: bad_signature', () => ({
    headers: [...SIGNED, ['x-gitlab-token', wrong]],
    body: hook(),
  })),
  row('a wrong token, then a right one', 401, 'rejected: bad_signature', () => ({
    headers: [['x-gitlab-token', wrong], ...SIGNED],
    body: hook(),
  })),
  row('a signature twice', 401, 'rejected: bad_signature', () => {
    const signature = ['X-Hub-Signature', hubSignature('{}')] as const;
    return { path: '/webhooks/bitbucket', headers: [signature, signature], body: '{}' };
  }),
  ...[
    [SECRET, wrong],
    [wrong, SECRET],
    [SECRET, SECRET],
  ].map((tokens, index) =>
    row(`two Authorization headers (${index + 1})`, 401, 'rejected: bad_signature', () => ({
      path: '/webhooks/argocd',
      headers: tokens.map((token) => ['Authorization', `Bearer ${token}`] as const),
      body: '{}',
    })),
  ),
  taken('a header that is not ASCII', () => ({
    headers: [...SIGNED, ['User-Agent', 'Gr\xfc\xdfe \xf0\x9f\x9a\xa2']],
    body: hook(),
  })),
  row('a token that is not ASCII', 401, 'rejected: bad_signature', () => ({
    headers: [['X-Gitlab-Token', '\xfc'.repeat(24)]],
    body: hook(),
  })),
  never('a control character in a header', 400, () =>
    post({ headers: [...SIGNED, ['User-Agent', 'a\x00b']], body: hook() }),
  ),
  never('a header name with a space', 400, () => post({ headers: [...SIGNED, ['User Agent', 'x']], body: hook() })),
  never('a header over two lines', 400, () => post({ headers: [...SIGNED, ['X-Pad', 'a\r\n b']], body: hook() })),
  taken('another Expect than 100-continue', () => ({ headers: [...SIGNED, ['Expect', 'a miracle']], body: hook() })),
];

const PATHS: readonly Case[] = [
  taken('a slash at its end', () => ({ path: '/webhooks/gitlab/', body: hook() })),
  taken('an absolute address', () => ({ path: 'http://harbor.example:8080/webhooks/gitlab', body: hook() })),
  taken('a query', () => ({ path: '/webhooks/gitlab?a=/../b&a=%00', body: hook() })),
  taken('something below the source', () => ({ path: '/webhooks/gitlab/lighthouse/../..', body: hook() })),
  taken('something below the source that cannot be decoded', () => ({ path: '/webhooks/gitlab/%ZZ%00', body: hook() })),
  taken('20 KiB', () => ({ path: `/webhooks/gitlab/${'x'.repeat(20 * 1024)}`, body: hook() })),
  ...[
    '/webhooks',
    '/webhooks/',
    '/webhooks/../webhooks/gitlab',
    '/webhooks/..%2fgitlab',
    '/webhooks/gitlab%00',
    '/webhooks/%67itlab',
    '/WEBHOOKS/gitlab',
    '/webhooks/gitlab;x',
    '/webhooks/__proto__',
    '/webhooks/constructor',
    'http://other.example/webhooks/nobody',
    '*',
  ].map((path) => row(`"${path}"`, 404, 'rejected: no_such_source', () => ({ path, body: hook() }))),
  ...['/webhooks//gitlab', '//webhooks/gitlab', '//webhooks///gitlab//'].map((path) =>
    taken(`doubled slashes: "${path}"`, () => ({ path, body: hook() })),
  ),
  never('one that cannot be decoded, of the API', 400, () =>
    rawRequest({
      method: 'GET',
      path: '/api/inbox/%ZZ',
      headers: [['Authorization', 'Bearer an-admin-token-for-tests']],
    }),
  ),
  never('40 KiB', 431, () => post({ path: `/webhooks/gitlab/${'x'.repeat(40 * 1024)}`, body: hook() })),
  never('a space', 400, () => post({ path: '/webhooks/git lab', body: hook() })),
];

const smuggled = rawRequest({ path: '/webhooks/gitlab', headers: SIGNED, body: '{"smuggled":true}' }).toString(
  'latin1',
);
const SMUGGLING: readonly Case[] = [
  never('both Content-Length and Transfer-Encoding', 400, () =>
    post({
      headers: [...SIGNED, ['Content-Length', '4'], ['Transfer-Encoding', 'chunked']],
      framing: 'none',
      body: `0\r\n\r\n${smuggled}`,
    }),
  ),
  never('both, the other way round', 400, () =>
    post({
      headers: [...SIGNED, ['Transfer-Encoding', 'chunked'], ['Content-Length', '4']],
      framing: 'none',
      body: `0\r\n\r\n${smuggled}`,
    }),
  ),
  never('two lengths that differ', 400, () =>
    post({
      headers: [...SIGNED, ['Content-Length', '0'], ['Content-Length', String(smuggled.length)]],
      framing: 'none',
      body: smuggled,
    }),
  ),
  never('two lengths that are the same', 400, () =>
    post({ headers: [...SIGNED, ['Content-Length', '2']], body: '{}' }),
  ),
  ...['xchunked', 'chunked, identity', 'gzip, chunked, gzip', 'identity'].map((value) =>
    never(`Transfer-Encoding: ${value}`, 400, () =>
      post({ headers: [...SIGNED, ['Transfer-Encoding', value]], framing: 'none', body: `0\r\n\r\n${smuggled}` }),
    ),
  ),
  never('a space before the colon', 400, () =>
    post({ headers: [...SIGNED, ['Transfer-Encoding ', 'chunked']], framing: 'none', body: `0\r\n\r\n${smuggled}` }),
  ),
  never('bare line feeds', 400, () => post({ body: hook() }).toString('latin1').replaceAll('\r\n', '\n')),
  never('a chunk size that is no number', 400, () =>
    post({ headers: [...SIGNED, ['Transfer-Encoding', 'chunked']], framing: 'none', body: 'zz\r\n{}\r\n0\r\n\r\n' }),
  ),
  never('a chunk that is longer than it says', 400, () =>
    post({
      headers: [...SIGNED, ['Transfer-Encoding', 'chunked']],
      framing: 'none',
      body: `1\r\n{}\r\n0\r\n\r\n${smuggled}`,
    }),
  ),
  {
    name: 'chunk extensions, which mean nothing',
    status: 202,
    inbox: 'recorded',
    sent: () => {
      const body = hook();
      const chunks = `${Buffer.byteLength(body).toString(16)};name="a value"\r\n${body}\r\n0;last\r\n\r\n`;
      return post({ headers: [...SIGNED, ['Transfer-Encoding', 'chunked']], framing: 'none', body: chunks });
    },
  },
  never('chunk extensions without end', 413, () =>
    post({
      headers: [...SIGNED, ['Transfer-Encoding', 'chunked']],
      framing: 'none',
      body: `2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
    }),
  ),
  never('no Host', 400, () => post({ body: hook() }).toString('latin1').replace('Host: bridge.example\r\n', '')),
  never('HTTP/2 without asking', 400, () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  never('another protocol altogether', 400, () => Buffer.from([0x16, 0x03, 0x01, 0x00, 0xf4, 0x01])),
];

describe.each([
  ['a method', METHODS],
  ['a content type', TYPES],
  ['a body', BODIES],
  ['a size', SIZES],
  ['a content length', LENGTHS],
  ['a content encoding', ENCODINGS],
  ['headers', HEADERS],
  ['a path', PATHS],
  ['what a proxy may read otherwise', SMUGGLING],
])('%s', (_, cases) => {
  it.each(cases)('$name: $status, inbox: $inbox', (one) => check(one));
});

describe('over one connection', () => {
  const accepted = (text: string) => expect(text).toContain('"accepted"');
  const changeOf = async (job: number) =>
    (await bridge.get(`/api/deployments/${encodeURIComponent(`gitlab:git.harbor.example:77:job:${job}`)}`)).body.data
      ?.change;

  it('Expect: 100-continue gets 100, then the response', async () => {
    const body = hook();
    const head = post({
      headers: [...SIGNED, ['Expect', '100-continue'], ['Content-Length', String(body.length)]],
      framing: 'none',
    });
    const { answers, interim, ms } = await exchange(bridge.url, [head, 50, body]);
    expect(interim).toEqual([100]);
    expect(answers[0]?.status).toBe(202);
    expectWithin(ms, WITHIN_MS);
  });

  it('a body that is announced too large is refused before it is sent', async () => {
    const head = post({ headers: [...SIGNED, ['Content-Length', '1099511627776']], framing: 'none' });
    const { answers, ms } = await exchange(bridge.url, head);
    expect(answers[0]?.status).toBe(413);
    expectWithin(ms, WITHIN_MS);
  });

  it('pipelined webhooks are answered each, in order, also when one of them is bad', async () => {
    const sent = Buffer.concat([
      post({ body: hook() }),
      post({ body: 'no JSON' }),
      post({ headers: [], body: hook() }),
      post({ body: hook() }),
    ]);
    const { answers } = await exchange(bridge.url, sent, { answers: 4 });
    expect(answers.map(({ status }) => status)).toEqual([202, 400, 401, 202]);
  });

  it('a webhook with a Content-Length that is too short ends there, and the rest is not a second webhook', async () => {
    const before = await inboxTotal();
    const sent = post({ headers: [...SIGNED, ['Content-Length', '2']], framing: 'none', body: `{}${hook()}` });
    const { answers, ms } = await exchange(bridge.url, sent);
    expect(answers.map(({ status }) => status)).toEqual([400]);
    expectWithin(ms, WITHIN_MS);
    await expect.poll(inboxTotal, { interval: 10 }).toBe(before + 1);
    await bridge.settled();
    expect(await inboxTotal()).toBe(before + 1);
  });

  it('a webhook that arrives byte by byte, with a multi-byte character, is accepted', async () => {
    const job = jobs++;
    const body = JSON.stringify(gitlabDeploymentHook({ deployable_id: job, commit_title: 'Läuft 🚢' }));
    const split = Buffer.from(body).indexOf('🚢');
    const bytes = post({ body });
    const at = bytes.length - Buffer.byteLength(body) + split + 2;
    const { answers } = await exchange(bridge.url, [
      bytes.subarray(0, 1),
      20,
      bytes.subarray(1, at),
      20,
      bytes.subarray(at, at + 1),
      20,
      bytes.subarray(at + 1),
    ]);
    accepted(answers[0]?.text ?? '');
    await expect.poll(() => changeOf(job)).toMatchObject({ commit_message: 'Läuft 🚢' });
  });

  it('a sender that half-closes after the webhook gets the answer, and then the connection is closed', async () => {
    const job = jobs++;
    const sent = post({ body: JSON.stringify(gitlabDeploymentHook({ deployable_id: job })) });
    const { answers, ms, cut } = await exchange(bridge.url, sent, { halfClose: true, answers: 2 });
    expect(answers.map(({ status }) => status)).toEqual([202]);
    expect(cut).toBe(true);
    expectWithin(ms, WITHIN_MS);
    await expect.poll(() => changeOf(job)).toMatchObject({ status: 'succeeded' });
  });

  it('a sender that half-closes after several webhooks gets all answers, in order', async () => {
    const sent = Buffer.concat([post({ body: hook() }), post({ body: 'no JSON' }), post({ body: hook() })]);
    const { answers, cut } = await exchange(bridge.url, sent, { halfClose: true, answers: 4 });
    expect(answers.map(({ status }) => status)).toEqual([202, 400, 202]);
    expect(cut).toBe(true);
  });

  it('a connection that is half-closed without a request, or between two requests, is closed at once', async () => {
    for (const sent of [Buffer.alloc(0), post({ body: hook() })]) {
      const { cut, answers } = await exchange(bridge.url, [sent, 50], { halfClose: true, answers: 2 });
      expect(answers.length).toBe(sent.length === 0 ? 0 : 1);
      expect(cut).toBe(true);
    }
  });

  it('a sender that half-closes before the end gets 400, without an entry in the inbox', async () => {
    const before = await inboxTotal();
    for (const broken of ['{"half":', '']) {
      const head = post({ headers: [...SIGNED, ['Content-Length', '500']], framing: 'none', body: broken });
      expect((await exchange(bridge.url, head, { halfClose: true })).answers.map(({ status }) => status)).toEqual([
        400,
      ]);
    }
    expect((await ordinary()).status).toBe(202);
    expect(await inboxTotal()).toBe(before + 1);
  });

  it('a deployment is recorded even if the sender disconnects before the response', async () => {
    const job = jobs++;
    const socket = await open(bridge.url);
    socket.write(post({ body: JSON.stringify(gitlabDeploymentHook({ deployable_id: job })) }), () => socket.destroy());
    await expect.poll(() => changeOf(job)).toMatchObject({ status: 'succeeded' });
  });

  it('a sender that disconnects within the body leaves nothing', async () => {
    const before = await inboxTotal();
    for (let count = 0; count < 20; count++) {
      const socket = await open(bridge.url);
      socket.write(post({ body: hook() }).subarray(0, 400), () => socket.resetAndDestroy());
    }
    expect((await ordinary()).status).toBe(202);
    expect(await inboxTotal()).toBe(before + 1);
  });
});

describe('slow senders', () => {
  it('are disconnected after 10 s, with the reason', async () => {
    for (const { name, ended } of slow) {
      const { status, ms } = await ended;
      expect(status, name).toBe(408);
      expectWithin(ms, 12_500, name);
    }
  });

  it('do not hold up the shutdown', async () => {
    const other = await startTestBridge();
    const socket = await open(other.url);
    socket.write(post({ headers: [...SIGNED, ['Content-Length', '500']], framing: 'none', body: '{' }));
    expect((await other.get('/livez')).status).toBe(200);
    expectWithin(await duration(other.stop), 4_500);
  });
});

it('none of this was an internal error', () => {
  const words = bridge.logged
    .filter(({ level }) => Number(level) >= 40)
    .map(({ error }) => (error as Error | undefined)?.message);
  expect(words.filter((word) => word !== 'the request ended early')).toEqual([]);
});
