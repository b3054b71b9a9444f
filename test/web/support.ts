import express from 'express';
import helmet from 'helmet';
import request from 'supertest';
import { createPages, type PageParts } from '../../src/web/pages.ts';
import { createSession } from '../../src/web/session.ts';
import { memoryDeployments, memoryInbox, memoryLedger, sink, source } from './stores.ts';

export const ADMIN = 'admin-token-0123456789';
export const CHANGES = 'changes-token-0123456789';

export function app(parts: Partial<PageParts> = {}) {
  const pages = createPages({
    tokens: [ADMIN, CHANGES],
    deployments: memoryDeployments([]),
    inbox: memoryInbox(),
    ledger: memoryLedger(),
    sources: [source('gitlab'), source('bitbucket'), source('argocd'), source('changes-api', 'changes')],
    sinks: [sink('alert24')],
    ...parts,
  });
  return express().use(helmet(), pages);
}

export const sessionCookie = (now = new Date()) => `shiplog_session=${createSession(ADMIN, now)}`;

/** The page as an admin sees it. */
export async function see(path: string, parts: Partial<PageParts> = {}): Promise<string> {
  const response = await request(app(parts)).get(path).set('cookie', sessionCookie()).expect(200);
  return response.text;
}
