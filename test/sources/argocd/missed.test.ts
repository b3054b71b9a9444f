import { afterEach, describe, expect, it } from 'vitest';
import { ChangeRecord } from '../../../src/domain/change-record.ts';
import { ResolveFailed } from '../../../src/domain/errors.ts';
import { argocd } from '../../../src/sources/argocd/index.ts';
import { type FakeReply, type FakeRequest, type FakeServer, startFakeServer } from '../../support/fake-server.ts';
import { body, createSource, createWebhook, recordOf, TOKEN } from './support.ts';

const API_TOKEN = 'look-out-of-the-lighthouse';
const NOW = new Date('2026-05-04T10:05:00Z');
const SINCE = new Date('2026-05-04T08:00:00Z');

let server: FakeServer | undefined;
afterEach(() => server?.close());

type App = ReturnType<typeof body>;

/** Argo CD's list gives the fields that were asked for of a short list of its own: neither uid nor history. */
function argoCd(apps: readonly App[], refused: readonly string[] = []) {
  return ({ path, query, headers }: FakeRequest): FakeReply => {
    if (headers.authorization !== `Bearer ${API_TOKEN}`) return { status: 401, body: { error: 'no session' } };
    if (path === '/argo/api/v1/applications') {
      expect(query.get('fields')).toContain('items.metadata.name');
      const items = apps.map(({ metadata: { name, namespace }, status }) => {
        const { phase, startedAt, finishedAt } = status.operationState ?? {};
        return {
          metadata: { name, namespace },
          status: { operationState: { phase, startedAt, finishedAt }, health: status.health },
        };
      });
      return { status: 200, body: { items: items.length > 0 ? items : null, metadata: {} } };
    }
    const name = decodeURIComponent(path.replace('/argo/api/v1/applications/', ''));
    const found = apps.find(({ metadata }) => metadata.name === name);
    if (refused.includes(name) || !found) return { status: 403, body: { error: 'permission denied' } };
    expect(query.get('appNamespace')).toBe(found.metadata.namespace);
    return { status: 200, body: found };
  };
}

function application(name: string, change: (app: App) => void = () => {}): App {
  const app = body('application');
  app.metadata.name = name;
  app.metadata.uid = `uid-of-${name}`;
  change(app);
  return app;
}

async function ask(handle: (request: FakeRequest) => FakeReply, since = SINCE) {
  server = await startFakeServer(handle);
  const source = createSource({ api: { url: `${server.url}/argo/`, token: API_TOKEN } });
  const warnings: string[] = [];
  const pages: ChangeRecord[][] = [];
  const call = {
    signal: new AbortController().signal,
    now: NOW,
    warn: (finding: string) => void warnings.push(finding),
  };
  for await (const page of source.missed?.(since, call) ?? []) {
    pages.push(page.map((record) => ChangeRecord.parse(record)));
  }
  return { pages, records: pages.flat(), warnings, requests: server.requests };
}

describe('what Argo CD deployed and never reported', () => {
  it('is listed by application since then, with the key and id of its notification', async () => {
    const { records, requests } = await ask(argoCd([application('buoy')]));
    const told = recordOf(createSource().map({ app: application('buoy') }, createWebhook({ receivedAt: NOW })));
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({ id: told.id, deployment: told.deployment, state: 'succeeded', actor: 'mira' });
    expect(records[0]?.pipelineUrl).toMatch(/\/argo\/applications\/argocd\/buoy\?operation=true$/);
    expect(requests.map(({ path }) => path)).toEqual(['/argo/api/v1/applications', '/argo/api/v1/applications/buoy']);
  });

  it('includes the history since then, which the store assigns', async () => {
    const app = application('buoy', ({ status }) => {
      status.history[0].deployedAt = '2026-05-04T08:30:00Z';
      status.history[0].deployStartedAt = '2026-05-04T08:29:00Z';
      status.history.unshift({ id: 5, revision: 'd'.repeat(40), deployedAt: '2026-05-04T07:59:59Z' });
    });
    const { records } = await ask(argoCd([app]));
    expect(
      records.map(({ deployment, history }) => [deployment.split(':').slice(2).join(':'), history?.recovered]),
    ).toEqual([
      ['2026-05-04T09:12:03.000Z', undefined],
      ['2026-05-04T08:29:00.000Z', true],
    ]);
  });

  it('asks only for applications that were synced since then', async () => {
    const old = application('old', ({ status }) => {
      status.operationState.startedAt = '2026-05-03T09:12:03Z';
      status.operationState.finishedAt = '2026-05-03T09:12:31Z';
      status.health.lastTransitionTime = '2026-05-03T09:12:36Z';
    });
    const long = application('long', ({ status }) => {
      status.operationState.startedAt = '2026-05-01T09:12:03Z';
    });
    const never = application('never', ({ status }) => {
      delete status.operationState;
    });
    const { records, requests } = await ask(argoCd([old, long, never]));
    expect(requests).toHaveLength(2);
    expect(records.map(({ service }) => service)).toEqual(['long']);
  });

  it('is listed in pages of a hundred', async () => {
    const apps = Array.from({ length: 130 }, (_, index) => application(`app-${index}`));
    const { pages, records } = await ask(argoCd(apps));
    expect(pages.map((page) => page.length)).toEqual([100, 30]);
    expect(new Set(records.map(({ deployment }) => deployment)).size).toBe(130);
  });

  it('continues if one application is refused, and names it', async () => {
    const { records, warnings } = await ask(argoCd([application('buoy'), application('beacon')], ['buoy']));
    expect(records.map(({ service }) => service)).toEqual(['beacon']);
    expect(warnings).toEqual([expect.stringContaining('argocd/buoy is refused')]);
  });

  it('reports that an account without applications needs a permission', async () => {
    const { records, warnings } = await ask(argoCd([]));
    expect(records).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('applications, get')]);
  });

  it.each([
    ['a wrong token', () => ({ status: 401, body: { error: `not ${API_TOKEN}` } })],
    ['the pages instead of the API', () => ({ status: 200, body: '<html></html>' })],
    ['nothing there', () => ({ status: 404, body: {} })],
    ['an error', () => ({ status: 502, body: 'bad gateway' })],
  ])('fails with a message without the token at %s', async (_, handle) => {
    const error = await ask(handle).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ResolveFailed);
    expect(String(error)).not.toContain(API_TOKEN);
  });

  it.each([
    [{ url: 'https://argocd.harbor.example' }, 'token'],
    [{ token: API_TOKEN }, 'url'],
  ])('is configured with both or neither: %j lacks %s', (api, missing) => {
    const { error } = argocd.safeParse({ type: 'argocd', secrets: [TOKEN], api });
    expect(error?.issues).toMatchObject([
      { path: ['api', missing], message: expect.stringContaining(`${missing} is not`) },
    ]);
    expect(createSource().missed).toBeUndefined();
  });
});
