import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { expiresAt } from '../../src/sources/argocd/token.ts';
import { watchExpiry } from '../../src/telemetry/expiry.ts';
import { ADMIN_TOKEN, SECRET, startTestBridge } from '../support/bridge.ts';
import { GITLAB_TOKEN, startFakeGitlab } from '../support/fake-gitlab.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const encoded = (claims: unknown) => Buffer.from(JSON.stringify(claims)).toString('base64url');
const jwt = (claims: unknown) => `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded(claims)}.c2lnbmF0dXJl`;

describe('the metric of expiring tokens', () => {
  let gitlab: Awaited<ReturnType<typeof startFakeGitlab>>;
  beforeEach(async () => {
    gitlab = await startFakeGitlab({ projects: [] });
  });
  afterEach(() => gitlab.close());

  const said = (argocdToken: string) => ({
    sources: [
      { type: 'gitlab', secrets: [SECRET], api: { url: gitlab.url, token: GITLAB_TOKEN } },
      { type: 'argocd', secrets: [SECRET], api: { url: gitlab.url, token: argocdToken } },
    ],
    sinks: [{ type: 'gitlab-deployments', url: gitlab.url, token: GITLAB_TOKEN }],
  });
  async function start(argocdToken: string) {
    const bridge = await startTestBridge(said(argocdToken));
    onTestFinished(() => bridge.stop());
    return {
      ...bridge,
      ends: async () =>
        (await (await fetch(`${bridge.url}/metrics`)).text())
          .split('\n')
          .filter((line) => line.startsWith('shiplog_secret_expires_timestamp_seconds{')),
    };
  }
  const asked = () => gitlab.requests.filter(({ path }) => path.endsWith('/personal_access_tokens/self'));

  it('has the expiry from GitLab, and from the token of Argo CD', async () => {
    const bridge = await start(jwt({ sub: 'harbor', exp: 1_900_000_000 }));
    const day = Date.parse('2030-01-01T00:00:00Z') / 1000;
    await expect
      .poll(async () => (await bridge.ends()).sort())
      .toEqual([
        `shiplog_secret_expires_timestamp_seconds{name="sink gitlab"} ${day}`,
        'shiplog_secret_expires_timestamp_seconds{name="source argocd"} 1900000000',
        `shiplog_secret_expires_timestamp_seconds{name="source gitlab"} ${day}`,
      ]);
    expect(asked()).toHaveLength(2);
  });

  it('is absent for tokens that never expire, and if the expiry is unknown', async () => {
    gitlab.options.expiresAt = null;
    gitlab.inject({ kind: 'status', status: 500, path: /self$/, times: 1 });
    const bridge = await start(jwt({ sub: 'harbor' }));
    await expect.poll(asked).toHaveLength(2);
    expect(await bridge.ends()).toEqual([]);
    expect(bridge.logged.filter(({ msg }) => msg === 'something failed')).toEqual([]);
  });

  it('does not block while the tool does not answer', async () => {
    gitlab.inject({ kind: 'silent', path: /self$/, times: 2 });
    const bridge = await start('no-jwt');
    expect((await bridge.get('/readyz')).status).toBe(200);
    expect(await bridge.ends()).toEqual([]);
  });

  it('is also shown by doctor', async () => {
    gitlab.options.expiresAt = new Date(Date.now() + 5 * DAY_MS).toISOString().slice(0, 10);
    const bridge = await start('unused');
    const dir = mkdtempSync(join(tmpdir(), 'shiplog-doctor-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const file = join(dir, 'shiplog.yaml');
    const port = Number(new URL(bridge.url).port);
    const { sources, sinks } = said(jwt({ exp: 1_900_000_000 }));
    writeFileSync(file, JSON.stringify({ port, data_dir: dir, admin_token: ADMIN_TOKEN, sources, sinks }));
    const { code, out } = await new Promise<{ code: unknown; out: string }>((resolve) =>
      execFile(
        process.execPath,
        ['dist/main.js', 'doctor'],
        { env: { ...process.env, SHIPLOG_CONFIG: file } },
        (error, out) => resolve({ code: error?.code, out }),
      ),
    );
    const soon = `valid until ${gitlab.options.expiresAt}; make a new one and replace it`;
    expect(out).toContain(`WRONG  token of source gitlab: ${soon}\n`);
    expect(out).toContain(`WRONG  token of sink gitlab: ${soon}\n`);
    expect(out).toContain('ok     token of source argocd: valid until 2030-03-17\n');
    expect(code).toBe(1);
  });
});

describe('the check of tokens', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const END = new Date('2030-01-01T00:00:00Z');
  function watch(answers: (Date | Error | undefined)[]) {
    let questions = 0;
    const expiresAt = async () => {
      const answer = answers[questions++];
      if (answer instanceof Error) throw answer;
      return answer;
    };
    const watched = watchExpiry([{ name: 'source gitlab', expiresAt }], () => new Date());
    onTestFinished(watched.stop);
    return { ...watched, questions: () => questions };
  }

  it('queries once a day', async () => {
    const later = new Date('2031-01-01T00:00:00Z');
    const { known, questions } = watch([END, later, undefined]);
    await vi.advanceTimersByTimeAsync(DAY_MS - 1);
    expect(questions()).toBe(1);
    expect(known()).toEqual({ 'source gitlab': END });
    await vi.advanceTimersByTimeAsync(1);
    expect(known()).toEqual({ 'source gitlab': later });
    await vi.advanceTimersByTimeAsync(DAY_MS);
    expect(known()).toEqual({});
  });

  it('repeats a failed query within the hour, and uses the last result until then', async () => {
    const { known, questions } = watch([END, new Error('away'), END]);
    await vi.advanceTimersByTimeAsync(DAY_MS);
    expect([questions(), known()]).toEqual([2, { 'source gitlab': END }]);
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    expect(questions()).toBe(3);
  });

  it('makes no requests once it is stopped', async () => {
    const { stop, questions } = watch([END, END]);
    stop();
    await vi.advanceTimersByTimeAsync(2 * DAY_MS);
    expect(questions()).toBe(1);
  });
});

describe('the end of an Argo CD token', () => {
  it.each([
    ['an end', jwt({ exp: 1_900_000_000 }), new Date(1_900_000_000_000)],
    ['no end', jwt({ iat: 1 }), undefined],
    ['an end as text', jwt({ exp: '1900000000' }), undefined],
    ['an end that no calendar has', jwt({ exp: 1e300 }), undefined],
    ['null for its claims', jwt(null), undefined],
    ['no claims at all', 'an-opaque-token', undefined],
    ['claims that are no JSON', 'a.b.c', undefined],
  ])('with %s', (_, token, end) => {
    expect(expiresAt(token)).toEqual(end);
  });
});
