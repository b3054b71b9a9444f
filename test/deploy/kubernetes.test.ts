import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { kubernetesTool } from '../support/kubernetes-tools.ts';

const CHART = 'deploy/helm/shiplog';
const home = mkdtempSync(join(tmpdir(), 'shiplog-helm-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const run = async (tool: 'helm' | 'kubectl', ...args: readonly string[]) =>
  (await promisify(execFile)(kubernetesTool(tool), args, { env: { HOME: home, PATH: '' } })).stdout;
const render = (...args: readonly string[]) => run('helm', 'template', 'shiplog', CHART, ...args);

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: Record<string, unknown>;
}
const manifests = (text: string): Manifest[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null) // checked by what is expected of it
    .filter((manifest) => manifest !== null);

describe('the Helm chart', () => {
  const files = readdirSync(join(CHART, 'ci')).map((name) => join(CHART, 'ci', name));

  it.each(files)('passes helm lint, and renders the requested resources, with %s', async (file) => {
    expect(await run('helm', 'lint', '--strict', '--values', file, CHART)).toContain('0 chart(s) failed');
    const all = manifests(await render('--values', file));
    const pods = all.flatMap(({ kind, spec }) => (/StatefulSet|Deployment/.test(kind) ? [JSON.stringify(spec)] : []));
    expect(pods).toHaveLength(file.includes('full') ? 2 : 1);
    for (const pod of pods) {
      expect(pod).toContain('"runAsNonRoot":true');
      expect(pod).toContain('"readOnlyRootFilesystem":true');
      expect(pod).toContain('"readinessProbe":{"httpGet":{"path":"/readyz"');
      expect(pod).toContain('"livenessProbe":{"httpGet":{"path":"/livez"');
    }
    const kinds = new Set(all.map(({ kind }) => kind));
    const always = ['StatefulSet', 'Service', 'PodDisruptionBudget'];
    const full = ['Deployment', 'Ingress', 'ConfigMap', 'NetworkPolicy', 'ServiceMonitor', 'PrometheusRule'];
    expect([...kinds].sort()).toEqual([...always, ...(file.includes('full') ? full : ['Secret'])].sort());
  });

  it('refuses values that it does not know, and an installation without a Redis', async () => {
    await expect(render('--set', 'redis.url=redis://r', '--set', 'replica=3')).rejects.toThrow(/replica/);
    await expect(render('--set', 'redis.url=redis://r', '--set', 'mode=both')).rejects.toThrow(/mode/);
    await expect(render()).rejects.toThrow(/name a Redis/);
  });

  it('contains the alert rules of deploy/prometheus unchanged', () => {
    expect(readFileSync(join(CHART, 'alerts.yaml'), 'utf8')).toBe(
      readFileSync('deploy/prometheus/alerts.yaml', 'utf8'),
    );
  });

  it('generates the base for kustomize, which kubectl builds', async () => {
    const made = await render('--values', join(CHART, 'ci/minimal-values.yaml'));
    await expect(made).toMatchFileSnapshot('../../deploy/kubernetes/shiplog.yaml');
    const built = manifests(await run('kubectl', 'kustomize', 'deploy/kubernetes'));
    expect(built.map(({ kind }) => kind).sort()).toEqual(
      manifests(made)
        .map(({ kind }) => kind)
        .sort(),
    );
  });
});
