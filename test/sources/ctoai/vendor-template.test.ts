import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ctoai } from '../../../src/sources/ctoai/index.ts';
import { sha } from '../../support/deployment.ts';

/**
 * CTO.ai's own GitLab template, which is in no package, so that whoever has it says where:
 * `git clone https://github.com/cto-ai/events-gitlab-template`, there `git checkout v0.0.2` (99453e0), then
 * `CTOAI_TEMPLATE=events-gitlab-template/template.yml npx vitest run test/sources/ctoai`.
 * Without it cases.test.ts has what it sends, written by hand.
 */
const file = process.env['CTOAI_TEMPLATE'] ?? '';

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

describe.runIf(existsSync(file))("CTO.ai's own template", () => {
  let sent: readonly string[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'shiplog-template-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeAll(() => {
    const curl = join(folder, 'curl');
    writeFileSync(curl, '#!/bin/sh\nprintf \'%s\\0\' "$@"\n'); // says what it was asked for
    chmodSync(curl, 0o755);
    const [script] = (parse(readFileSync(file, 'utf8')) as Record<string, readonly string[]>)['.cto-send-event'] ?? [];
    const env = { ...JOB, PATH: `${folder}:${process.env['PATH']}` };
    sent = execFileSync('bash', ['-c', script ?? ''], { env, encoding: 'utf8' }).split('\0');
  });

  it('posts to CTO.ai whatever ENDPOINT says: it cannot be used for Shiplog', () => {
    expect(sent.filter((argument) => argument.startsWith('http'))).toEqual(['https://events.cto.ai']);
  });

  it('sends an event that this source takes', () => {
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
