import { expect, it, vi } from 'vitest';
import { createPriority } from '../../src/queue/priority.ts';

function after(webhooks: number, { isBusy = true } = {}) {
  let nowMs = 1_000;
  const priority = createPriority(
    () => isBusy,
    () => nowMs,
  );
  const receive = priority.first(async () => {});
  for (let count = 0; count < webhooks; count++) void receive();
  const work = vi.fn(async () => 'done');
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { later: priority.later(work), work, pass };
}

it('lets work wait for the end of a burst of webhooks', async () => {
  const { later, work, pass } = after(40);
  const done = later();
  await new Promise(setImmediate);
  expect(work).not.toHaveBeenCalled();
  pass(100);
  expect(await done).toBe('done');
});

it('goes on with one thing after another in a burst without end', async () => {
  const { later, work } = after(1_000);
  const both = [later(), later()];
  await both[0];
  expect(work).toHaveBeenCalledTimes(1);
  await both[1];
  expect(work).toHaveBeenCalledTimes(2);
});

it.each([
  ['few webhooks', 39, { isBusy: true }],
  ['many while there is time for all', 1_000, { isBusy: false }],
])('holds nothing up for %s', async (_, webhooks, load) => {
  const { later, work } = after(webhooks, load);
  const done = later();
  expect(work).toHaveBeenCalled();
  expect(await done).toBe('done');
});
