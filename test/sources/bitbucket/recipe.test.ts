import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { bitbucket } from '../../../src/sources/bitbucket/index.ts';
import type { Mapped } from '../../../src/sources/mapped.ts';

const SECRET = 'the $ecret of "the" recipe';
const MESSAGE = 'Merged in lamp (pull request #58)\n\nTurn the "lamp" \'faster\' für die Küste 🗼 \\n $HOME `id`';
const readme = readFileSync(new URL('../../../src/sources/bitbucket/README.md', import.meta.url), 'utf8');
const fenced = (language: string) => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1] ?? '';
const Pipeline = z.tuple([
  z.object({ step: z.object({ script: z.array(z.string()), 'after-script': z.array(z.string()) }) }),
]);
const [{ step }] = Pipeline.parse(parse(fenced('yaml')));
const source = bitbucket.parse({ type: 'bitbucket', secrets: [SECRET] });
const missing = ['bash', 'jq', 'git', 'openssl', 'curl'].filter((tool) => spawnSync(tool, ['--version']).error);

// What somebody pastes from the README is run as it stands there, against a server that verifies and maps.
describe.skipIf(missing.length > 0)('the recipe of the README', () => {
  let folder: string;
  let server: Server;
  let heard: (Mapped | Error)[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'shiplog-recipe-'));
    const git = (...args: string[]) =>
      spawnSync('git', ['-c', 'user.name=Mira Ødegård', '-c', 'user.email=m@x', ...args], { cwd: folder });
    git('init', '-q');
    git('commit', '-q', '--allow-empty', '-m', MESSAGE);
    server = createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray());
      const webhook = {
        id: 'in_1',
        method: request.method ?? '',
        path: request.url ?? '',
        headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
        body,
        receivedAt: new Date(),
      };
      try {
        source.verify(webhook);
        heard.push(source.map(JSON.parse(body.toString('utf8')), webhook));
        response.writeHead(202).end();
      } catch (error) {
        heard.push(error instanceof Error ? error : new Error(String(error)));
        response.writeHead(401).end();
      }
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  async function run(script: string | undefined, extra: Record<string, string> = {}) {
    heard = [];
    const { port } = server.address() as AddressInfo; // it listens on a port, not on a pipe
    const env = {
      PATH: process.env['PATH'],
      SHIPLOG_URL: `http://127.0.0.1:${port}`,
      SHIPLOG_BITBUCKET_SECRET: SECRET,
      BITBUCKET_COMMIT: '3f9a1c5e7b2d4860a1c3e5f708192a3b4c5d6e7f',
      BITBUCKET_BRANCH: 'main',
      BITBUCKET_BUILD_NUMBER: '214',
      BITBUCKET_STEP_UUID: '{7e5a3c90-1b2d-4f6a-8c9e-0d1f2a3b4c5d}',
      BITBUCKET_REPO_FULL_NAME: 'harbor/lighthouse-api',
      BITBUCKET_DEPLOYMENT_ENVIRONMENT: 'production',
      BITBUCKET_STEP_OIDC_TOKEN: 'look-alike.token',
      ...extra,
    };
    // Bitbucket runs a script with -e: a line that fails fails the step.
    return promisify(execFile)('bash', ['-e', '-c', script ?? 'exit 9'], { cwd: folder, env });
  }

  it('reports the end, with every character of the commit message', async () => {
    await run(step['after-script'][0], { BITBUCKET_EXIT_CODE: '0' });
    expect(heard).toMatchObject([
      {
        records: [
          {
            state: 'succeeded',
            environment: { name: 'production' },
            commit: { message: MESSAGE, title: 'Merged in lamp (pull request #58)', author: 'Mira Ødegård' },
            pullRequest: { number: '58', url: 'https://bitbucket.org/harbor/lighthouse-api/pull-requests/58' },
            actor: 'Mira Ødegård',
          },
        ],
      },
    ]);
    expect(JSON.stringify(heard)).not.toContain('look-alike');
  });

  it('reports the start with the same lines, and a failure by the exit code', async () => {
    await run(step.script[0]);
    expect(heard).toMatchObject([{ records: [{ state: 'running' }] }]);
    await run(step['after-script'][0], { BITBUCKET_EXIT_CODE: '2' });
    expect(heard).toMatchObject([{ records: [{ state: 'failed' }] }]);
  });

  it('reports a commit whose message no argument could hold, at a URL with a slash at its end', async () => {
    const long = mkdtempSync(join(tmpdir(), 'shiplog-recipe-'));
    const message = `Merge of many\n\n${'* änderung 🗼\n'.repeat(12_000)}`;
    const git = (args: string[]) =>
      spawnSync('git', ['-c', 'user.name=mira', '-c', 'user.email=m@x', ...args], { cwd: long, input: message });
    git(['init', '-q']);
    git(['commit', '-q', '--allow-empty', '-F', '-']);
    const { port } = server.address() as AddressInfo; // it listens on a port, not on a pipe
    const url = { SHIPLOG_URL: `http://127.0.0.1:${port}/` };
    await run(step['after-script'][0], { BITBUCKET_EXIT_CODE: '0', GIT_DIR: join(long, '.git'), ...url });
    rmSync(long, { recursive: true });
    expect(heard).toMatchObject([{ records: [{ state: 'succeeded', commit: { title: 'Merge of many' } }] }]);
  });

  it('never fails the deployment: not with a wrong secret, not without its tools', async () => {
    const refused = await run(step.script[0], { SHIPLOG_BITBUCKET_SECRET: 'something else entirely' });
    expect(refused.stdout).toContain('Shiplog was not notified');
    expect(heard).toMatchObject([{ code: 'bad_signature' }]);
    const bash = spawnSync('bash', ['-c', 'command -v bash'], { encoding: 'utf8' }).stdout.trim();
    const bare = spawnSync(bash, ['-e', '-c', `${step.script[0]}\necho deployed`], {
      encoding: 'utf8',
      env: { PATH: folder },
    });
    expect(bare.stdout).toBe('Shiplog was not notified\ndeployed\n');
  });

  it('posts a REST object from a file', async () => {
    writeFileSync(join(folder, 'deployment.json'), readFileSync(new URL('rest-succeeded.json', import.meta.url)));
    await run(fenced('sh'));
    expect(heard).toMatchObject([{ records: [{ signal: 'deployment', state: 'succeeded' }] }]);
  });
});
