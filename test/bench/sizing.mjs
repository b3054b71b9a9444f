// How much of Redis a deployment and a webhook take: node test/bench/sizing.mjs [deployments].
// Of an installation: node test/bench/sizing.mjs --a-day <deployments>, all that is kept of it after 400 days; the last
// day is not packed. With a second number, of one that has grown to so many a day. Each deployment is told by three signals and delivered to two sinks. docs/sizing.md has the figures.
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { bundleInto } from '../../scripts/prepare.mjs';

const dir = mkdtempSync(join(tmpdir(), 'shiplog-sizing-'));
await bundleInto(dir, { parts: 'test/bench/sizing-parts.ts' });
const {
  toChangeRecord,
  fold,
  route,
  createChangeLog,
  createDeployments,
  createPacker,
  rememberSinks,
  createEchoes,
  createLedger,
  createInbox,
  createInboxPacker,
} = await import(join(dir, 'parts.js'));

const isInstallation = process.argv[2] === '--a-day';
const aDay = Number(process.argv[3] ?? 50);
const grownADay = Number(process.argv[4] ?? 0);
const KEPT = { days: 400, count: 200_000 };
const count = isInstallation ? Math.min(KEPT.count, KEPT.days * aDay) : Number(process.argv[2] ?? 5_000);
const PAGES = 200;
const DAY = 500;
const hooksOf = (day) => Math.min(20_000, 7 * 3 * day);
const HOOKS = isInstallation ? hooksOf(aDay) : 5_000;
let hookBytes = 0;
const path = join(dir, 'redis.sock');
const server = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--dir', dir, '--save', ''], {
  stdio: 'ignore',
});
const redis = new Redis(path, { retryStrategy: () => 50, maxRetriesPerRequest: null });
redis.on('error', () => {});

const hex = (text, length = 40) => createHash('sha256').update(text).digest('hex').slice(0, length);
const SERVICES = ['lighthouse-api', 'pay', 'ledger', 'harbor-web', 'tide-tables', 'beacon', 'crane', 'pilot'];
const PEOPLE = ['mira', 'jonas', 'adaeze', 'li', 'tomas'];

function recordOf(number, step) {
  const service = SERVICES[number % SERVICES.length];
  const at = (seconds) => new Date(Date.UTC(2026, 4, 1) + (number * 60 + seconds) * 1000).toISOString();
  const sha = hex(`commit ${number}`);
  const job = 15_664_000_000 + number;
  const project = `https://git.harbor.example/harbor/${service}`;
  const [signal, state] = [
    ['pipeline hook', 'pending'],
    ['deployment hook', 'running'],
    ['deployment hook', 'succeeded'],
  ][step];
  return toChangeRecord({
    id: `chg_${hex(`${number} ${step}`, 32)}`,
    deployment: `gitlab:git.harbor.example:77:job:${job}`,
    occurrence: String(500_000 + number),
    aliases: [`gitlab:git.harbor.example:77:deployment:${500_000 + number}`],
    webhook: randomUUID(),
    source: 'gitlab',
    instance: 'gitlab',
    signal,
    authoritative: step > 0,
    state,
    service,
    environment: { name: number % 3 ? 'production' : 'staging', tier: number % 3 ? 'production' : 'staging' },
    repository: { name: `harbor/${service}`, url: project, gitlabProject: '77' },
    ref: 'main',
    commit: {
      sha,
      title: `Turn the lamp of ${service} more slowly (${hex(`title ${number}`, 6)})`,
      url: `${project}/-/commit/${sha}`,
    },
    jobUrl: `${project}/-/jobs/${job}`,
    pipelineUrl: `${project}/-/pipelines/${job - 4_000}`,
    actor: PEOPLE[number % PEOPLE.length],
    occurredAt: at(step * 20),
    startedAt: at(20),
    ...(step === 2 && { finishedAt: at(40) }),
    receivedAt: at(step * 20 + 1),
  });
}

/** Of a job, with all fields that the tool sends: what differs between two deployments differs here. */
function jobHook(number) {
  const service = SERVICES[number % SERVICES.length];
  const person = PEOPLE[number % PEOPLE.length];
  const sha = hex(`commit ${number}`);
  const url = `https://git.harbor.example/harbor/${service}`;
  const ssh = `git@git.harbor.example:harbor/${service}.git`;
  const at = new Date(Date.UTC(2026, 4, 1) + number * 60_000).toISOString();
  const [iso, utc] = [at.replace('.000', ''), `${at.slice(0, 19).replace('T', ' ')} UTC`];
  const email = `${person}@harbor.example`;
  const places = { git_ssh_url: ssh, git_http_url: `${url}.git`, visibility_level: 0 };
  const title = `Turn the lamp of ${service} more slowly (${hex(`title ${number}`, 6)})`;
  return JSON.stringify({
    ...{
      object_kind: 'build',
      ref: 'main',
      tag: false,
      before_sha: hex(`commit ${number - 1}`),
      sha,
      retries_count: 0,
    },
    ...{ build_id: 15_664_000_000 + number, build_name: 'deploy', build_stage: 'deploy', build_status: 'success' },
    ...{ build_created_at: at, build_started_at: at, build_finished_at: at },
    ...{ build_created_at_iso: iso, build_started_at_iso: iso, build_finished_at_iso: iso },
    ...{ build_duration: 97.417 + number, build_queued_duration: 1.588715, build_allow_failure: false },
    ...{ build_failure_reason: 'unknown_failure', pipeline_id: 2_366_000_000 + number },
    runner: {
      ...{ id: 41_000 + (number % 7), description: `quay-runner-${number % 7}.runners.harbor.example/default` },
      ...{ runner_type: 'instance_type', active: true, is_shared: true, tags: ['linux', 'docker', 'amd64'] },
    },
    ...{ project_id: 77, project_name: `Harbor / ${service}` },
    user: { id: 31, name: person, username: person, avatar_url: `${url}/avatar/${hex(person, 64)}?s=80`, email },
    commit: {
      ...{
        id: 2_366_000_000 + number,
        name: null,
        sha,
        message: `${title}\n`,
        author_name: person,
        author_email: email,
      },
      ...{ author_url: `https://git.harbor.example/${person}`, status: 'success', duration: 120, started_at: utc },
      ...{ finished_at: utc, started_at_iso: iso, finished_at_iso: iso },
    },
    repository: { name: service, url: ssh, description: `The ${service} of the harbor`, homepage: url, ...places },
    project: {
      ...{
        id: 77,
        name: service,
        description: `The ${service} of the harbor`,
        web_url: url,
        avatar_url: null,
        ...places,
      },
      ...{ namespace: 'Harbor', path_with_namespace: `harbor/${service}`, default_branch: 'main', ci_config_path: '' },
    },
    environment: { name: 'production', action: 'start', deployment_tier: 'production' },
    source_pipeline: null,
  });
}

async function deliver(ledger, number) {
  const deployment = `gitlab:git.harbor.example:77:job:${15_664_000_000 + number}`;
  for (const sink of ['alert24', 'gitlab']) {
    const echo =
      sink === 'gitlab' ? { project: '77', environment: 'production', sha: hex(`commit ${number}`) } : undefined;
    await ledger.exclusive({ sink, deployment, ...(echo && { echo }) }, async (entry) => {
      const remoteId = sink === 'gitlab' ? String(900_000 + number) : hex(`remote ${number}`, 36);
      await entry.attempting();
      await entry.claim(remoteId);
      await entry.delivered(
        { state: 'succeeded', at: new Date().toISOString() },
        { words: '201 created', status: 201, remoteId },
      );
    });
  }
}

const used = async () => Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))[1]);

async function byFamily() {
  const sums = {};
  for (const key of await redis.keys('*')) {
    const family = key.split(':').slice(1, 2)[0];
    sums[family] = (sums[family] ?? 0) + (await redis.memory('USAGE', key, 'SAMPLES', 100));
  }
  return Object.fromEntries(Object.entries(sums).map(([name, bytes]) => [name, Math.round(bytes / count)]));
}

async function msOfAPage(deployments) {
  const page = (offset) => deployments.list({ facets: {}, limit: 50, offset });
  for (let n = 0; n < 50; n++) await page(n * 10);
  const startMs = performance.now();
  for (let n = 0; n < PAGES; n++) await page((n * 50) % (count - 50));
  return (performance.now() - startMs) / PAGES;
}

const view = async (key, records) => {
  const routed = route(fold(key, records), []);
  const { service, environment } = routed.deployment;
  const lineage = `harbor/${service}\n${service}\n${environment.name}`;
  return {
    view: { ...routed, lineage, heardAt: routed.deployment.receivedAt },
    before: { at: routed.deployment.occurredAt, limit: 0 },
    earlier: [],
  };
};

function open() {
  const deployments = createChangeLog(createDeployments(redis, KEPT), view);
  const ledger = createLedger(redis, {
    echoes: createEchoes(redis, 430 * 86_400),
    clock: () => new Date(),
    keepSeconds: 430 * 86_400,
    safety: { begin: () => async () => {} },
  });
  return {
    deployments,
    async write(from, to) {
      for (let at = from; at < to; at += 50)
        await Promise.all(
          Array.from({ length: Math.min(50, to - at) }, async (_, n) => {
            for (const step of [0, 1, 2]) await deployments.apply(recordOf(at + n, step));
            await deliver(ledger, at + n);
          }),
        );
    },
  };
}

async function packDeployments() {
  const packer = createPacker(redis, 0);
  const rounds = (await redis.zcard('{shiplog}:changes')) / 200;
  for (let round = 0; round <= rounds; round++) await packer.packSome();
}

/** As time goes by: a day of them is unpacked at any moment, and the tables of Redis never grow for all. */
async function writeByDay(write, to, day) {
  await rememberSinks(redis, ['alert24', 'gitlab']);
  for (let at = 0; at < to; at += day) {
    await write(at, Math.min(at + day, to));
    await packDeployments();
  }
}

async function addHooks(from, to) {
  const inbox = createInbox(redis, { days: 7, count: 1_000_000, maxBytes: 2 ** 40 });
  for (let n = from; n < to; n++) {
    const hook = jobHook(n);
    hookBytes += hook.length;
    await inbox.add(
      {
        id: randomUUID(),
        receivedAt: new Date().toISOString(),
        source: 'gitlab',
        method: 'POST',
        path: '/webhooks/gitlab',
        headers: {
          'x-gitlab-event': 'Job Hook',
          'x-gitlab-event-uuid': randomUUID(),
          'x-gitlab-webhook-uuid': '6a3f0c8e-2b1d-4f6a-8c9e-0d1f2a3b4c5d',
          'x-gitlab-instance': 'https://git.harbor.example',
          'user-agent': 'GitLab/18.5.1-ee',
        },
        verdict: 'recorded',
        deployments: [recordOf(n, 0).deployment],
        bytes: hook.length,
      },
      Buffer.from(hook),
    );
  }
}

async function packHooks() {
  const packer = createInboxPacker(redis, { quietMs: 0, waitsMs: 0 });
  const rounds = (await redis.zcard('{shiplog}:inbox')) / 300;
  for (let round = 0; round <= rounds; round++) await packer.packSome();
}

async function measureOne() {
  const emptyBytes = await used();
  const { deployments, write } = open();
  await rememberSinks(redis, ['alert24', 'gitlab']);
  await write(0, count);
  await redis.del('{shiplog}:feed');
  const fullBytes = await used();
  const fullPage = await msOfAPage(deployments);
  const fullFamilies = await byFamily();
  await redis.flushall();
  await writeByDay(write, count, DAY);
  await redis.del('{shiplog}:feed');
  const packedBytes = await used();
  const packedPage = await msOfAPage(deployments);
  const packedFamilies = await byFamily();
  const beforeInbox = await used();
  await addHooks(0, HOOKS);
  await redis.del('{shiplog}:feed');
  const inboxBytes = (await used()) - beforeInbox;
  await packHooks();
  const packedInbox = (await used()) - beforeInbox;
  return {
    deployments: count,
    bytesOfADeployment: {
      written: Math.round((fullBytes - emptyBytes) / count),
      packed: Math.round((packedBytes - emptyBytes) / count),
    },
    msOfAPageOf50: { written: Number(fullPage.toFixed(2)), packed: Number(packedPage.toFixed(2)) },
    bytesOfAWebhook: {
      sent: Math.round(hookBytes / HOOKS),
      written: Math.round(inboxBytes / HOOKS),
      packed: Math.round(packedInbox / HOOKS),
    },
    families: { written: fullFamilies, packed: packedFamilies },
  };
}

const mib = async (before = 0) => Number((((await used()) - before) / 2 ** 20).toFixed(1));

async function stateOf(day, { emptyBytes, deployments, from }) {
  await redis.xtrim('{shiplog}:feed', 'MAXLEN', 10_000);
  const changeLogMib = await mib(emptyBytes);
  // Those of the last minute are not packed.
  const fresh = Math.ceil((3 * day) / 1_440);
  await addHooks(from, hooksOf(day) - fresh);
  await packHooks();
  await addHooks(hooksOf(day) - fresh, hooksOf(day));
  await redis.xtrim('{shiplog}:feed', 'MAXLEN', 10_000);
  const togetherMib = await mib(emptyBytes);
  return {
    ...{ deploymentsADay: day, webhooks: await redis.zcard('{shiplog}:inbox') },
    ...{ changeLogMib, togetherMib, redisMib: await mib() },
    peakMib: Number((Number(/^used_memory_peak:(\d+)/m.exec(await redis.info('memory'))[1]) / 2 ** 20).toFixed(1)),
    msOfAPageOf50: Number((await msOfAPage(deployments)).toFixed(2)),
  };
}

async function measureInstallation() {
  const emptyBytes = await used();
  const { deployments, write } = open();
  await writeByDay(write, count - aDay, aDay);
  await write(count - aDay, count);
  const first = await stateOf(aDay, { emptyBytes, deployments, from: 0 });
  if (grownADay === 0) return first;
  console.log(JSON.stringify(first, undefined, 2));
  await write(count, count + grownADay - aDay);
  await deployments.prune({ nowMs: Date.UTC(2026, 4, 1) });
  return stateOf(grownADay, { emptyBytes, deployments, from: hooksOf(aDay) });
}

try {
  await redis.ping();
  console.log(JSON.stringify(await (isInstallation ? measureInstallation() : measureOne()), undefined, 2));
} finally {
  redis.disconnect();
  server.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
}
