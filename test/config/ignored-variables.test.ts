import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { ignoredVariables } from '../../src/config/ignored-variables.ts';

const dir = mkdtempSync(join(tmpdir(), 'shiplog-variables-'));
const file = join(dir, 'own.yaml');
writeFileSync(file, 'port: 8090\nsources: [{ type: gitlab, secrets: ["${SHIPLOG_GITLAB_SECRET}"] }]\n');
afterAll(() => rmSync(dir, { recursive: true }));

const SET = { PORT: '8081', REDIS_URL: '', SHIPLOG_GITLAB_SECRET: 'x', SHIPLOG_DATA_DIR: '/data', HOME: '/root' };

it('names what is set, is in the file that we ship, and is not in the file in use', () => {
  expect(ignoredVariables({ ...SET, SHIPLOG_CONFIG: file }).sort()).toEqual(['PORT', 'SHIPLOG_DATA_DIR']);
});

it('names nothing when the file that we ship is in use', () => {
  expect(ignoredVariables({ ...SET, SHIPLOG_CONFIG: 'config/shiplog.yaml' })).toEqual([]);
});

it('names SHIPLOG_PORT with a number, which is meant as PORT, and not what Kubernetes sets', () => {
  const shipped = { SHIPLOG_CONFIG: 'config/shiplog.yaml' };
  expect(ignoredVariables({ ...shipped, SHIPLOG_PORT: '8081' })).toEqual(['SHIPLOG_PORT']);
  expect(ignoredVariables({ ...shipped, SHIPLOG_PORT: 'tcp://10.0.0.1:8080' })).toEqual([]);
});
