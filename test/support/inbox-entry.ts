import { randomUUID } from 'node:crypto';
import type { InboxEntry } from '../../src/store/inbox/entry.ts';

/** A webhook that was recorded. */
export const anInboxEntry = (over: Partial<InboxEntry> = {}): InboxEntry => ({
  id: randomUUID(),
  receivedAt: '2026-03-01T10:00:00.000Z',
  source: 'gitlab',
  method: 'POST',
  path: '/webhooks/gitlab',
  headers: { 'x-gitlab-event': 'Deployment Hook' },
  verdict: 'recorded',
  deployments: ['job:1'],
  bytes: 12,
  ...over,
});
