import { sampleSha } from '../sample-sha.ts';

/** What Flux reports of a Kustomization that was applied, of an invented one. Each second makes another revision. */
export function sampleEvent(at: Date): string {
  const number = Math.floor(at.getTime() / 1000);
  return JSON.stringify({
    involvedObject: {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      name: 'shiplog-sample',
      namespace: 'flux-system',
    },
    severity: 'info',
    timestamp: at.toISOString(),
    message: 'Reconciliation finished in 436ms, next run in 10m0s',
    reason: 'ReconciliationSucceeded',
    metadata: {
      'kustomize.toolkit.fluxcd.io/revision': `main@sha1:${sampleSha(number)}`,
      environment: 'staging',
    },
    reportingController: 'kustomize-controller',
  });
}
