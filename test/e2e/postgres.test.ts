import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, gitlabDeploymentHook, gitlabHeaders, SECRET, startTestBridge } from '../support/bridge.ts';
import { PASSWORD, startTestPostgres, type TestPostgres } from '../support/postgres.ts';

let server: TestPostgres;
let bridge: Awaited<ReturnType<typeof startTestBridge>>;
const sink = (over: object = {}) => ({ type: 'postgres', url: server.url(), timeout_seconds: 3, ...over });
beforeAll(async () => {
  server = await startTestPostgres();
  bridge = await startTestBridge({
    sources: [
      { type: 'gitlab', secrets: [SECRET] },
      { type: 'webhook', preset: 'github', secrets: [SECRET] },
    ],
    owners: [{ service: 'pay', team: 'payments' }],
    sinks: [sink()],
  });
});
afterAll(async () => {
  await bridge.stop();
  await server.stop();
});

const rows = (columns: string, schema = 'shiplog') =>
  server.query(`SELECT ${columns} FROM ${schema}.deployments ORDER BY occurred_at, key`);

async function sendGithub(file: string): Promise<void> {
  const { headers, body } = JSON.parse(readFileSync(`test/sources/webhook/github.${file}.json`, 'utf8'));
  const text = JSON.stringify(body);
  const signature = createHmac('sha256', SECRET).update(text).digest('hex');
  const answer = await bridge.post('/webhooks/github', text, {
    ...headers,
    'x-hub-signature-256': `sha256=${signature}`,
  });
  expect(answer.status).toBe(202);
}

async function sendGitlab(id: number, status: string): Promise<void> {
  const hook = gitlabDeploymentHook({ deployment_id: id, deployable_id: 9_000 + id, status });
  expect((await bridge.post('/webhooks/gitlab', hook, gitlabHeaders())).status).toBe(202);
}

it('a deployment of GitHub is one row, with all reported fields', async () => {
  for (const file of ['deployment-created', 'status-in-progress', 'status-success']) await sendGithub(file);
  await bridge.settled();
  expect(await rows('key, state, service, environment, actor, owner_team, source')).toEqual([
    {
      key: 'webhook:github:734001',
      state: 'succeeded',
      service: 'pay',
      environment: 'production',
      actor: 'mira',
      owner_team: 'payments',
      source: 'github',
    },
  ]);
});

it('nothing is lost when the database is killed and restarted', async () => {
  for (let id = 1; id <= 12; id += 1) {
    await sendGitlab(id, 'running');
    if (id === 4) await server.kill9();
    if (id === 8) await expect.poll(() => JSON.stringify(bridge.logged)).toMatch(/ECONNREFUSED/);
    await sendGitlab(id, id % 3 === 0 ? 'failed' : 'success');
  }
  await server.restart();
  await bridge.settled();
  const written = (await rows('key, state')).filter(({ key }) => String(key).startsWith('gitlab:'));
  expect(written).toHaveLength(12);
  expect(written.filter(({ state }) => state === 'failed')).toHaveLength(4);
  expect(written.filter(({ state }) => state === 'succeeded')).toHaveLength(8);
  expect((await bridge.get('/api/dead-letters')).body.data).toEqual([]);
  expect(JSON.stringify(bridge.logged)).not.toContain(PASSWORD);
});

it('a sink that is added later is filled by redeliver', async () => {
  await bridge.reload({ sinks: [sink(), sink({ name: 'archive', schema: 'archive' })] });
  const answer = await bridge.post(
    '/api/redeliver',
    { sink: 'archive', since: '2020-01-01T00:00:00Z' },
    { authorization: `Bearer ${ADMIN_TOKEN}` },
  );
  expect(answer.status).toBeLessThan(300);
  await bridge.settled();
  await expect.poll(() => rows('key, state, summary', 'archive')).toEqual(await rows('key, state, summary'));
});

describe('the dashboard', () => {
  const file = readFileSync('deploy/grafana/shiplog-postgres.json', 'utf8');
  const dashboard = JSON.parse(file) as {
    panels: { title: string; targets: { rawSql: string; format: string }[] }[];
    templating: { list: { name: string; type: string; query: string }[] };
    annotations: { list: { target: { rawSql: string } }[] };
  }; // our own file
  const RANGE = "BETWEEN '2000-01-01T00:00:00Z' AND '2100-01-01T00:00:00Z'";

  /** As Grafana's data source for PostgreSQL fills its macros in, over an hour, with all values of both variables. */
  const expanded = (sql: string) =>
    sql
      .replaceAll(/\$__timeFilter\((\w+)\)/g, `$1 ${RANGE}`)
      .replaceAll(/\$__timeGroupAlias\((\w+), \$__interval\)/g, 'floor(extract(epoch FROM $1)/3600)*3600 AS "time"')
      .replaceAll(`\${environment:sqlstring}`, "'production'")
      .replaceAll(`\${service:sqlstring}`, "'pay','lighthouse-api'");
  const run = (sql: string | undefined) => {
    expect(expanded(sql ?? '')).not.toContain('$');
    return server.query(expanded(sql ?? ''));
  };
  const panel = (title: string) => run(dashboard.panels.find((one) => one.title === title)?.targets[0]?.rawSql);

  it('has queries that run, each with rows of the deployments', async () => {
    for (const { title, targets } of dashboard.panels)
      for (const { rawSql } of targets) expect([title, (await run(rawSql)).length > 0]).toEqual([title, true]);
    for (const { type, query } of dashboard.templating.list.filter(({ type }) => type === 'query'))
      expect([type, (await run(query)).length > 0]).toEqual([type, true]);
  });

  it('counts correctly, and marks failures', async () => {
    expect(await panel('Deployments')).toEqual([{ deployments: '13' }]);
    expect(await panel('Failed')).toEqual([{ failed: '30.8' }]);
    expect(await panel('What failed')).toHaveLength(4);
    expect(await panel('By service')).toMatchObject([
      { service: 'lighthouse-api', deployments: '12', failed: '4' },
      { service: 'pay', deployments: '1', failed: '0' },
    ]);
    expect((await panel('Who')).map(({ who }) => who)).toContain('mira');
    const marks = await run(dashboard.annotations.list[0]?.target.rawSql);
    expect(marks).toHaveLength(4);
    expect(marks[0]).toMatchObject({ text: expect.stringMatching(/^FAILED/), tags: 'production,lighthouse-api' });
  });

  it('queries the data source of its variable, and no other table', () => {
    expect(dashboard.templating.list[0]).toMatchObject({ type: 'datasource', query: 'grafana-postgresql-datasource' });
    expect(new Set([...file.matchAll(/FROM (\w+\.\w+)/g)].map(([, table]) => table))).toEqual(
      new Set(['shiplog.deployments']),
    );
  });
});
