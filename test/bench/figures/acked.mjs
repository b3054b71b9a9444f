import { interleave, median, ratio } from '../rounds.mjs';

const KIND = 'deployment';
const SECONDS = 2;
/** A process that was started for this run has not been compiled yet. */
const COLD_WARM_MS = 1_500;
const WARM_MS = 300;

const GOALS = { 'bare-express': 0.6, floor: 0.33, 'usual-stack': 1.5, 'node-red': 5 };

/** Deployment hooks acknowledged a second by one process, everything on: it records and delivers meanwhile. */
export const acked = {
  name: 'acked',
  about: 'deployment hooks acknowledged/s, one process, durable',
  async measure(stage, { rounds, nodeRed }) {
    const peers = ['floor', 'bare-express', 'usual-stack', ...(nodeRed ? ['node-red'] : [])];
    const contenders = [
      ...peers.map((name) => ({ name, run: () => runPeer(stage, name) })),
      { name: 'shiplog', run: () => runShiplog(stage) },
    ];
    return compare(await interleave(contenders, rounds), this.about);
  },
};

/** The same, while nothing of it is recorded yet: what receiving alone costs. */
export const received = {
  name: 'received',
  about: 'the same, receiving alone: the queue behind it is paused',
  async measure(stage, { rounds }) {
    const shiplog = await stage.shiplog();
    await stage.pauseRecording();
    await stage.saturate({ kind: KIND, port: shiplog.port, seconds: COLD_WARM_MS / 1_000 });
    const contenders = [
      ...['floor', 'bare-express'].map((name) => ({ name, run: () => runPeer(stage, name) })),
      { name: 'usual-stack', run: () => runPeer(stage, 'usual-stack', stage.pauseUsualStack) },
      {
        name: 'shiplog',
        async run() {
          await stage.redis.clear();
          await stage.pauseRecording();
          return stage.saturate({ kind: KIND, port: shiplog.port, seconds: SECONDS, warmMs: WARM_MS });
        },
      },
    ];
    const runs = await interleave(contenders, rounds);
    await shiplog.stop();
    await stage.redis.clear();
    return compare(runs, this.about);
  },
};

async function runPeer(stage, name, prepare = () => {}) {
  const { port } = await stage.contender(name);
  await stage.redis.clear();
  await prepare();
  const result = await stage.saturate({ kind: KIND, port, seconds: SECONDS, warmMs: WARM_MS });
  await stage.redis.clear();
  return result;
}

async function runShiplog(stage) {
  const shiplog = await stage.shiplog();
  const result = await stage.saturate({ kind: KIND, port: shiplog.port, seconds: SECONDS, warmMs: COLD_WARM_MS });
  await shiplog.stop();
  await stage.redis.clear();
  return result;
}

function compare(runs, about) {
  const perSecond = (run) => run.perSecond;
  return Object.entries(GOALS).flatMap(([peer, goal]) =>
    runs[peer]
      ? [
          {
            about,
            versus: peer,
            goal: { least: goal },
            value: ratio(runs.shiplog, runs[peer], perSecond),
            said: `${whole(runs.shiplog)} of ${whole(runs[peer])}/s`,
            bad: [...runs.shiplog, ...runs[peer]].reduce((sum, { bad, errors }) => sum + bad + errors, 0),
          },
        ]
      : [],
  );
}

const whole = (runs) => Math.round(median(runs.map(({ perSecond }) => perSecond)));
