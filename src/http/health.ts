import { type Request, type RequestHandler, Router } from 'express';
import type { Registry } from 'prom-client';

export interface Readiness {
  readonly ready: boolean;
  /** Sentences; empty when all is well. */
  readonly reasons: readonly string[];
  readonly details: Readonly<Record<string, unknown>>;
}

export interface HealthParts {
  readonly readiness: () => Promise<Readiness>;
  readonly registry: Registry;
  /** Whether the sender may read metrics and why the bridge is not ready. Anyone may read the status alone. */
  readonly mayLook: (request: Request) => boolean;
}

/**
 * /livez: the process answers. /readyz: whether it can keep a webhook, or why not. /metrics: Prometheus text.
 * /openapi.json: the description of the API.
 */
export function createHealth({ readiness, registry, mayLook }: HealthParts): RequestHandler {
  const router = Router();
  router.get('/livez', (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/readyz', async (request, response) => {
    const { ready, reasons, details } = await readiness();
    const status = !ready ? 'not ready' : reasons.length > 0 ? 'degraded' : 'ready';
    response.status(ready ? 200 : 503).json(mayLook(request) ? { status, reasons, ...details } : { status });
  });
  router.get('/metrics', async (request, response) => {
    if (mayLook(request)) response.type(registry.contentType).send(await registry.metrics());
    else response.status(401).json({ error: 'send the metrics token: Authorization: Bearer <metrics_token>' });
  });
  let description: string | undefined; // made when it is asked for: a start does not wait for it
  router.get('/openapi.json', async (_request, response) => {
    const { openapi } = await import('./openapi.ts');
    description ??= JSON.stringify(openapi());
    response.type('json').send(description);
  });
  return router;
}
