import { untilDelivered } from './delivering.mjs';

const PER_SECOND = 1_000;
const SECONDS = 30;
const QUICK_SECONDS = 10;

/** A thousand deployments a second for half a minute. */
export const burst = {
  names: ['burst'],
  async measure(stage, { quick }) {
    const shiplog = await stage.shiplog();
    let peakMib = 0;
    const watching = setInterval(() => {
      peakMib = Math.max(peakMib, shiplog.rssMib());
    }, 250);
    const seconds = quick ? QUICK_SECONDS : SECONDS;
    const { ok, bad, p50, p99, startUs } = await stage.pace({
      kind: 'deployment',
      port: shiplog.port,
      perSecond: PER_SECOND,
      seconds,
    });
    const sentMs = performance.now();
    const counts = await untilDelivered(stage, ['alert24'], ok);
    const drainedMs = performance.now() - sentMs;
    clearInterval(watching);
    await shiplog.stop();
    const about = `burst: ${PER_SECOND * seconds} hooks in ${seconds} s`;
    const perSecond = (ok * 1_000_000) / (counts.lastUs - startUs);
    return [
      { about: `${about}, not answered 2xx`, most: 0, value: bad, unit: '', said: `${ok} answered 2xx` },
      { about: `${about}, p99 of the answer`, most: 250, value: p99, unit: 'ms', said: `p50 ${p50.toFixed(1)} ms` },
      { about: `${about}, RSS at most`, most: 300, value: peakMib, unit: 'MiB' },
      {
        about: `${about}, drained after the last`,
        value: drainedMs / 1_000,
        unit: 's',
        said: `${Math.round(perSecond)} sent/s all the while`,
      },
    ];
  },
};
