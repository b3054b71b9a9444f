import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { gitlabDeploymentHook, gitlabHeaders, startTestBridge } from '../support/bridge.ts';
import { ALERT24_KEY, startFakeAlert24 } from '../support/fake-alert24.ts';

let alert24: Awaited<ReturnType<typeof startFakeAlert24>>;
let bridge: Awaited<ReturnType<typeof startTestBridge>>;

beforeAll(async () => {
  alert24 = await startFakeAlert24();
  bridge = await startTestBridge({ sinks: [{ type: 'alert24', url: alert24.url, api_key: ALERT24_KEY }] });
});
afterAll(async () => {
  await bridge?.stop();
  await alert24?.close();
});

const scrape = async () => (await fetch(`${bridge.url}/metrics`)).text();
/** The value of a sample, written as it stands in the text: `name{label="value"}`. */
const value = (text: string, sample: string): number | undefined => {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length));
};
const namesIn = (text: string) =>
  [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({ name, type }));
const hook = (job: number, said = {}) =>
  bridge.post(
    '/webhooks/gitlab',
    gitlabDeploymentHook({ deployable_id: job, deployment_id: job, ...said }),
    gitlabHeaders(),
  );

describe('the metrics', () => {
  it('measure a webhook from its receipt to the change log and to the sink, and the last webhook of a source', async () => {
    const beforeSeconds = Date.now() / 1000;
    await hook(1);
    await bridge.settled();
    const text = await scrape();
    expect(value(text, 'shiplog_received_to_recorded_seconds_count{source="gitlab"}')).toBe(1);
    expect(value(text, 'shiplog_received_to_recorded_seconds_sum{source="gitlab"}')).toBeGreaterThan(0);
    expect(value(text, 'shiplog_received_to_delivered_seconds_count{sink="alert24"}')).toBe(1);
    expect(value(text, 'shiplog_received_to_delivered_seconds_sum{sink="alert24"}')).toBeGreaterThan(0);
    const last = 'shiplog_source_last_webhook_timestamp_seconds{source="gitlab"}';
    expect(value(text, last)).toBeGreaterThanOrEqual(beforeSeconds);
    await bridge.post('/webhooks/argocd', {}, { authorization: 'Bearer wrong' });
    expect(value(await scrape(), last.replace('gitlab', 'argocd'))).toBeUndefined();
  });

  it('count dead letters by kind, and show which sink is on hold', async () => {
    expect(value(await scrape(), 'shiplog_sink_hold{sink="alert24"}')).toBe(0);
    alert24.inject({ kind: 'status', method: 'POST', status: 422, times: 1 });
    await hook(3);
    await bridge.settled();
    expect(value(await scrape(), 'shiplog_given_up_total{queue="forward-alert24",kind="refused"}')).toBe(1);
    alert24.inject({ kind: 'status', method: 'POST', status: 401, times: 1 });
    await hook(4);
    await vi.waitFor(async () => expect(value(await scrape(), 'shiplog_sink_hold{sink="alert24"}')).toBe(1), 10_000);
  });
});

describe('the documents about the metrics', () => {
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  /** Every metric that a query of Prometheus names. */
  const metricsOf = (expression: string) =>
    [...expression.replace(/\{[^}]*\}|"[^"]*"|\bby \([^)]*\)/g, ' ').matchAll(/\b(?:shiplog|process|nodejs)_\w+/g)].map(
      ([name]) => name,
    );
  const known = async () =>
    namesIn(await scrape()).flatMap(({ name, type }) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    );

  it('list every metric, and no other', async () => {
    const listed = [...read('docs/metrics.md').matchAll(/^\| `(shiplog_\w+)` +\|/gm)].map(([, name]) => name);
    const ours = namesIn(await scrape())
      .map(({ name }) => name)
      .filter((name) => name.startsWith('shiplog_'));
    expect([...listed].sort()).toEqual(ours.sort());
  });

  it('have alert rules on existing metrics, each with advice', async () => {
    const Rules = z.strictObject({
      groups: z.array(
        z.strictObject({
          name: z.string(),
          rules: z
            .array(
              z.strictObject({
                alert: z.string().regex(/^Shiplog\w+$/),
                expr: z.string(),
                for: z
                  .string()
                  .regex(/^\d+[smh]$/)
                  .optional(),
                labels: z.strictObject({ severity: z.enum(['warning', 'critical']) }),
                annotations: z.strictObject({ summary: z.string().min(10), description: z.string().min(20) }),
              }),
            )
            .min(1),
        }),
      ),
    });
    const rules = Rules.parse(parse(read('deploy/prometheus/alerts.yaml'))).groups.flatMap((group) => group.rules);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    const names = await known();
    for (const { alert, expr } of rules) {
      if (alert !== 'ShiplogDown') expect(metricsOf(expr), alert).not.toEqual([]);
      for (const name of metricsOf(expr)) expect(names, alert).toContain(name);
    }
  });

  it('pass promtool, if it is installed', async (context) => {
    const promtool = async (args: readonly string[], input = '') => {
      const running = promisify(execFile)('promtool', args);
      running.child.stdin?.end(input);
      return (await running).stdout;
    };
    const found = await promtool(['--version']).catch(() => undefined);
    if (found === undefined)
      return context.skip('NOT TRIED: promtool is not installed (Debian: apt-get install prometheus)');
    expect(await promtool(['check', 'rules', 'deploy/prometheus/alerts.yaml'])).toContain('SUCCESS');
    expect(await promtool(['test', 'rules', 'deploy/prometheus/alerts.test.yaml'])).toContain('SUCCESS');
    expect(await promtool(['check', 'metrics'], await scrape())).toBe('');
  });

  it('counters of alerts begin at 0', async () => {
    const fresh = await startTestBridge();
    const text = await (await fetch(`${fresh.url}/metrics`)).text();
    await fresh.stop();
    for (const sample of [
      'shiplog_webhooks_total{source="gitlab",verdict="not_kept",reason=""}',
      'shiplog_webhooks_total{source="gitlab",verdict="rejected",reason="bad_signature"}',
      'shiplog_given_up_total{queue="record",kind="fault"}',
      'shiplog_log_lines_lost_total',
      'shiplog_degraded{reason="workers_stopped"}',
    ])
      expect(value(text, sample), sample).toBe(0);
  });

  it('use existing metrics in the dashboard', async () => {
    const dashboard = z
      .object({
        templating: z.object({ list: z.array(z.object({ name: z.string(), type: z.string() })) }),
        panels: z.array(
          z.object({
            id: z.int(),
            title: z.string(),
            gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
            targets: z
              .array(z.object({ expr: z.string(), datasource: z.object({ uid: z.literal('${datasource}') }) }))
              .min(1),
          }),
        ),
      })
      .parse(JSON.parse(read('deploy/grafana/shiplog.json')));
    expect(dashboard.templating.list).toContainEqual({ name: 'datasource', type: 'datasource' });
    const names = await known();
    const drawn = dashboard.panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => metricsOf(expr)));
    for (const name of drawn) expect(names).toContain(name);
    for (const { name, type } of namesIn(await scrape()))
      if (name.startsWith('shiplog_')) expect(drawn, name).toContain(type === 'histogram' ? `${name}_bucket` : name);
    for (const { gridPos } of dashboard.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });
});
