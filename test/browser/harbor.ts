import { Redis } from 'ioredis';
import type { NewChangeRecord } from '../../src/domain/change-record.ts';
import { createChangeLog } from '../../src/recording/change-log.ts';
import { createAlerts } from '../../src/store/alerts/alerts.ts';
import { createDeployments } from '../../src/store/changes/deployments.ts';
import { gitlabDeploymentHook, gitlabHeaders, SECRET, type startTestBridge } from '../support/bridge.ts';
import { sha } from '../support/deployment.ts';
import type { FakeAlert24 } from '../support/fake-alert24.ts';
import { alone, aRecord, plainView } from '../support/records.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
const PLACES = ['staging', 'production', 'staging', 'review/add-lamp', 'staging', 'production'] as const;
const SERVICES = ['lighthouse-api', 'tide-tables', 'fog-horn', 'berth-planner', 'pilot-app'] as const;
const PEOPLE = ['mira', 'jonas.okafor', 'argocd', 'lin'] as const;
const TITLES = [
  'Turn the lamp slowly',
  'Read the tide from the new gauge, and keep the old one as a second opinion until the end of the month',
  'Bump the lens to 4.2',
  'Sound the horn only while there is fog',
] as const;

/** What a commit message and an environment may say. None of it may become anything but text. */
export const HOSTILE = '<img src=x onerror=alert(1)>"\'</title><script>alert(2)</script>';

const pick = <Item>(items: readonly [Item, ...Item[]], at: number): Item => items[at % items.length] ?? items[0];

/** A month of a small harbor, with one bad hour just now: what a page looks like when somebody is paged. */
export async function fillHarbor(address: { path: string }, now: Date): Promise<void> {
  const redis = new Redis(address.path);
  const deployments = createChangeLog(createDeployments(redis, { days: 400, count: 100_000 }), (key, records) =>
    alone(plainView(key, records)),
  );
  const all = [...month(now), ...badHour(now)];
  const records = all.map((said) => aRecord({ receivedAt: said.occurredAt ?? now.toISOString(), ...said }));
  await Promise.all(records.map((record) => deployments.apply(record)));
  await fillAlerts(redis, now);
  redis.disconnect();
}

/** One of them in hostile words. */
async function fillAlerts(redis: Redis, now: Date): Promise<void> {
  const alerts = createAlerts(redis, { days: 400, count: 1_000 });
  for (const [id, title, minutes] of [
    ['hostile', HOSTILE, 5],
    ['dark', 'LampDark', 300],
    ['fog', 'HornSilent', 900],
  ] as const)
    await alerts.put({
      id: `alt_${id}`,
      instance: 'alerts',
      tool: 'alertmanager',
      state: id === 'dark' ? 'resolved' : 'firing',
      title,
      summary: `${title} `.repeat(20),
      severity: 'critical',
      services: [{ label: 'service', name: 'lighthouse-api' }],
      environment: 'production',
      startedAt: agoOf(now)(minutes),
      receivedAt: agoOf(now)(minutes - 1),
      ...(id === 'dark' && { endedAt: agoOf(now)(minutes - 40) }),
      labels: { alertname: title, instance: 'a'.repeat(200) },
    });
}

/** Names that nobody chose for a page: unbroken, from right to left, with words in all columns. */
const UNBROKEN = `${'quay'.repeat(15)}-unbroken-${'berth'.repeat(12)}`;
export const RIGHT_TO_LEFT = 'خدمة-المدفوعات-الرئيسية-والتسويات-اليومية-للمرفأ';

/** What is too long for every column. */
export async function fillLongNames(address: { path: string }, now: Date): Promise<void> {
  const redis = new Redis(address.path);
  const deployments = createChangeLog(createDeployments(redis, { days: 400, count: 1_000 }), (key, records) =>
    alone(plainView(key, records)),
  );
  const ago = agoOf(now);
  for (const [at, name] of [UNBROKEN, RIGHT_TO_LEFT].entries())
    await deployments.apply(
      aRecord({
        ...{ deployment: `changes:long-${at}`, service: name, actor: name, changeType: 'database_migration' },
        environment: { name: at === 0 ? 'production-eu-central-1-disaster-recovery' : name },
        ...{ commit: { sha: sha(name), title: name, author: 'mira' }, ref: name, riskLevel: 'critical' },
        reportedSource: 'the deploy script of the infrastructure team of the whole harbor',
        occurredAt: ago(9 + at),
      }),
    );
  await createAlerts(redis, { days: 400, count: 1_000 }).put({
    ...{ id: 'alt_long', instance: 'alerts', tool: 'alertmanager', state: 'resolved', title: UNBROKEN },
    ...{ severity: 'warning', services: [{ label: 'service', name: UNBROKEN }], labels: { [UNBROKEN]: UNBROKEN } },
    environment: 'production-eu-central-1-disaster-recovery',
    ...{ startedAt: ago(300), receivedAt: ago(299), endedAt: ago(190) },
  });
  redis.disconnect();
}

const agoOf = (now: Date) => (minutes: number) =>
  new Date(now.getTime() - Math.round(minutes * MINUTE_MS)).toISOString();

/** Closer together in the last day; every eleventh fails, and what failed in production is mended later. */
function month(now: Date): Partial<NewChangeRecord>[] {
  const ago = agoOf(now);
  return Array.from({ length: 160 }, (_, at) => {
    const minutes = at < 70 ? 70 + at * 19 : DAY_MINUTES + (at - 70) * 455;
    const environment = pick(PLACES, at * 7);
    return {
      deployment: `gitlab:git.harbor.example:7:job:${9000 - at}`,
      state: at % 11 === 4 ? ('failed' as const) : ('succeeded' as const),
      environment: { name: environment, ...(environment === 'production' && { tier: 'production' as const }) },
      service: pick(SERVICES, at * 3),
      actor: pick(PEOPLE, at),
      ref: at % 4 === 0 ? `feature/lamp-${at}` : 'main',
      commit: {
        sha: sha(at),
        title: pick(TITLES, at),
        author: pick(PEOPLE, at + 1),
        committedAt: ago(minutes + 35 + (at % 9) * 47),
      },
      pipelineUrl: `https://git.harbor.example/harbor/lighthouse-api/-/pipelines/${4000 - at}`,
      startedAt: ago(minutes + 2 + (at % 5)),
      finishedAt: ago(minutes),
      occurredAt: ago(minutes),
    };
  });
}

function badHour(now: Date): Partial<NewChangeRecord>[] {
  const ago = agoOf(now);
  const production = { name: 'production', tier: 'production' as const, url: 'https://lighthouse.harbor.example' };
  const one = (minutes: number, said: Partial<NewChangeRecord>) => ({
    deployment: `argocd:lighthouse/beacon:${minutes}`,
    source: 'argocd',
    instance: 'argocd',
    signal: 'sync',
    environment: production,
    actor: 'mira',
    occurredAt: ago(minutes),
    ...said,
  });
  const broken = { sha: sha('broken'), title: 'Dim the lamp at dawn', author: 'lin' };
  return [
    one(48, {
      commit: broken,
      startedAt: ago(52),
      finishedAt: ago(48),
      artifacts: ['registry.harbor.example/lighthouse-api:1.42.0'],
    }),
    one(41, { state: 'failed', service: 'tide-tables', commit: { sha: sha('tide'), title: pick(TITLES, 1) } }),
    one(33, {
      changeType: 'rollback',
      commit: { sha: sha(3), title: pick(TITLES, 2) },
      startedAt: ago(34),
      finishedAt: ago(33),
    }),
    one(21, { changeType: 'database_migration', service: 'berth-planner', summary: 'Add the index on berth_id' }),
    one(12, { state: 'canceled', environment: { name: 'staging' }, service: 'fog-horn' }),
    one(4, {
      state: 'running',
      startedAt: ago(4),
      service: 'lighthouse-api',
      commit: { sha: sha('again'), title: 'Dim the lamp at dawn, carefully' },
    }),
    one(1, { state: 'pending', environment: { name: 'staging' }, service: 'pilot-app' }),
    one(6, {
      environment: { name: HOSTILE },
      service: 'fog-horn',
      actor: HOSTILE,
      commit: { sha: sha('h'), title: HOSTILE, message: HOSTILE },
    }),
  ];
}

type Bridge = Awaited<ReturnType<typeof startTestBridge>>;

/** Webhooks of every verdict, a delivery that was made and two that were given up. */
export async function postToHarbor(bridge: Bridge, alert24: FakeAlert24, now: Date): Promise<void> {
  const ago = agoOf(now);
  const api = { authorization: `Bearer ${SECRET}` };
  const body = {
    error: {
      type: 'validation_error',
      message: 'service_id: must be one of the services of this account',
      status: 400,
    },
  };
  alert24.inject({ kind: 'status', method: 'POST', status: 400, body, times: 2, text: /tide-tables/ });
  const hook = { deployment_id: 901, deployable_id: 77_001 };
  await bridge.post(
    '/webhooks/gitlab',
    gitlabDeploymentHook({ ...hook, status: 'running', status_changed_at: ago(3) }),
    gitlabHeaders(),
  );
  await bridge.post('/webhooks/gitlab', gitlabDeploymentHook({ ...hook, status_changed_at: ago(2) }), gitlabHeaders());
  await bridge.post('/webhooks/gitlab', { object_kind: 'push' }, gitlabHeaders('Push Hook'));
  await bridge.post('/webhooks/gitlab', {}, { 'x-gitlab-token': 'not the token that was agreed' });
  await bridge.post('/webhooks/changes', { description: 'no summary' }, api);
  for (const version of ['2.7.0', '2.7.1']) {
    const change = {
      summary: `Deployed tide-tables ${version}`,
      service: 'tide-tables',
      environment: 'production',
      changed_by: 'lin',
    };
    await bridge.post('/webhooks/changes', { ...change, external_id: `tide-${version}` }, api);
  }
  await bridge.post(
    '/webhooks/changes',
    { summary: HOSTILE, service: 'fog-horn', environment: HOSTILE, external_id: 'hostile' },
    api,
  );
  await bridge.settled();
}
