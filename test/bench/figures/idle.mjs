import { setTimeout as wait } from 'node:timers/promises';

/** By then what the start has left is collected. */
const SETTLE_MS = 15_000;
/** Twice what passes between two of its chores. */
const WATCH_MS = 30_000;

/** Started, and nobody sends anything. */
export const idle = {
  names: ['idle'],
  async measure(stage) {
    const { alert24, gitlab } = stage.sinks;
    const shiplog = await stage.shiplog({ sinks: [alert24, gitlab] });
    await wait(SETTLE_MS);
    const beforeMs = shiplog.cpuMs();
    await wait(WATCH_MS);
    const percent = ((shiplog.cpuMs() - beforeMs) / WATCH_MS) * 100;
    const rssMb = (shiplog.rssMib() * 1024 * 1024) / 1_000_000;
    await shiplog.stop();
    return [
      { about: 'idle: RSS of the bridge', most: 100, value: rssMb, unit: 'MB', said: 'without Redis' },
      { about: 'idle: processor', most: 0.5, value: percent, unit: '%', said: `over ${WATCH_MS / 1_000} s` },
    ];
  },
};
