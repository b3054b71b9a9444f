import request from 'supertest';
import { expect, it } from 'vitest';
import { app, sessionCookie } from './support.ts';

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
const get = (path: string, accept: string) => request(app()).get(path).set('accept', accept);

it('is a page for a browser, logged in or not', async () => {
  const { status, type, text } = await get('/nothere', BROWSER);
  expect([status, type]).toEqual([404, 'text/html']);
  expect(text).toContain('There is no page at this address.');
});

it('has the menu for a user, with what is wrong at the moment', async () => {
  const pages = app({ backlog: async () => ({ alert24: { waiting: 0, dead: 3 } }) });
  const { text } = await request(pages).get('/nothere').set('accept', BROWSER).set('cookie', sessionCookie());
  expect(text).toContain('3 dead letters');
});

it.each([
  ['/nothere', '*/*'],
  ['/nothere', 'application/json'],
  ['/api/v1/nothere', BROWSER],
  ['/webhooks/nothere', BROWSER],
])('is JSON for scripts: %s, accepting %s', async (path, accept) => {
  expect((await get(path, accept)).text).not.toContain('There is no page');
});
