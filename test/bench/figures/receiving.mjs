import { interleave, median, ratio } from '../rounds.mjs';

const SECONDS = 2;
const WARM_MS = 300;
/** A process that was started for this run has compiled nothing yet. */
const COLD_WARM_MS = 1_500;

/**
 * Which runs are compared. Ours: `started` is Shiplog as a user starts it, which records and delivers meanwhile; `receiving`
 * has the queue behind the receiver paused, so that it is the receiver's own cost.
 */
const acked = 'deployment hooks answered/s';
const ROWS = [
  { name: 'acked', about: acked, ours: 'started', theirs: 'bare-express', least: 0.6 },
  { name: 'acked', about: acked, ours: 'started', theirs: 'floor', least: 0.33 },
  { name: 'acked', about: acked, ours: 'started', theirs: 'usual-stack', least: 1.5 },
  { name: 'acked', about: acked, ours: 'started', theirs: 'node-red', least: 5 },
  { name: 'received', about: `${acked}, work paused`, ours: 'receiving', theirs: 'bare-express', least: 0.6 },
  { name: 'received', about: `${acked}, work paused`, ours: 'receiving', theirs: 'floor', least: 0.33 },
  { name: 'received', about: `${acked}, work paused`, ours: 'receiving', theirs: 'usual-stack paused', least: 1.5 },
  { name: 'received', about: `${acked}, work paused`, ours: 'receiving', theirs: 'node-red', least: 5 },
  { name: 'ignored', about: 'ignored push hooks/s', ours: 'ignoring', theirs: 'bare-express push', least: 0.75 },
  { name: 'pipeline', about: '12 kB pipeline hooks/s', ours: 'receiving pipeline', theirs: 'receiving', least: 0.5 },
];

/** Webhooks answered a second by one process, durable, with 64 connections that send as fast as they are answered. */
export const receiving = {
  names: ['acked', 'received', 'ignored', 'pipeline'],
  async measure(stage, { rounds, wants, nodeRed }) {
    const rows = ROWS.filter(({ name, theirs }) => wants(name) && (nodeRed || theirs !== 'node-red'));
    const needed = [...new Set(rows.flatMap(({ ours, theirs }) => [theirs, ours]))];
    const one = await openReceiver(stage, needed);
    const runs = createRuns(stage, one);
    const measured = await interleave(
      needed.map((name) => ({ name, run: runs[name] })),
      rounds,
    );
    await one?.stop();
    return rows.map(({ about, ours, theirs, least }) => ({
      about,
      against: theirs,
      least,
      value: ratio(measured[ours], measured[theirs], perSecond),
      said: `${whole(measured[ours])} to ${whole(measured[theirs])}/s`,
      bad: [...measured[ours], ...measured[theirs]].reduce((sum, { bad, errors }) => sum + bad + errors, 0),
    }));
  },
};

const perSecond = (run) => run.perSecond;
const whole = (runs) => Math.round(median(runs.map(perSecond)));

/** The Shiplog that stays for all rounds: its work is paused, so that nothing of one run is left for the next. */
async function openReceiver(stage, needed) {
  if (!needed.some((name) => /^(receiving|ignoring)/.test(name))) return undefined;
  const shiplog = await stage.shiplog();
  await stage.pauseRecording();
  await stage.saturate({ kind: 'deployment', port: shiplog.port, seconds: COLD_WARM_MS / 1_000 });
  await stage.redis.clear();
  return shiplog;
}

function createRuns(stage, receiver) {
  const at = (port, kind = 'deployment', warmMs = WARM_MS) =>
    stage.saturate({ kind, port, seconds: SECONDS, warmMs }).finally(stage.redis.clear);
  const peer = (name, kind) => async () => at((await stage.contender(name)).port, kind);
  const paused = (kind) => async () => {
    await stage.pauseRecording();
    return at(receiver.port, kind);
  };
  return {
    floor: peer('floor'),
    'bare-express': peer('bare-express'),
    'bare-express push': peer('bare-express', 'push'),
    'usual-stack': peer('usual-stack'),
    async 'usual-stack paused'() {
      const { port } = await stage.contender('usual-stack');
      await stage.pauseUsualStack();
      return at(port);
    },
    'node-red': peer('node-red'),
    /** One of its own for every run: the work that a run leaves behind would slow down the next. */
    async started() {
      const shiplog = await stage.shiplog();
      const run = await stage.saturate({
        kind: 'deployment',
        port: shiplog.port,
        seconds: SECONDS,
        warmMs: COLD_WARM_MS,
      });
      await shiplog.stop();
      await stage.redis.clear();
      return run;
    },
    receiving: paused('deployment'),
    'receiving pipeline': paused('pipeline'),
    ignoring: paused('push'),
  };
}
