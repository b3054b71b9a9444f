import { createHash } from 'node:crypto';
import type { Deployment } from '../../src/domain/deployment.ts';

/** 40 hex digits that look like a commit. */
export const sha = (seed: string | number): string => createHash('sha1').update(String(seed)).digest('hex');

/** A succeeded deployment of Argo CD in invented words, and whatever of it a test wants otherwise. */
export function aDeployment(over: Partial<Deployment> = {}): Deployment {
  return {
    key: 'argocd:lighthouse/beacon:2026-03-19T14:29:00Z',
    source: 'argocd',
    instance: 'argocd',
    state: 'succeeded',
    changeType: 'deployment',
    environment: { name: 'production', tier: 'production' },
    service: 'lighthouse-api',
    repository: { name: 'harbor/lighthouse-api', gitlabProject: 'harbor/lighthouse-api' },
    ref: 'main',
    commit: { sha: sha(1), title: 'Turn the lamp faster' },
    actor: 'mira',
    artifacts: [],
    paths: [],
    occurredAt: '2026-03-19T14:30:07.000Z',
    startedAt: '2026-03-19T14:29:00.000Z',
    finishedAt: '2026-03-19T14:30:07.000Z',
    receivedAt: '2026-03-19T14:30:08.000Z',
    tags: ['argocd-app:beacon'],
    notes: [],
    decidedBy: 'chg_1',
    signals: ['sync'],
    sources: ['argocd'],
    ...over,
  };
}
