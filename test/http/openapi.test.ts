import type { RequestHandler } from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Config } from '../../src/config/config.ts';
import { createAdmin } from '../../src/http/admin.ts';
import { SCHEMAS } from '../../src/http/answers/index.ts';
import { createApi } from '../../src/http/api.ts';
import { createDeadLetterRoutes } from '../../src/http/dead-letters.ts';
import { openapi } from '../../src/http/openapi.ts';
import { OPERATIONS, type Operation } from '../../src/http/openapi-operations.ts';
import {
  ADMIN_TOKEN,
  anAlert,
  gitlabDeploymentHook,
  gitlabHeaders,
  SECRET,
  startTestBridge,
} from '../support/bridge.ts';
import { ALERT24_KEY, startFakeAlert24 } from '../support/fake-alert24.ts';

const described = OPERATIONS.map(({ method, path }) => `${method} ${path}`).sort();
const document = JSON.parse(JSON.stringify(openapi()));

describe('the description of the API', () => {
  it('names every route under /api, and no other', () => {
    const nothing: RequestHandler = () => {};
    const unused = () => {
      throw new Error('no route is called here');
    };
    const parts = new Proxy({}, { get: () => unused }) as never; // routes are only looked at, never called
    const deadLetters = createDeadLetterRoutes(parts);
    const routers = [
      createApi(parts),
      createAdmin({ ...(parts as object), preview: nothing, deadLetters } as never), // the same
    ];
    expect(
      routers
        .flatMap((router) => routesOf(router))
        .concat(webhookRoutes())
        .sort(),
    ).toEqual(described);
  });

  it('is consistent: references resolve, path parameters are declared, ids are unique', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref ?? '');
    expect(references.length).toBeGreaterThan(30);
    for (const reference of new Set(references)) {
      const found = reference
        .slice(2)
        .split('/')
        .reduce((at, name) => at?.[name], document);
      expect(found, reference).toBeTypeOf('object');
    }
    expect(new Set(OPERATIONS.map(({ id }) => id)).size).toBe(OPERATIONS.length);
    for (const [path, methods] of Object.entries<Record<string, { parameters: { in: string; name: string }[] }>>(
      document.paths,
    ))
      for (const operation of Object.values(methods))
        expect(operation.parameters.filter((one) => one.in === 'path').map(({ name }) => `{${name}}`)).toEqual(
          path.match(/\{\w+\}/g) ?? [],
        );
  });

  it('publishes the change and the stored record, field by field', () => {
    const { Change, ChangeRecord } = document.components.schemas;
    expect(Change.properties.status.enum).toEqual(['pending', 'running', 'succeeded', 'failed', 'canceled']);
    expect(Change.properties.commit_sha.type).toEqual(['string', 'null']);
    expect(Change.required).toContain('occurred_at');
    expect(ChangeRecord.properties.occurredAt).toMatchObject({ type: 'string', format: 'date-time' });
    const created = document.paths['/api/v1/changes'].post.requestBody.content['application/json'].schema;
    expect(created.required).toEqual(['summary']);
    expect(created.properties.risk_level.enum).toContain('critical');
  });
});

/** `/api/v1/changes` of the changes API: the tools' other addresses speak the tools' languages, and are described there. */
function webhookRoutes(): string[] {
  const { sources } = Config.parse({ admin_token: ADMIN_TOKEN, sources: [{ type: 'changes-api', secrets: [SECRET] }] });
  const paths = sources.flatMap(({ alsoAt = [] }) => alsoAt);
  return paths.map((path) => `post ${path.endsWith('/') ? `${path}{service}/changes` : path}`);
}

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
  readonly handle: { readonly stack?: readonly Layer[] };
  match(path: string): boolean;
}

/** A router within a router does not say where: the described path that it takes is where. */
function routesOf(router: unknown, prefix = ''): string[] {
  const { stack = [] } = router as { stack?: readonly Layer[] }; // express's own, which its types do not show
  return stack.flatMap(({ route, handle, ...layer }) => {
    if (route) {
      const path = `${prefix}${route.path === '/' ? '' : route.path}`.replace(/[:*](\w+)/g, '{$1}');
      return Object.keys(route.methods).map((method) => `${method} ${path}`);
    }
    if (!handle.stack) return [];
    const whole = Object.assign(Object.create(Object.getPrototypeOf(stack[0])) as Layer, layer); // the method stands in the prototype
    const at = [...new Set(OPERATIONS.map(({ path }) => path))].filter(
      (path) => !path.includes('{') && whole.match(path),
    );
    const shortest = at.sort((a, b) => a.length - b.length)[0];
    if (shortest === undefined) throw new Error('a router under /api is not described at all');
    return routesOf(handle, shortest);
  });
}

describe('a running bridge', () => {
  let alert24: Awaited<ReturnType<typeof startFakeAlert24>>;
  let bridge: Awaited<ReturnType<typeof startTestBridge>>;
  let webhook: string;
  let alert: string;

  beforeAll(async () => {
    alert24 = await startFakeAlert24();
    bridge = await startTestBridge({
      sources: ['gitlab', 'bitbucket', 'argocd', 'changes-api', 'alerts'].map((type) => ({ type, secrets: [SECRET] })),
      sinks: [{ type: 'alert24', url: alert24.url, api_key: ALERT24_KEY }],
      trust_proxy: 1,
      environments: { production: 'live' },
      rules: [{ name: 'risky', match: { environment: 'live' }, set: { risk_level: 'high' } }],
    });
    const argo = { service: 'lighthouse-api', environment: 'staging', commit_sha: '4b825dc6', image: 'beacon:3' };
    for (const summary of ['Deployed one', 'Deployed two'])
      await bridge.post('/webhooks/changes', { summary, ...argo }, { authorization: `Bearer ${SECRET}` });
    alert = (await bridge.post('/webhooks/alerts', anAlert(), { authorization: `Bearer ${SECRET}` })).body.alerts[0];
    await bridge.post('/webhooks/gitlab', '{', gitlabHeaders());
    await bridge.post('/webhooks/gitlab', { object_kind: 'push' }, gitlabHeaders('Push Hook'));
    webhook = (await bridge.post('/webhooks/gitlab', gitlabDeploymentHook(), gitlabHeaders())).body.webhook;
    await bridge.settled();
    alert24.inject({ kind: 'status', method: 'POST', status: 422, times: 1 });
    const failing = gitlabDeploymentHook({ deployable_id: 2, deployment_id: 502 });
    await bridge.post('/webhooks/gitlab', failing, gitlabHeaders());
    await bridge.settled();
  });
  afterAll(async () => {
    await bridge?.stop();
    await alert24?.close();
  });

  const requests: Readonly<Record<string, () => { path: string; body?: unknown }>> = {
    listChanges: () => ({ path: '/api/v1/changes?limit=2&since=2026-01-01&text=lighthouse' }),
    drawTimeline: () => ({ path: '/api/v1/changes/timeline?since=2026-01-01' }),
    measurePerformance: () => ({ path: '/api/v1/performance?environment=*' }),
    listRunning: () => ({ path: '/api/v1/running' }),
    listAlerts: () => ({ path: '/api/v1/alerts?service=lighthouse-api' }),
    getAlert: () => ({ path: `/api/v1/alerts/${alert}` }),
    listChangesOfService: () => ({ path: '/api/v1/services/lighthouse-api/changes' }),
    getDeployment: () => ({ path: '/api/deployments/gitlab:git.harbor.example:77:job:15664214926' }),
    listSources: () => ({ path: '/api/sources' }),
    listWebhooks: () => ({ path: '/api/inbox' }),
    getWebhook: () => ({ path: `/api/inbox/${webhook}` }),
    readFeed: () => ({ path: '/api/feed?last=100' }),
    createChange: () => ({ path: '/api/v1/changes', body: { summary: 'Deployed three' } }),
    createChangeOfService: () => ({ path: '/api/v1/services/svc_1/changes', body: { summary: 'Deployed four' } }),
    replayWebhook: () => ({ path: `/api/inbox/${webhook}/replay`, body: {} }),
    listDeadLetters: () => ({ path: '/api/dead-letters' }),
    replayDeadLetters: () => ({ path: '/api/dead-letters/replay', body: { all: true, dry_run: true } }),
    dropDeadLetters: () => ({ path: '/api/dead-letters/drop', body: { all: true, dry_run: true } }),
    endSessions: () => ({ path: '/api/sessions/end', body: {} }),
    reconcile: () => ({ path: '/api/reconcile', body: { source: 'gitlab', since: '2026-03-14T20:00:00Z' } }),
    redeliver: () => ({
      path: '/api/redeliver',
      body: { sink: 'alert24', since: '2026-03-14T20:00:00Z', dry_run: true },
    }),
    previewWebhook: () => ({ path: '/api/preview/gitlab', body: gitlabDeploymentHook() }),
    listRules: () => ({ path: '/api/rules' }),
  };

  const ask = async ({ id, method, token }: Operation, authorization?: string) => {
    const { path, body } = requests[id]?.() ?? { path: '/' };
    const bearer = authorization ?? `Bearer ${token === 'source' ? SECRET : ADMIN_TOKEN}`;
    const answer = await fetch(`${bridge.url}${path}`, {
      method: method.toUpperCase(),
      // Each from another address: one that sends wrong tokens again and again is held back.
      headers: {
        authorization: bearer,
        'content-type': 'application/json',
        'x-forwarded-for': `198.51.100.${OPERATIONS.findIndex((one) => one.id === id) + 1}`,
      },
      ...(method === 'post' && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: JSON.parse(await answer.text()) };
  };

  it.each(OPERATIONS)('answers $method $path as it is described', async (operation) => {
    const { data, list, meta, status } = operation.answer;
    const answer = await ask(operation);
    expect(answer.status).toBe(status);
    const schema = z.strictObject({
      data: list ? z.array(SCHEMAS[data]).min(1) : SCHEMAS[data],
      ...(meta && { meta: SCHEMAS[meta] }),
    });
    expect(schema.safeParse(answer.body).error?.issues).toBeUndefined();
    const refused = await ask(operation, 'Bearer wrong');
    expect(refused.status).toBe(401);
    expect(SCHEMAS.Failure.safeParse(refused.body).error?.issues).toBeUndefined();
  });

  it('returns the description without a token', async () => {
    const answer = await fetch(`${bridge.url}/openapi.json`);
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(await answer.json()).toEqual(document);
  });
});
