// Bare express: answers, and has not even read the body.
import express from 'express';
import { answerCalls } from '../calls.mjs';

answerCalls({
  async listen() {
    const app = express();
    app.post('/webhooks/:source', (_request, response) => {
      response.status(202).json({ status: 'accepted' });
    });
    const server = await new Promise((resolve) => {
      const listener = app.listen(0, '127.0.0.1', () => resolve(listener));
    });
    return { port: server.address().port };
  },
});
