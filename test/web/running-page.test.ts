import request from 'supertest';
import { expect, it } from 'vitest';
import { Owners } from '../../src/domain/owners.ts';
import { createRunning } from '../../src/store/changes/timeline/running.ts';
import { memoryDeployments, step } from './stores.ts';
import { app, see, sessionCookie } from './support.ts';

const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const text = (page: string) => page.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
const repository = { name: 'harbor/pay', url: 'https://gitlab.harbor.example/harbor/pay' };
const sha = (digit: string) => digit.repeat(40);

const board = (path: string, ...records: Parameters<typeof step>[0][]) =>
  see(path, {
    deployments: memoryDeployments(
      records.map((record, index) =>
        step({ deployment: `gitlab:pay:${index}`, service: 'pay-api', repository, ...record }),
      ),
    ),
  });

it('shows for each service and environment what runs, since when, by whom, and what failed since', async () => {
  const page = await board(
    '/running',
    { commit: { sha: sha('a') }, actor: 'mira', occurredAt: ago(60) },
    { commit: { sha: sha('b') }, actor: 'jonas', occurredAt: ago(5), state: 'failed' },
  );
  expect(text(page)).toContain('aaaaaaaa 1 h ago');
  expect(text(page)).toMatch(/mira ✕ failed bbbbbbbb 5 min ago/);
  expect(page).toContain('<th scope="col"><bdi>production</bdi></th>');
});

it('still shows a deployment that failed after its success, marked as failed', async () => {
  const page = await board(
    '/running',
    { commit: { sha: sha('a') }, occurredAt: ago(90) },
    { deployment: 'gitlab:pay:2', commit: { sha: sha('b') }, occurredAt: ago(60) },
    { deployment: 'gitlab:pay:2', commit: { sha: sha('b') }, occurredAt: ago(5), state: 'failed' },
  );
  expect(text(page)).toMatch(/bbbbbbbb ✕ failed 1 h ago/);
  expect(page).not.toContain('aaaaaaaa');
});

it('shows how far staging is from production, with a link that compares them', async () => {
  const staging = { environment: { name: 'staging' } };
  const page = await board(
    '/running',
    { commit: { sha: sha('a') }, occurredAt: ago(90), ...staging },
    { commit: { sha: sha('a') }, occurredAt: ago(60) },
    { commit: { sha: sha('b') }, occurredAt: ago(30), ...staging },
  );
  expect(text(page)).toContain('1 deployment ahead of production');
  expect(page).toContain(`href="${repository.url}/-/compare/${sha('a')}...${sha('b')}"`);
});

it('finds services by a part of their name, with a message if none has it', async () => {
  const records = [{ occurredAt: ago(1) }, { service: 'ledger', occurredAt: ago(2) }];
  expect(text(await board('/running?service=LEDG', ...records))).toContain('1 service ');
  expect(text(await board('/running?service=tide', ...records))).toContain('No service is called “tide”.');
});

it('gives two services with one name a row and a qualifier each', async () => {
  const of = (name: string, digit: string, more = {}) => ({
    ...{ service: 'api', repository: { name }, commit: { sha: sha(digit) }, occurredAt: ago(Number(digit)), ...more },
  });
  const both = [of('harbor/api', '5'), of('beacon/api', '4'), { service: 'ledger', occurredAt: ago(1) }];
  const page = await board('/running', ...both);
  for (const words of ['api harbor/api 55555555', 'api beacon/api 44444444']) expect(text(page)).toContain(words);
  expect(text(page)).toContain('3 services');
  expect(text(page)).not.toContain('ledger harbor');
  expect(text(await board('/running', of('harbor/api', '5')))).not.toContain('harbor/api');
  const ofOneProject = await board(
    '/running?environment=production',
    of('harbor/mono', '3', { serviceId: 'svc_cart' }),
    of('harbor/mono', '2', { serviceId: 'svc_pay', environment: { name: 'staging' } }),
  );
  expect(text(ofOneProject)).toContain('api harbor/mono, svc_cart 33333333');
  expect(ofOneProject).toContain('href="/?service=svc_cart&amp;range=all"');
  expect(text(ofOneProject)).not.toContain('22222222');
});

it('names the lanes of two services of one name in the timeline of their environment', async () => {
  const page = await board(
    '/?environment=production',
    { service: 'api', repository: { name: 'harbor/api' }, occurredAt: ago(5) },
    { service: 'api', repository: { name: 'beacon/api' }, serviceId: 'svc_b', occurredAt: ago(4) },
  );
  expect(page).toContain('<bdi>api</bdi> <bdi class="mute">harbor/api</bdi>');
  expect(page).toMatch(/service=svc_b[^>]*><bdi>api<\/bdi> <bdi class="mute">beacon\/api, svc_b<\/bdi>/);
});

const OWNERS = [{ service: ['pay-*'], team: 'payments', on_call: 'https://pager.harbor.example/' }];

it('shows what one team runs, and whom to call, and lists the teams for an unknown one', async () => {
  const deployments = memoryDeployments(
    ['pay-api', 'ledger'].map((service, at) => step({ deployment: `changes:${at}`, service, occurredAt: ago(at + 1) })),
  );
  const running = createRunning(deployments, Owners.parse(OWNERS));
  const mine = await see('/running?owner=Payments', { deployments, running });
  expect(text(mine)).toMatch(/1 service .*pay-api payments · on call/);
  expect(text(mine)).not.toContain('ledger');
  expect(text(await see('/running?owner=paiments', { deployments, running }))).toContain(
    'No owner is called “paiments”; did you mean payments (1)?',
  );
});

it.each([
  ['/running?servce=pay', 'servce was left out: it is not known; known are service, environment, tier, owner.'],
  ['/running?tier=moon', 'tier was left out: write production, staging, testing, development or other.'],
  ['/inbox?verdict=lost', 'verdict was left out: write accepted'],
  ['/inbox?sauce=gitlab', 'known are source, verdict, q.'],
  ['/performance?range=2d', 'range was left out: write 7d, 30d, 90d.'],
  ['/performance?team=x', 'known are environment, service, owner, range, failures.'],
  ['/alerts?sevice=pay', 'known are status, service, environment.'],
  ['/deliveries?sinc=x', 'sinc was left out'],
  ['/?servce=pay', 'servce was left out of the filter'],
])('%s is 400, with what is known', async (path, words) => {
  const deployments = memoryDeployments([step({ occurredAt: ago(1) })]);
  const { text: page } = await request(app({ deployments })).get(path).set('cookie', sessionCookie()).expect(400);
  expect(text(page)).toContain(words);
});

it('says where a service runs that is in no environment with a column', async () => {
  const page = await board(
    '/running',
    { service: 'lamp', environment: { name: 'review/lamp' } },
    { service: 'pay-api', environment: { name: 'production' } },
  );
  expect(text(page)).toContain('lamp only in review/lamp');
  expect(page).toContain('href="/?environment=review%2Flamp&amp;range=all"');
  expect(text(page)).not.toContain('pay-api only in');
});
