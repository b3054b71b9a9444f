import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { readOriginals, writeClones } from '../clones.mjs';
import { emptyQueue, pauseQueue, resumeQueue, waitingIds } from '../queues.mjs';
import { startRedis } from '../redis.mjs';
import { interleave, median, ratio } from '../rounds.mjs';
import { sendAndDeliver } from './delivering.mjs';

const FEW = 1_000;
const MANY = 1_000_000;
const QUICK = 100_000;
const AMOUNT = 1_000;
const SECONDS = 1.2;
const DOWN = 'forward-gitlab';
/** 15 % more for each webhook. */
const MOST = 1.15;
/** Webhooks whose senders have gone come in for a while yet. */
const STRAGGLERS_MS = 300;

/** GitLab is down, and its changes wait. What does that cost the receiver, the record and the other destination? */
export const backlog = {
  names: ['backlog'],
  async measure(stage, { rounds, quick }) {
    await stage.destinations.call('refuse', { gitlab: 503 });
    const many = quick ? QUICK : MANY;
    const small = await open(stage, stage.redis, FEW);
    const large = await open(stage, await stage.add(startRedis(join(stage.dir, 'backlog'))), many);
    const sides = { small, large };
    const contenders = Object.entries(sides).flatMap(([name, side]) => [
      { name: `${name} sent`, run: () => runDelivered(stage, side) },
      { name: `${name} received`, run: () => runReceived(stage, side) },
    ]);
    const runs = await interleave(contenders, rounds);
    await Promise.all([small.shiplog.stop(), large.shiplog.stop()]);
    const about = `${FEW.toLocaleString('en')} → ${many.toLocaleString('en')} changes waiting`;
    const row = (what, name) => ({
      about: `${about}: cost of ${what}`,
      against: `${FEW.toLocaleString('en')} waiting`,
      most: MOST,
      value: ratio(runs[`small ${name}`], runs[`large ${name}`], ({ perSecond }) => perSecond),
      said: `${shown(runs[`large ${name}`])} to ${shown(runs[`small ${name}`])}`,
      bad: [...runs[`small ${name}`], ...runs[`large ${name}`]].reduce((sum, { bad }) => sum + bad, 0),
    });
    return [row('a webhook received', 'received'), row('a change received, recorded and sent to the other', 'sent')];
  },
};

/** Some changes get stuck by themselves; the others are their clones. */
async function open(stage, redis, waiting) {
  const { alert24, gitlab } = stage.sinks;
  const shiplog = await stage.shiplog({ redisUrl: redis.url, sinks: [alert24, gitlab] });
  const side = { redis, shiplog };
  await runDelivered(stage, side, FEW);
  const ids = await waitingIds(redis, DOWN);
  if (ids.length < FEW / 2) throw new Error(`only ${ids.length} changes wait for a GitLab that is down`);
  const count = waiting - ids.length;
  if (count > 0) await writeClones(redis.port, await readOriginals(redis.client, ids.slice(0, 100)), { count });
  return side;
}

async function runDelivered(stage, { shiplog, redis }, amount = AMOUNT) {
  const before = { ours: shiplog.cpuMs(), redis: redis.server.cpuMs() };
  const run = await sendAndDeliver(stage, { kind: 'argocd', port: shiplog.port, amount, names: ['alert24'] });
  const ms = shiplog.cpuMs() - before.ours;
  return { ...run, cpuMs: ms / amount, redisMs: (redis.server.cpuMs() - before.redis) / amount };
}

async function runReceived(stage, { shiplog, redis }) {
  await pauseQueue(redis, 'record');
  const run = await stage.saturate({ kind: 'argocd', port: shiplog.port, seconds: SECONDS, warmMs: 200 });
  await wait(STRAGGLERS_MS);
  await emptyQueue(redis, 'record');
  await resumeQueue(redis, 'record');
  return run;
}

function shown(runs) {
  const of = (name) => median(runs.map((run) => run[name]));
  const cpu =
    runs[0].cpuMs === undefined
      ? ''
      : ` (${of('cpuMs').toFixed(2)} ms of ours, ${of('redisMs').toFixed(2)} ms of Redis)`;
  return `${Math.round(of('perSecond'))}/s${cpu}`;
}
