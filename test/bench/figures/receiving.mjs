import { N8N_LOAD } from '../contenders/n8n.mjs';
import { interleave, median, ratio } from '../rounds.mjs';
import { untilDelivered } from './delivering.mjs';

const SECONDS = 1.3;
const WARM_MS = 300;
/** A process that has just been started has compiled nothing yet. */
const COLD_SECONDS = 4;
/** The work behind a receiver is in full swing by then. */
const SWING_MS = 1_000;

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
  { name: 'acked', about: acked, ours: 'started', theirs: 'n8n' },
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
  async measure(stage, { rounds, wants, peers }) {
    const rows = ROWS.filter(({ name, theirs }) => wants(name) && (peers[theirs] ?? true));
    const needed = [...new Set(rows.flatMap(({ ours, theirs }) => [theirs, ours]))];
    const shiplog = await openShiplog(stage);
    const runs = createRuns(stage, shiplog);
    const measured = await interleave(
      needed.map((name) => ({ name, run: runs[name] })),
      rounds,
    );
    await shiplog.stop();
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

/** What the load sends must still be what it is meant to be. */
const VERDICTS = { deployment: 'accepted', pipeline: 'accepted', argocd: 'accepted', push: 'ignored' };

/** One for all rounds, which is compiled by then. */
export async function openShiplog(stage) {
  const shiplog = await stage.shiplog();
  for (const [kind, verdict] of Object.entries(VERDICTS)) {
    const { status, text } = await stage.once({ kind, port: shiplog.port });
    if (!text.includes(`"${verdict}"`)) throw new Error(`a ${kind} is not ${verdict} but answered ${status} ${text}`);
  }
  await stage.saturate({ kind: 'deployment', port: shiplog.port, seconds: COLD_SECONDS });
  await stage.quiet(shiplog);
  return shiplog;
}

export function createRuns(stage, shiplog) {
  const at = (port, kind = 'deployment', warmMs = WARM_MS) => stage.saturate({ kind, port, seconds: SECONDS, warmMs });
  const peer = (name, kind) => async () => {
    const run = await at((await stage.contender(name)).port, kind);
    await stage.redis.clear();
    return run;
  };
  const paused = (kind) => async () => {
    await stage.pauseRecording();
    const run = await at(shiplog.port, kind);
    await stage.redis.clear();
    return run;
  };
  return {
    floor: peer('floor'),
    'bare-express': peer('bare-express'),
    'bare-express push': peer('bare-express', 'push'),
    'usual-stack': peer('usual-stack'),
    async 'usual-stack paused'() {
      const { port } = await stage.contender('usual-stack');
      await stage.pauseUsualStack();
      const run = await at(port);
      await stage.redis.clear();
      return run;
    },
    'node-red': peer('node-red'),
    /** Until it has posted all of it: what it has answered keeps it busy. */
    async n8n() {
      const { port, path } = await stage.contender('n8n');
      await stage.forget();
      const run = await stage.saturate({ kind: 'deployment', port, path, ...N8N_LOAD });
      await untilDelivered(stage, ['alert24'], run.ok);
      return run;
    },
    async started() {
      const run = await at(shiplog.port, 'deployment', SWING_MS);
      await stage.quiet(shiplog);
      return run;
    },
    receiving: paused('deployment'),
    'receiving pipeline': paused('pipeline'),
    ignoring: paused('push'),
  };
}
