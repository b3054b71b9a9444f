// The usual stack: what most people would write. express.json, zod, pino-http, one BullMQ add a webhook, and a worker that
// posts to the destination: one hop, no change log, no order, no states.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { Queue, Worker } from 'bullmq';
import express from 'express';
import { Redis } from 'ioredis';
import { pinoHttp } from 'pino-http';
import { Pool } from 'undici';
import { z } from 'zod';
import { answerCalls } from '../calls.mjs';
import { TOKEN } from '../payloads.mjs';

const CONCURRENCY = 50;

const Hook = z.object({
  object_kind: z.literal('deployment'),
  status: z.enum(['running', 'success', 'failed', 'canceled']),
  status_changed_at: z.string(),
  deployment_id: z.int(),
  deployable_id: z.int().nullable(),
  deployable_url: z.url().nullable(),
  environment: z.string(),
  environment_tier: z.string().nullish(),
  environment_external_url: z.string().nullish(),
  project: z.object({ id: z.int(), name: z.string(), web_url: z.url(), path_with_namespace: z.string() }),
  short_sha: z.string(),
  user: z.object({ username: z.string(), name: z.string() }),
  commit_url: z.url(),
  commit_title: z.string(),
  ref: z.string(),
});

answerCalls({
  async listen({ redisPort, destination }) {
    const connection = () => new Redis({ port: redisPort, maxRetriesPerRequest: null });
    const queue = new Queue('usual', {
      connection: connection(),
      defaultJobOptions: { attempts: 5, backoff: { type: 'exponential', delay: 1_000 }, removeOnComplete: true },
    });
    await queue.waitUntilReady();
    const pool = new Pool(destination, { connections: CONCURRENCY });
    const worker = new Worker('usual', ({ data }) => deliver(pool, data), {
      connection: connection(),
      concurrency: CONCURRENCY,
    });
    worker.on('error', () => {}); // the queue is emptied under it, between two figures
    const server = await listen(createApp(queue));
    return { port: server.address().port };
  },
});

function createApp(queue) {
  const app = express();
  app.use(pinoHttp());
  const sign = (request, _response, bytes) => {
    request.digest = createHmac('sha256', TOKEN).update(bytes).digest('hex');
  };
  app.post('/webhooks/gitlab', express.json({ limit: '25mb', verify: sign }), async (request, response) => {
    if (!isToken(request.get('x-gitlab-token'))) return response.status(401).json({ error: 'wrong token' });
    const hook = Hook.safeParse(request.body);
    if (!hook.success) return response.status(202).json({ status: 'ignored' });
    const job = await queue.add('deployment', toChange(hook.data, request.digest));
    return response.status(202).json({ status: 'accepted', id: job.id });
  });
  return app;
}

const listen = (app) =>
  new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve(server));
  });

const EXPECTED = Buffer.from(TOKEN);

function isToken(text = '') {
  const given = Buffer.from(text);
  return given.length === EXPECTED.length && timingSafeEqual(given, EXPECTED);
}

/** 1 kB, as Alert24 takes it. */
function toChange(hook, digest) {
  const { project } = hook;
  return {
    summary: `Deploy ${project.path_with_namespace}@${hook.short_sha} to ${hook.environment}: ${hook.status}`,
    change_type: 'deployment',
    description: `${hook.commit_title}\nJob: ${hook.deployable_url}\nEnvironment: ${hook.environment_external_url}`,
    source: 'gitlab',
    commit_sha: hook.commit_url.split('/').at(-1),
    commit_message: hook.commit_title,
    branch: hook.ref,
    pipeline_url: hook.deployable_url,
    environment: hook.environment,
    risk_level: hook.environment_tier === 'production' ? 'medium' : 'low',
    changed_by: hook.user.username,
    external_id: `gitlab:${project.id}:deployment:${hook.deployment_id}:${hook.status}`,
    tags: ['gitlab', `project:${project.path_with_namespace}`, `digest:${digest.slice(0, 12)}`],
  };
}

async function deliver(pool, change) {
  const { statusCode, body } = await pool.request({
    path: '/api/v1/changes',
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify(change),
  });
  await body.dump();
  if (statusCode >= 300) throw new Error(`the destination answered ${statusCode}`);
}
