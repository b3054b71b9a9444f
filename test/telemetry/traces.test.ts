import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadTraceSettings } from '../../src/config/load.ts';
import { gitlabDeploymentHook, SECRET } from '../support/bridge.ts';
import { startFakeCollector } from '../support/fake-collector.ts';
import { loadedPackages } from '../support/loaded-packages.ts';
import { freePort } from '../support/ports.ts';
import { startBridgeProcess } from '../support/process.ts';

describe('the decision to trace', () => {
  const otlp = { exporters: ['otlp'], protocol: 'http/protobuf' };
  const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector.harbor.example:4318';

  it.each([
    ['an endpoint', { OTEL_EXPORTER_OTLP_ENDPOINT }, otlp],
    ['an endpoint for traces alone', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: OTEL_EXPORTER_OTLP_ENDPOINT }, otlp],
    ['an exporter', { OTEL_TRACES_EXPORTER: 'otlp' }, otlp],
    ['two exporters', { OTEL_TRACES_EXPORTER: 'otlp, console' }, { ...otlp, exporters: ['otlp', 'console'] }],
    [
      'a protocol, the one for traces before the one for all',
      {
        OTEL_EXPORTER_OTLP_ENDPOINT,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
      },
      { ...otlp, protocol: 'http/json' },
    ],
    ['that it is not disabled', { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: 'false' }, otlp],
  ])('is true if the environment has %s', (_, environment, settings) => {
    expect(loadTraceSettings(environment)).toEqual(settings);
  });

  it.each([
    ['names nothing', {}],
    ['names a service alone', { OTEL_SERVICE_NAME: 'shiplog' }],
    ['leaves the endpoint empty', { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }],
    ['wants no exporter', { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }],
    ['disables the SDK', { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' }],
  ])('is false if the environment %s', (_, environment) => {
    expect(loadTraceSettings(environment)).toBeUndefined();
  });
});

async function runOnce(environment: Record<string, string>) {
  const dataDir = mkdtempSync(join(tmpdir(), 'shiplog-traces-'));
  const port = await freePort();
  const bridge = await startBridgeProcess({
    PORT: String(port),
    SHIPLOG_DATA_DIR: dataDir,
    SHIPLOG_GITLAB_SECRET: SECRET,
    NODE_V8_COVERAGE: join(dataDir, 'loaded'),
    ...environment,
  });
  onTestFinished(async () => {
    await bridge.exited('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  });
  const answer = await fetch(`http://127.0.0.1:${port}/webhooks/gitlab`, {
    method: 'POST',
    headers: { 'x-gitlab-token': SECRET },
    body: JSON.stringify(gitlabDeploymentHook()),
  });
  expect(answer.status).toBe(202);
  await bridge.exited('SIGTERM');
  // prom-client loads the API for itself.
  return loadedPackages(join(dataDir, 'loaded')).filter((name) => /^(?:@opentelemetry.(?!api$)|pg\b)/.test(name));
}

describe('a bridge as a process', () => {
  it('loads nothing of the SDK while traces are disabled, and nothing for a sink that is off', async () => {
    expect(await runOnce({})).toEqual([]);
  });

  it('exports the remaining spans when it stops, by default as protobuf', async () => {
    const collector = await startFakeCollector();
    onTestFinished(() => collector.close());
    const loaded = await runOnce({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '60000' });
    expect(loaded).toContain('@opentelemetry/sdk-trace-base');
    expect(collector.requests.map(({ path, headers }) => [path, headers['content-type']])).toEqual([
      ['/v1/traces', 'application/x-protobuf'],
    ]);
    expect(collector.requests[0]?.text).toContain('gitlab:git.harbor.example:77:job:15664214926');
  });
});
