import { freemem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { bundleInto } from '../../../scripts/prepare.mjs';
import { MARK_DIGITS, readOriginals, writeClones } from '../clones.mjs';
import { packOriginals, writePackedClones } from '../packed-clones.mjs';
import { SHA_TAIL } from '../payloads.mjs';
import { startRedis } from '../redis.mjs';

const MANY = 1_000_000;
const QUICK = 100_000;
const BYTES_EACH = 4_000; // room for one, with what Redis needs to grow
const ORIGINALS = 240;
/** The first seven of nine digits are the mark: they begin the short sha in the index of commits, too. */
const STRIDE = 100;
const FIRST_ORIGINAL = 900_000_000;
const FIRST_CLONE = 1_000_000;
/** A year and a month, which is less than what is kept. */
const DAYS = 390;
const DAY_MS = 86_400_000;
/** The 99th percentile of less than a hundred would be the slowest of them, and say what else the machine did then. */
const REQUESTS = 200;
const WARM_REQUESTS = 10;
const READ_FOR_MS = 3_000;

/** The change log with a million deployments: how soon a page comes, and how much of Redis each takes. */
export const log = {
  names: ['log'],
  async measure(stage, { quick }) {
    const count = quick || freemem() < MANY * BYTES_EACH ? QUICK : MANY;
    // A log on disk has no part in reading, and would be written for minutes.
    const redis = await stage.add(startRedis(join(stage.dir, 'log'), { appendonly: 'no' }));
    const said = { changes: { days: 400, count: 2 * MANY } };
    const shiplog = await stage.shiplog({ redisUrl: redis.url, said });
    const { firstDay, later, parts } = await fillYear(stage, { shiplog, redis, count });
    const pages = await readPages(shiplog, count);
    await shiplog.stop();
    const about = `change log with ${count.toLocaleString('en')} deployments`;
    const row = (what, most, list) => {
      const slowest = list.toSorted((a, b) => b.p99 - a.p99);
      return {
        about: `${about}: ${what}, p99`,
        most,
        value: slowest[0].p99,
        unit: 'ms',
        bad: slowest.filter(({ refused }) => refused).length,
        said: slowest
          .map(({ name, p99, refused }) => `${name} ${p99.toFixed(1)}${refused && ` (${refused})`}`)
          .join(', '),
      };
    };
    const isText = ({ name }) => name.startsWith(TEXT);
    return [
      row(
        'slowest filtered page',
        20,
        pages.filter((page) => !isText(page) && page.name !== NOTHING),
      ),
      row(
        'page of filters that nothing fits',
        undefined,
        pages.filter(({ name }) => name === NOTHING),
      ),
      row('slowest page of a text', 100, pages.filter(isText)),
      {
        about: `${about}: Redis a deployment`,
        most: 2.5,
        value: later / 1_000,
        unit: 'kB',
        said: 'from the day after',
      },
      { about: `${about}: Redis a deployment, on its first day`, value: firstDay / 1_000, unit: 'kB', said: parts },
    ];
  },
};

/** All deployments are of the last weeks, and none is packed yet, as it was at 0.1.0. */
export async function fill(stage, { shiplog, redis, count, spreadMs }) {
  const { marks } = await sendOriginals(stage, shiplog);
  const originals = await readOriginals(redis.client, marks);
  const clones = count - ORIGINALS;
  const stepMs = Math.floor(spreadMs / clones);
  await writeClones(redis.port, originals, { count: clones, from: FIRST_CLONE, stepMs });
  await wait(500);
}

/** A year and a month of deployments: those of the last day are as they were written, the others are packed. */
async function fillYear(stage, { shiplog, redis, count }) {
  const { marks } = await sendOriginals(stage, shiplog);
  const { client, port } = redis;
  const originals = await readOriginals(client, marks);
  const parts = await partsOf(client, marks[0]);
  const shiplogs = await loadParts(stage.dir);
  const templates = await packOriginals(client, { parts: shiplogs, marks });
  const clones = count - ORIGINALS;
  const fresh = Math.ceil(clones / DAYS);
  const stepMs = Math.floor((DAYS * DAY_MS) / clones);
  const [empty, from] = [await redis.memoryBytes(), FIRST_CLONE];
  await writeClones(port, originals, { count: fresh, from, stepMs });
  const before = await redis.memoryBytes();
  const packed = { count: clones - fresh, from: from + fresh, newestMs: Date.now() - DAY_MS, stepMs };
  await writePackedClones(redis, templates, { parts: shiplogs, ...packed });
  await wait(500);
  const after = await redis.memoryBytes();
  return { firstDay: (before - empty) / fresh, later: (after - before) / (clones - fresh), parts };
}

/** What the bench uses of Shiplog itself. */
export async function loadParts(dir) {
  const to = join(dir, 'parts');
  await bundleInto(to, { parts: 'test/bench/log-parts.ts' });
  return import(join(to, 'parts.js'));
}

/** Deployments that began and ended come through the bridge itself; the others are their clones. */
async function sendOriginals(stage, shiplog) {
  const send = (from, end, share) =>
    stage.pace({
      kind: 'deployment',
      port: shiplog.port,
      perSecond: 200,
      seconds: (2 * ORIGINALS * share) / 200,
      states: ['running', end],
      lag: 20,
      stride: STRIDE,
      from,
    });
  await send(FIRST_ORIGINAL, 'success', 5 / 6);
  await send(FIRST_ORIGINAL + (ORIGINALS * STRIDE * 5) / 6, 'failed', 1 / 6);
  await shiplog.drained();
  const marks = Array.from({ length: ORIGINALS }, (_, index) =>
    String(FIRST_ORIGINAL + index * STRIDE).slice(0, MARK_DIGITS),
  );
  return { marks };
}

/** Where the bytes of one deployment are, by the names of its keys without what is its own. */
async function partsOf(client, mark) {
  const keys = await client.keys(`*${mark}*`);
  const parts = await Promise.all(
    keys.map(async (key) => {
      const name = key.replace('{shiplog}:', '').split(':');
      const last = /^\D+$/.test(name.at(-1)) ? ` … ${name.at(-1)}` : '';
      return { name: `${name[0]}${last}`, bytes: await client.memory('USAGE', key) };
    }),
  );
  return parts
    .toSorted((a, b) => b.bytes - a.bytes)
    .map(({ name, bytes }) => `${name} ${bytes}`)
    .join(', ');
}

const shaOf = (number) => `${number}${'00'}${SHA_TAIL}`;

const environment = (at) => ['production', 'staging', 'review/lamp'][at % 3];
/** The originals have some of the combinations of service, environment and person: these first ones. */
const COMBINED = 70;
const person = (at) => ['mira', 'tomasl', 'aiko', 'ren.castellano', 'salome', 'jhekkala', 'pvance'][at % 7];

const TEXT = 'text';
const NONE = 'text that none has';
const NOTHING = 'service, environment and person that no deployment has together';

/**
 * Each filter, and several together, with values that change from request to request; something is found for all of them.
 * Several together have another end each time: the same question is answered from what was found the last time.
 */
const QUERIES = {
  newest: () => '',
  environment: (at) => `environment=${environment(at)}`,
  service: (at) => `service=lighthouse-api-${at % 40}`,
  source: () => 'source=gitlab',
  status: (at) => `status=${['succeeded', 'failed'][at % 2]}`,
  branch: () => 'branch=main',
  person: (at) => `person=${person(at)}`,
  'short commit': (at) => `commit_sha=${FIRST_CLONE + at * 7}`,
  commit: (at) => `commit_sha=${shaOf(FIRST_CLONE + at * 7)}`,
  'since and until': (at) => `since=${daysAgo(at + 31)}&until=${daysAgo(at + 1)}`,
  'far page': (at) => `offset=${at * 100}`,
  'environment and status': (at) => `environment=${environment(at)}&status=succeeded&until=${daysAgo(0)}`,
  'service, environment and person': (at) =>
    `service=lighthouse-api-${(at % COMBINED) % 40}&environment=${environment(at % COMBINED)}` +
    `&person=${person(at % COMBINED)}&until=${daysAgo(0)}`,
  [NOTHING]: (at) =>
    `service=lighthouse-api-${at % 40}&environment=${environment(at)}&person=${person(at + 3)}&until=${daysAgo(0)}`,
  'environment since': (at) => `environment=${environment(at)}&since=${daysAgo(at + 7)}`,
  text: (at) => `text=lighthouse-api-${at % 40}`,
  'text that one has': (at, count) => `text=1${FIRST_CLONE + ((at * 7_919) % (count - ORIGINALS))}00`,
  [NONE]: (at) => `text=candlestick-${at}`,
  'text and environment': (at) => `text=lighthouse-api-${at % 40}&environment=${environment(at)}`,
};

const daysAgo = (days) => new Date(Date.now() - days * 86_400_000).toISOString();

async function readPages(shiplog, count) {
  const { meta } = await (await shiplog.get('/api/v1/changes?limit=1')).json();
  if (meta.total !== count) throw new Error(`the change log shows ${meta.total} of ${count} deployments`);
  // Read once by each process, over several seconds: until then, pages are without the running status and suggestions.
  await (await shiplog.get('/api/v1/running')).arrayBuffer();
  await (await shiplog.get('/api/v1/changes?limit=1&service=candlestick')).arrayBuffer();
  const pages = [];
  for (const [name, queryOf] of Object.entries(QUERIES))
    pages.push({
      name,
      ...(await readPage(shiplog, { queryOf: (at) => queryOf(at, count), isFound: name !== NONE && name !== NOTHING })),
    });
  return pages;
}

/** As often as the time allows: a slow one needs no two hundred to be known as slow. */
async function readPage(shiplog, { queryOf, isFound }) {
  const times = [];
  const refused = new Set();
  const endMs = performance.now() + READ_FOR_MS;
  for (let at = 0; at < WARM_REQUESTS + REQUESTS && (performance.now() < endMs || times.length === 0); at += 1) {
    const startedMs = performance.now();
    const answer = await shiplog.get(`/api/v1/changes?limit=25&${queryOf(at)}`);
    const { data = [] } = await answer.json();
    if (data.length > 0 !== isFound) refused.add(answer.status === 200 ? `${data.length} found` : answer.status);
    if (at >= WARM_REQUESTS || refused.size > 0) times.push(performance.now() - startedMs);
  }
  times.sort((a, b) => a - b);
  return { p99: times[Math.ceil(0.99 * times.length) - 1], refused: [...refused].join(', ') };
}
