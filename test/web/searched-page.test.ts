import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { anInboxEntry } from '../support/inbox-entry.ts';
import { memoryDeployments, memoryInbox, step } from './stores.ts';
import { app, sessionCookie } from './support.ts';

const KEY = 'gitlab:git.harbor.example:7:job:12';
const WEBHOOK = '0b6f1c5a-52f0-4c0e-9a51-6d0f4a1c2b3d';
const deployments = memoryDeployments([step({ deployment: KEY })]);
const inbox = memoryInbox([anInboxEntry({ id: WEBHOOK })]);

/** Where a search for this text leads; undefined: to the list of changes. */
async function searched(text: string): Promise<string | undefined> {
  const answer = await request(app({ deployments, inbox })).get('/').query({ text }).set('cookie', sessionCookie());
  expect(answer.status === 303).toBe(answer.headers['location'] !== undefined);
  return answer.headers['location'];
}

describe('a search leads to the page', () => {
  it('of a deployment, by its key or the address of its page', async () => {
    const page = `/deployments/${KEY}`;
    expect(await searched(` ${KEY} `)).toBe(page);
    expect(await searched(`https://shiplog.harbor.example/deployments/${encodeURIComponent(KEY)}`)).toBe(page);
    expect(await searched(`https://harbor.example/tools/shiplog/deployments/${KEY}?did=done`)).toBe(page);
  });

  it('of a webhook, by its id or the address of its page', async () => {
    expect(await searched(WEBHOOK)).toBe(`/inbox/${WEBHOOK}`);
    expect(await searched(`http://127.0.0.1:8080/inbox/${WEBHOOK}`)).toBe(`/inbox/${WEBHOOK}`);
  });

  it('of nothing else', async () => {
    for (const text of [
      ...['harbor', 'service: lamp', `${KEY}4`, WEBHOOK.replace('0', '1'), ':::::::::', 'a:'.repeat(600)],
      ...['https://git.harbor.example/harbor/pay/-/deployments/7', 'https://harbor.example/deployments/%'],
      ...['//harbor.example/deployments/', `https://harbor.example/inbox/${KEY}`],
    ])
      expect([text, await searched(text)]).toEqual([text, undefined]);
  });
});
