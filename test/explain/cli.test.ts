import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { runExplain } from '../../src/cli/explain.ts';
import type { Config } from '../../src/config/config.ts';
import { REASONS } from '../../src/sources/reasons.ts';
import { aConfig, gitlabHook, SECRET } from './support.ts';

const dir = mkdtempSync(join(tmpdir(), 'shiplog-explain-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function file(name: string, content: unknown): string {
  const path = join(dir, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** What it prints, and what it fails with. */
async function run(payload: string, options: Parameters<typeof runExplain>[2], config: Config = aConfig()) {
  const printed: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  const failure = await runExplain(config, payload, options).then(
    () => undefined,
    (error: unknown) => String(error),
  );
  write.mockRestore();
  return { text: printed.join(''), failure };
}

describe('shiplog explain', () => {
  it('reads a payload without headers, and does not check the signature', async () => {
    const { text, failure } = await run(file('hook.json', gitlabHook()), { source: 'gitlab' });
    expect(failure).toBeUndefined();
    expect(text).toMatch(/^verdict +accepted\n/);
    expect(text).toMatch(/^signature +not checked$/m);
    expect(text).toContain('Signature not checked: give the headers of the webhook (--headers) to check it.');
    expect(text).toContain("curl -X POST 'https://app.alert24.net/api/v1/changes'");
  });

  it('checks the signature with the headers, and fails if it would be rejected', async () => {
    const hook = file('hook.json', gitlabHook());
    const right = file('right.txt', `X-Gitlab-Event: Deployment Hook\nX-Gitlab-Token: ${SECRET}\n`);
    expect((await run(hook, { source: 'gitlab', headers: right })).text).toMatch(/^signature +valid$/m);
    const wrong = file('wrong.json', { 'X-Gitlab-Token': 'wrong' });
    const { text, failure } = await run(hook, { source: 'gitlab', headers: wrong });
    expect(failure).toContain('it would be rejected: bad_signature');
    expect(text).toContain(REASONS.bad_signature.advice);
  });

  it('does not treat a redacted token as a wrong one', async () => {
    const headers = file('redacted.txt', 'X-Gitlab-Event: Deployment Hook\nX-Gitlab-Token: [REDACTED]\n');
    const { text, failure } = await run(file('hook.json', gitlabHook()), { source: 'gitlab', headers });
    expect(failure).toBeUndefined();
    expect(text).toMatch(/^signature +not checked$/m);
  });

  it('writes JSON for programs, and nothing else', async () => {
    const { text } = await run(file('push.json', { object_kind: 'push' }), { source: 'gitlab', json: true });
    expect(JSON.parse(text)).toMatchObject({
      verdict: 'ignored',
      reason: 'not_a_deployment',
      signature: 'not checked',
    });
  });

  it('reads the path from the option or from the output of curl', async () => {
    const said = { status: 'success', environment: 'production', sha: '4b'.repeat(20), ref: 'main', tag: false };
    const body = file('drop-in.json', said);
    const path = '/api/v4/projects/harbor%2Fbeacon/deployments';
    const given = await run(body, { source: 'argocd', path, json: true });
    const headers = file('curl.txt', `> POST ${path} HTTP/1.1\n> PRIVATE-TOKEN: ${SECRET}\n`);
    const shown = await run(body, { source: 'argocd', headers, json: true });
    for (const { text } of [given, shown]) expect(JSON.parse(text).records[0]).toMatchObject({ service: 'beacon' });
  });

  it('reports what it cannot read, and the configured sources', async () => {
    const hook = file('hook.json', gitlabHook());
    expect((await run(join(dir, 'none.json'), { source: 'gitlab' })).failure).toMatch(/none\.json.*ENOENT/);
    expect((await run(hook, { source: 'gitlab', headers: dir })).failure).toContain('the headers cannot be read');
    expect((await run(hook, { source: 'gitlub' })).failure).toContain('there are: gitlab, bitbucket, argocd, changes');
  });

  it('reads no more than the source accepts', async () => {
    const config = aConfig({ sources: [{ type: 'gitlab', secrets: [SECRET], max_body_mib: 0.01 }] });
    const { failure } = await run(file('large.json', `"${'x'.repeat(20_000)}"`), { source: 'gitlab' }, config);
    expect(failure).toContain('too_large');
  });
});

describe('the program', () => {
  const config = () =>
    file(
      'shiplog.yaml',
      JSON.stringify({
        data_dir: join(dir, 'data'),
        admin_token: `admin ${SECRET}`,
        sources: [{ type: 'gitlab', secrets: [SECRET] }],
      }),
    );

  it('reads standard input, writes no file and exits with 0 or 1', async () => {
    const shiplog = (payload: string) =>
      new Promise<{ code: number | null; out: string }>((resolve) => {
        const child = spawn(process.execPath, ['dist/main.js', 'explain', '-', '--source', 'gitlab'], {
          env: { ...process.env, SHIPLOG_CONFIG: config() },
        });
        let out = '';
        child.stdout.on('data', (chunk) => {
          out += chunk;
        });
        child.on('close', (code) => resolve({ code, out }));
        child.stdin.end(payload);
      });
    const taken = await shiplog(JSON.stringify(gitlabHook()));
    expect(taken).toMatchObject({ code: 0, out: expect.stringContaining('accepted') });
    expect(await shiplog('{')).toMatchObject({ code: 1, out: expect.stringContaining('not_json') });
    expect(existsSync(join(dir, 'data'))).toBe(false);
  });
});
