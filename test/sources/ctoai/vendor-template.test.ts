import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ctoai } from '../../../src/sources/ctoai/index.ts';
import { sha } from '../../support/deployment.ts';

/**
 * CTO.ai's own GitLab template is in no package, so that anyone with it says where. In a clone of
 * https://github.com/cto-ai/events-gitlab-template with v0.0.2 (99453e0b) checked out it is template.yml:
 * `CTOAI_TEMPLATE=template.yml npx vitest run test/sources/ctoai`. Without it, cases.test.ts has what it sends, by hand.
 */
const file = process.env['CTOAI_TEMPLATE'];
const SHA256 = '7549d5785f3c70419b49b09a43fb352955a6bd42e74ab8f1be1ae7766e11ff99';

const TOKEN = 'a-secret-of-24-characters';
const JOB = {
  ENDPOINT: 'https://shiplog.example.com/webhooks/ctoai/4711',
  TOKEN,
  TEAM_ID: 'team',
  EVENT_NAME: 'deployment',
  EVENT_ACTION: 'success',
  CI_PROJECT_PATH: 'harbor/lamp',
  CI_COMMIT_BRANCH: 'main',
  CI_COMMIT_SHA: sha('lamp'),
  CI_ENVIRONMENT_NAME: 'production',
  GITLAB_USER_LOGIN: 'mira',
};

describe.runIf(file)("CTO.ai's own template, which CTOAI_TEMPLATE names", () => {
  let sent: readonly string[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'shiplog-template-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeAll(() => {
    const template = readFileSync(file ?? '', 'utf8');
    expect(createHash('sha256').update(template).digest('hex'), 'another version of the template').toBe(SHA256);
    const curl = join(folder, 'curl');
    writeFileSync(curl, '#!/bin/sh\nprintf \'%s\\0\' "$@"\n'); // says what it was asked for
    chmodSync(curl, 0o755);
    const [script] = (parse(template) as Record<string, readonly string[]>)['.cto-send-event'] ?? [];
    const env = { ...JOB, PATH: `${folder}:${process.env['PATH']}` };
    sent = execFileSync('bash', ['-c', script ?? ''], { env, encoding: 'utf8' }).split('\0');
  });

  it('posts to CTO.ai whatever ENDPOINT is: it cannot be used for Shiplog', () => {
    expect(sent.filter((argument) => argument.startsWith('http'))).toEqual(['https://events.cto.ai']);
  });

  it('sends an event that this source accepts', () => {
    const source = ctoai.parse({ type: 'ctoai', secrets: [TOKEN] });
    const body = JSON.parse(sent[sent.indexOf('--data') + 1] ?? '');
    const webhook = {
      id: 'w',
      method: 'POST',
      path: '/webhooks/ctoai/4711',
      headers: { 'x-ops-mechanism': 'gitlab-job' },
      body: Buffer.from(''),
      receivedAt: new Date('2026-03-14T20:50:07.000Z'),
    };
    expect(source.map(body, webhook)).toMatchObject({
      records: [
        {
          state: 'succeeded',
          environment: { name: 'production' },
          repository: { name: 'harbor/lamp' },
          commit: { sha: sha('lamp') },
          ref: 'main',
          actor: 'mira',
          pipelineId: '4711',
        },
      ],
    });
  });
});
