import { type RequestHandler, Router } from 'express';
import type { Registry } from 'prom-client';
import { openapi } from './openapi.ts';

export interface Readiness {
  readonly ready: boolean;
  /** Sentences; empty when all is well. */
  readonly reasons: readonly string[];
  readonly details: Readonly<Record<string, unknown>>;
}

/** /livez: the process answers. /readyz: it can keep a webhook, or why not. /metrics: Prometheus text. /openapi.json: what /api can do. */
export function createHealth(readiness: () => Promise<Readiness>, registry: Registry): RequestHandler {
  const router = Router();
  router.get('/livez', (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/readyz', async (_request, response) => {
    const { ready, reasons, details } = await readiness();
    response
      .status(ready ? 200 : 503)
      .json({ status: !ready ? 'not ready' : reasons.length > 0 ? 'degraded' : 'ready', reasons, ...details });
  });
  router.get('/metrics', async (_request, response) => {
    response.type(registry.contentType).send(await registry.metrics());
  });
  const description = JSON.stringify(openapi());
  router.get('/openapi.json', (_request, response) => {
    response.type('json').send(description);
  });
  return router;
}
