import { expect, it, vi } from 'vitest';
import { createPriority } from '../../src/queue/priority.ts';

function burst(size: number) {
  const priority = createPriority();
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

it('holds nothing up for long, and for a few webhooks not at all', async () => {
  const long = burst(100);
  const startedMs = performance.now();
  expect(await long.later()).toBe('done');
  expect(performance.now() - startedMs).toBeGreaterThan(200);
  await long.end();
  const few = burst(15);
  const done = few.later();
  await Promise.resolve();
  expect(few.work).toHaveBeenCalled();
  expect(await done).toBe('done');
  await few.end();
});
