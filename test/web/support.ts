import express from 'express';
import helmet from 'helmet';
import request from 'supertest';
import { createAccess, type Token } from '../../src/http/access.ts';
import { createRefusalLimit } from '../../src/http/refusals.ts';
import type { DeadLetter } from '../../src/queue/dead-letters.ts';
import { createSuspects } from '../../src/store/alerts/suspects.ts';
import { createRunning } from '../../src/store/changes/timeline/running.ts';
import type { Sessions } from '../../src/store/sessions.ts';
import type { Actions } from '../../src/web/actions.ts';
import { createLive } from '../../src/web/live.ts';
import type { PageParts } from '../../src/web/page-parts.ts';
import { createPages } from '../../src/web/router.tsx';
import { formTokenOf, proofOf } from '../../src/web/session.ts';
import { memoryAlerts, memoryDeployments, memoryInbox, memoryLedger, sink, source } from './stores.ts';

export const ADMIN = 'admin-token-0123456789';
export const VIEWER = 'viewer-token-0123456789';
export const CHANGES = 'changes-token-0123456789';

export function app(parts: Partial<PageParts> = {}) {
  const pages = createPages({
    access: createAccess(TOKENS),
    sessions: memorySessions(),
    guesses: createRefusalLimit(20),
    deployments: memoryDeployments([]),
    related: async () => [],
    running: createRunning(parts.deployments ?? memoryDeployments([])),
    alerts: memoryAlerts(),
    suspectsOf: createSuspects(parts.deployments ?? memoryDeployments([])),
    inbox: memoryInbox(),
    ledger: memoryLedger(),
    sources: [source('gitlab'), source('bitbucket'), source('argocd'), source('changes-api', 'changes')],
    sinks: [sink('alert24')],
    rules: [],
    routing: {},
    deadLetters: memoryDeadLetters(),
    backlog: async () => ({}),
    holds: () => ({}),
    failures: () => ({}),
    traffic: { of: () => ({ delivered: 0, failed: 0 }) },
    spool: () => ({ entries: 0, bytes: 0 }),
    isRedisAway: () => false,
    actions: notes().actions,
    live: createLive(async () => '1'),
    ...parts,
  });
  return express().use(helmet(), pages);
}

const TOKENS: readonly Token[] = [
  { name: 'admin', token: ADMIN, may: 'admin' },
  { name: 'viewer', token: VIEWER, may: 'read' },
  { name: 'changes', token: CHANGES, may: 'write', source: 'changes' },
];
const tokenOf = (token: string): Token => {
  const found = TOKENS.find((one) => one.token === token);
  if (!found) throw new Error('no such token');
  return found;
};

/** A session of an admin and one of a viewer are open. */
const SESSION_IDS: Readonly<Record<string, string>> = { [ADMIN]: 'a'.repeat(43), [VIEWER]: 'v'.repeat(43) };
const sessionOf = (token: string): string => SESSION_IDS[token] ?? '';

export function memorySessions(): Sessions {
  const open = new Map(Object.entries(SESSION_IDS).map(([token, id]) => [id, proofOf(id, tokenOf(token))]));
  return {
    open: async (id, proof) => void open.set(id, proof),
    proofOf: async (id) => open.get(id),
    end: async (id) => void open.delete(id),
    async endAll() {
      const count = open.size;
      open.clear();
      return count;
    },
  };
}

export const formTokenFor = (token: string, session = sessionOf(token)): string => formTokenOf(session, tokenOf(token));
export const sessionCookie = (token = ADMIN) => `shiplog_session=${sessionOf(token)}`;

/** The page as an admin sees it. */
export async function see(path: string, parts: Partial<PageParts> = {}, status = 200): Promise<string> {
  const response = await request(app(parts)).get(path).set('cookie', sessionCookie()).expect(status);
  return response.text;
}

/** The page as a viewer sees it. */
export async function glance(path: string, parts: Partial<PageParts> = {}): Promise<string> {
  const response = await request(app(parts)).get(path).set('cookie', sessionCookie(VIEWER)).expect(200);
  return response.text;
}

/** A form of ours, sent by an admin. */
export function submit(path: string, fields: Record<string, string>, parts: Partial<PageParts> = {}) {
  return request(app(parts))
    .post(path)
    .set('cookie', sessionCookie())
    .type('form')
    .send({ form_token: formTokenFor(ADMIN), ...fields });
}

export function letter(over: Partial<DeadLetter> = {}): DeadLetter {
  return {
    id: 'alert24:fwd_1',
    sink: 'alert24',
    kind: 'refused',
    source: 'gitlab',
    deployment: 'gitlab:gitlab.harbor.example:4711:job:2',
    why: '422 unknown service',
    madeAt: '2026-05-04T10:00:22.000Z',
    diedAt: '2026-05-04T10:00:23.000Z',
    attempts: 1,
    ...over,
  };
}

export const memoryDeadLetters = (letters: readonly DeadLetter[] = [], unread = 0): PageParts['deadLetters'] => ({
  of: async (name) => letters.filter(({ sink }) => sink === name),
  async newest({ id, sink, kind, reason = '', untilMs = Number.POSITIVE_INFINITY }) {
    const fits = letters
      .filter((one) => id === undefined || one.id === id)
      .filter((one) => sink === undefined || one.sink === sink)
      .filter((one) => kind === undefined || one.kind === kind)
      .filter((one) => one.why.includes(reason) && Date.parse(one.diedAt) < untilMs);
    return { letters: fits, unread };
  },
});

/** Writes down what the buttons ask for. */
export function notes() {
  const done: (readonly [keyof Actions, ...unknown[]])[] = [];
  const actions: Actions = {
    replay: async (filter, order) => done.push(['replay', filter, order]),
    drop: async (filter) => done.push(['drop', filter]),
    mapWebhook: async (webhook) => done.push(['mapWebhook', webhook]),
    mapDeployment: async (deployment) => done.push(['mapDeployment', deployment]),
    async sendSample(name) {
      done.push(['sendSample', name]);
      return { webhook: '7b0d7a0e-0000-4000-8000-000000000001', verdict: 'accepted' };
    },
  };
  return { done, actions };
}
