import { interleave, median, ratio } from '../rounds.mjs';
import { sendAndDeliver } from './delivering.mjs';

const WARM_AMOUNT = 2_000;
const AMOUNT = 1_000;

/** Processes of one host, with one Redis as near as it is: the first takes webhooks, the others record and deliver. */
const CONTENDERS = {
  one: ['receive,work'],
  two: ['receive', 'work'],
  four: ['receive', 'work', 'work', 'work'],
};

export const roles = {
  names: ['roles'],
  async measure(stage, { rounds }) {
    const contenders = Object.entries(CONTENDERS).map(([name, list]) => ({ name, run: () => runApart(stage, list) }));
    const runs = await interleave(contenders, rounds);
    const whole = (name) => Math.round(median(runs[name].map(perSecond)));
    const row = (name, said, least) => ({
      about: `${name} processes with roles apart: changes/s all the way to Alert24`,
      against: 'one process',
      least,
      value: ratio(runs[name], runs.one, perSecond),
      said: `${whole(name)} to ${whole('one')}/s${said}`,
      bad: runs[name].reduce((sum, { bad }) => sum + bad, 0),
    });
    return [row('two', '', 1.5), row('four', '; Redis, the destination and the load share the cores with them')];
  },
};

const perSecond = (run) => run.perSecond;

/** They end with the run: one that is idle beside the others would work for them. */
async function runApart(stage, list) {
  const bridges = await Promise.all(list.map((roles) => stage.shiplog({ said: { roles } })));
  const wish = { kind: 'deployment', port: bridges[0].port, names: ['alert24'] };
  await sendAndDeliver(stage, { ...wish, amount: WARM_AMOUNT });
  const run = await sendAndDeliver(stage, { ...wish, amount: AMOUNT });
  await Promise.all(bridges.map((bridge) => bridge.stop()));
  await stage.redis.clear();
  return run;
}
