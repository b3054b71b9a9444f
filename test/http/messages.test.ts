import { createServer } from 'node:http';
import express from 'express';
import request from 'supertest';
import { expect, it } from 'vitest';
import { createMessages } from '../../src/http/messages.ts';

const appThatSays = (word: string) => {
  const app = express();
  app.set('trust proxy', 1);
  app.get('/', (asked, response) => response.json({ word, ip: asked.ip, same: response.req === asked }));
  return app;
};

it("creates requests with express's prototype, whichever app is the newest", async () => {
  const messages = createMessages();
  let app = appThatSays('first');
  messages.adopt(app);
  const before: boolean[] = [];
  const server = createServer(messages.classes, (asked, response) => {
    before.push(Object.getPrototypeOf(asked) === app.request, Object.getPrototypeOf(response) === app.response);
    app(asked, response);
  });
  const get = () => request(server).get('/').set('x-forwarded-for', '203.0.113.7').expect(200);
  expect((await get()).body).toEqual({ word: 'first', ip: '203.0.113.7', same: true });
  app = appThatSays('second');
  messages.adopt(app);
  expect((await get()).body).toEqual({ word: 'second', ip: '203.0.113.7', same: true });
  expect(before).toEqual([true, true, true, true]);
});
