// The floor: what no receiver that keeps its promise can do without. Parse, check a digest, one durable write, answer.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import { answerCalls } from '../calls.mjs';
import { SHA_TAIL, TOKEN } from '../payloads.mjs';

const KEPT_BYTES = 1_024;
const EXPECTED = Buffer.alloc(32, SHA_TAIL);

answerCalls({
  async listen({ redisPort }) {
    const redis = new Redis({ port: redisPort });
    const server = createServer((request, response) => {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', async () => {
        const body = Buffer.concat(chunks);
        const { object_kind: kind } = JSON.parse(body);
        // GitLab's token is no signature, so that the digest cannot match: the work is done, and its outcome kept.
        const matches = timingSafeEqual(createHmac('sha256', TOKEN).update(body).digest(), EXPECTED);
        await redis.xadd(
          'floor',
          '*',
          'kind',
          String(kind),
          'ok',
          Number(matches),
          'body',
          body.subarray(0, KEPT_BYTES),
        );
        response.writeHead(202, { 'content-type': 'application/json', 'content-length': 2 });
        response.end('{}');
      });
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { port: server.address().port };
  },
});
