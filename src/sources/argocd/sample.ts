import { TEMPLATE_VERSION } from './template-version.ts';

/** What the template in configmap.yaml sends for a sync that has just succeeded. */
export function sampleNotification(at: Date): string {
  const now = at.toISOString();
  const revision = '5a3d1c7e9b2f4860a1c3e5d7f9b1a3c5e7d9f1b3';
  return JSON.stringify({
    schema: 'shiplog/argocd/v1',
    version: TEMPLATE_VERSION,
    event: 'succeeded',
    sent_at: now,
    argocd_url: 'https://argocd.example.com',
    app: {
      name: 'shiplog-sample',
      namespace: 'argocd',
      project: 'default',
      labels: {},
      annotations: { 'shiplog/environment': 'staging' },
    },
    destination: { server: 'https://kubernetes.default.svc', namespace: 'sample' },
    operation: {
      phase: 'Succeeded',
      message: 'successfully synced (all tasks run)',
      started_at: now,
      finished_at: now,
      username: 'mira',
    },
    revision,
    sources: [{ repo_url: 'https://gitlab.example.com/shiplog/sample.git', target_revision: 'main', path: 'deploy' }],
    health: { status: 'Healthy' },
    images: ['registry.example.com/shiplog/sample:1.0.0'],
    resources: { total: 1, changed: 1, failed: [] },
    history: [],
  });
}
