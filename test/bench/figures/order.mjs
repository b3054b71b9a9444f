import { setTimeout as wait } from 'node:timers/promises';

const PER_SECOND = 100;
const SECONDS = 6;
const OUTAGE_MS = 4_000;
const STATES = ['running', 'success'];
/** So many others begin before one ends, which is long enough for its start to have been delivered. */
const LAG = 60;

/** Deployments that begin and end, delivered to both destinations: does any receive the end before the start? */
export const order = {
  names: ['order'],
  async measure(stage) {
    const { alert24, gitlab } = stage.sinks;
    const shiplog = await stage.shiplog({ sinks: [{ ...alert24, states: ['running', 'succeeded'] }, gitlab] });
    const calm = await play(stage, shiplog);
    const outage = await play(stage, shiplog, OUTAGE_MS);
    await shiplog.stop();
    return [
      row('order inversions at both destinations', calm),
      row(`the same with an outage of ${OUTAGE_MS / 1_000} s`, outage),
    ];
  },
};

const row = (about, { alert24, gitlab, refused, bad }) => ({
  about,
  most: 0,
  value: alert24.inversions + gitlab.inversions,
  unit: '',
  said: `${alert24.count} sent to Alert24, ${gitlab.count} to GitLab, ${refused} refused; twice: ${alert24.duplicates + gitlab.duplicates}`,
  bad,
});

async function play(stage, shiplog, outageMs = 0) {
  await stage.forget();
  const sending = stage.pace({
    kind: 'argocd',
    port: shiplog.port,
    perSecond: PER_SECOND,
    seconds: SECONDS,
    states: STATES,
    lag: LAG,
  });
  if (outageMs > 0) {
    await wait(500);
    await stage.destinations.call('refuse', { alert24: 503, gitlab: 503 });
    await wait(outageMs);
    await stage.destinations.call('refuse', {});
  }
  const { bad } = await sending;
  await shiplog.drained();
  return { ...(await stage.destinations.call('counts')), bad };
}
