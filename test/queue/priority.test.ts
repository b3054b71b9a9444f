import { expect, it, vi } from 'vitest';
import { createPriority } from '../../src/queue/priority.ts';

function burst(size: number, { isBusy = true } = {}) {
  const priority = createPriority(() => isBusy);
  const ends: (() => void)[] = [];
  const receive = priority.first(() => new Promise<void>((resolve) => ends.push(resolve)));
  const answered = Promise.all(Array.from({ length: size }, () => receive()));
  const work = vi.fn(async () => 'done');
  const end = async () => {
    for (const one of ends) one();
    await answered;
  };
  return { later: priority.later(work), work, end };
}

it('lets work wait for the end of a burst of webhooks', async () => {
  const { later, work, end } = burst(16);
  const done = later();
  await new Promise(setImmediate);
  expect(work).not.toHaveBeenCalled();
  await end();
  expect(await done).toBe('done');
});

it('goes on with one thing after another in a burst without end', async () => {
  const { later, work, end } = burst(100);
  const both = [later(), later()];
  await both[0];
  expect(work).toHaveBeenCalledTimes(1);
  await both[1];
  expect(work).toHaveBeenCalledTimes(2);
  await end();
});

it.each([
  ['few webhooks', 15, { isBusy: true }],
  ['many that wait for a slow Redis', 100, { isBusy: false }],
])('holds nothing up for %s', async (_, size, load) => {
  const { later, work, end } = burst(size, load);
  const done = later();
  expect(work).toHaveBeenCalled();
  expect(await done).toBe('done');
  await end();
});
