import { setTimeout as wait } from 'node:timers/promises';
import { N8N_LOAD } from '../contenders/n8n.mjs';
import { interleave, median, ratio } from '../rounds.mjs';

const AMOUNT = 1_500;
/** V8 has compiled what it will: the first two hundred changes take four times the processor time of later ones. */
export const WARM_AMOUNT = 3_000;
const GIVE_UP_MS = 120_000;

const all = 'changes/s all the way: recorded, in the change log, sent';
const ROWS = [
  { about: `${all} to Alert24`, ours: 'alert24', theirs: 'usual-stack', against: 'usual-stack, one hop', least: 0.6 },
  { about: `${all} to Alert24`, ours: 'alert24', theirs: 'node-red', against: 'node-red, at its sink', least: 1.2 },
  { about: `${all} to Alert24`, ours: 'alert24', theirs: 'n8n', against: 'n8n, at its sink' },
  {
    about: `${all} to Alert24 and GitLab`,
    ours: 'both',
    theirs: 'usual-stack',
    against: 'usual-stack, one hop',
    least: 0.4,
  },
];

/** From the first webhook sent until the destinations have received the last, against the usual stack's single hop. */
export const delivering = {
  names: ['changes'],
  async measure(stage, { rounds, peers }) {
    const { alert24, gitlab } = stage.sinks;
    const shiplog = await stage.shiplog({ sinks: [alert24, gitlab] });
    const usual = await stage.contender('usual-stack');
    const nodeRed = peers['node-red'] && (await stage.contender('node-red'));
    const n8n = peers.n8n && (await stage.contender('n8n'));
    const runs = {
      'usual-stack': (amount) =>
        sendAndDeliver(stage, { kind: 'deployment', port: usual.port, amount, names: ['alert24'] }),
      ...(nodeRed && {
        'node-red': (amount) =>
          sendAndDeliver(stage, { kind: 'deployment', port: nodeRed.port, amount, names: ['alert24'] }),
      }),
      ...(n8n && {
        n8n: () =>
          sendAndDeliver(stage, {
            kind: 'deployment',
            port: n8n.port,
            path: n8n.path,
            names: ['alert24'],
            ...N8N_LOAD,
          }),
      }),
      // What a GitLab created itself is not delivered to it.
      async alert24(amount) {
        const beforeMs = shiplog.mainMs();
        const run = await sendAndDeliver(stage, { kind: 'deployment', port: shiplog.port, amount, names: ['alert24'] });
        return { ...run, mainUs: ((shiplog.mainMs() - beforeMs) * 1_000) / amount };
      },
      both: (amount) =>
        sendAndDeliver(stage, { kind: 'argocd', port: shiplog.port, amount, names: ['alert24', 'gitlab'] }),
    };
    for (const run of Object.values(runs)) await run(WARM_AMOUNT);
    const contenders = Object.entries(runs).map(([name, run]) => ({ name, run: () => run(AMOUNT) }));
    const measured = await interleave(contenders, rounds);
    await shiplog.stop();
    const perSecond = (run) => run.perSecond;
    const whole = (list) => Math.round(median(list.map(perSecond)));
    const rows = ROWS.filter(({ theirs }) => measured[theirs]).map(({ about, ours, theirs, against, least }) => ({
      about,
      against,
      least,
      value: ratio(measured[ours], measured[theirs], perSecond),
      said: `${whole(measured[ours])} to ${whole(measured[theirs])}/s`,
      bad: measured[ours].reduce((sum, { bad }) => sum + bad, 0),
    }));
    const mainUs = median(measured.alert24.map((run) => run.mainUs));
    return [...rows, { about: 'main thread a change, sent to Alert24', most: 400, value: mainUs, unit: 'µs' }];
  },
};

/** Sends so many at once, and waits until each of the named destinations knows all of them. */
export async function sendAndDeliver(stage, { names, ...wish }) {
  await stage.forget();
  const { startUs, bad, ok, errors } = await stage.saturate(wish);
  const { lastUs } = await untilDelivered(stage, names, ok);
  return { perSecond: (ok * 1_000_000) / (lastUs - startUs), bad: bad + errors };
}

export async function untilDelivered(stage, names, amount) {
  const endMs = performance.now() + GIVE_UP_MS;
  for (;;) {
    const counts = await stage.destinations.call('counts');
    if (names.every((name) => counts[name].deployments >= amount)) return counts;
    if (performance.now() > endMs)
      throw new Error(`after ${GIVE_UP_MS} ms the destinations know ${JSON.stringify(counts)} of ${amount}`);
    await wait(20);
  }
}
