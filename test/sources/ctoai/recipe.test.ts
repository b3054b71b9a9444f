import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { ctoai } from '../../../src/sources/ctoai/index.ts';
import { jobs } from '../../../src/sources/ctoai/setup.ts';
import type { Mapped } from '../../../src/sources/mapped.ts';

const TOKEN = 'the-token-of-the-recipe';
const readme = readFileSync(new URL('../../../src/sources/ctoai/README.md', import.meta.url), 'utf8');
const yaml = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
const Job = z.object({ extends: z.literal('.tell-shiplog'), variables: z.record(z.string(), z.string()) });
const File = z.object({
  '.tell-shiplog': z.object({ script: z.tuple([z.string()]) }),
  deploy_success: Job,
  deploy_failure: Job,
});
const file = File.parse(parse(yaml));
const source = ctoai.parse({ type: 'ctoai', secrets: [TOKEN] });
const missing = ['sh', 'jq', 'curl'].filter((tool) => spawnSync(tool, ['-c', 'true']).error);

it('shows the jobs of the README on the set-up page', () => {
  expect(yaml).toBe(jobs('ctoai'));
});

// What somebody pastes from the README is run as it stands there, against a server that verifies and maps.
describe.skipIf(missing.length > 0)('the jobs of the README', () => {
  let server: Server;
  let heard: (Mapped | Error)[] = [];

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray());
      const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
      const webhook = {
        id: 'in_1',
        method: request.method ?? '',
        path: request.url ?? '',
        headers: Object.fromEntries(headers),
        body,
        receivedAt: new Date(),
      };
      try {
        source.verify(webhook);
        heard.push(source.map(JSON.parse(body.toString('utf8')), webhook));
        response.writeHead(200).end();
      } catch (error) {
        heard.push(error instanceof Error ? error : new Error(String(error)));
        response.writeHead(401).end();
      }
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => server.close());

  async function run(variables: Record<string, string>, token = TOKEN) {
    heard = [];
    const { port } = server.address() as AddressInfo; // it listens on a port, not on a pipe
    const env = {
      PATH: process.env['PATH'],
      SHIPLOG_URL: `http://127.0.0.1:${port}/`,
      SHIPLOG_CTOAI_TOKEN: token,
      CI_PIPELINE_ID: '5521',
      CI_PROJECT_PATH: 'harbor/lamp',
      CI_COMMIT_BRANCH: 'fix/the-"lamp"',
      CI_COMMIT_SHA: '4f0c9e1d7a2b83c65d9e0f41ab37c2d8e56190bf',
      CI_ENVIRONMENT_NAME: 'production',
      GITLAB_USER_LOGIN: 'mira',
      ...variables,
    };
    return promisify(execFile)('sh', ['-e', '-c', file['.tell-shiplog'].script[0]], { env });
  }

  it.each([
    ['deploy_success', 'succeeded'],
    ['deploy_failure', 'failed'],
  ] as const)('report: %s', async (job, state) => {
    await run(file[job].variables);
    expect(heard).toMatchObject([
      {
        records: [
          {
            state,
            environment: { name: 'production' },
            repository: { name: 'harbor/lamp' },
            ref: 'fix/the-"lamp"',
            commit: { sha: '4f0c9e1d7a2b83c65d9e0f41ab37c2d8e56190bf' },
            pipelineId: '5521',
            actor: 'mira',
          },
        ],
      },
    ]);
  });

  it('fail if the event is not accepted', async () => {
    await expect(run(file.deploy_success.variables, 'another-token-altogether')).rejects.toMatchObject({ code: 22 });
    expect(heard).toMatchObject([{ code: 'bad_signature' }]);
  });
});
