import { expect, it } from 'vitest';
import { createPriority } from '../../src/queue/priority.ts';

function after(webhooks: number, { isBusy = true } = {}) {
  let nowMs = 1_000;
  const priority = createPriority(
    () => isBusy,
    () => nowMs,
  );
  const receive = priority.first(async () => {});
  for (let count = 0; count < webhooks; count++) void receive();
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const work = priority.later(
    async (name: string) => {
      begun.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
    },
    { atOnce: 1, groupOf: (name) => name.charAt(0) },
  );
  const pass = (ms: number) => {
    nowMs += ms;
  };
  const run = (...names: string[]) => void Promise.all(names.map((name) => work(name)));
  return { run, begun, pass, end: (name: string) => ends.get(name)?.() };
}

it('lets only some work run in a burst of webhooks, and all of it afterwards', async () => {
  const { run, begun, pass, end } = after(40);
  run('a1', 'a2', 'a3', 'a4');
  expect(begun).toEqual(['a1']);
  end('a1');
  await expect.poll(() => begun).toEqual(['a1', 'a2']);
  pass(100);
  end('a2');
  await expect.poll(() => begun).toEqual(['a1', 'a2', 'a3', 'a4']);
});

it('delays no group because of another', () => {
  const { run, begun } = after(40);
  run('slow', 'same', 'other');
  expect(begun).toEqual(['slow', 'other']);
});

it.each([
  ['few webhooks', 39, { isBusy: true }],
  ['many while there is time for all', 1_000, { isBusy: false }],
])('delays nothing for %s', (_, webhooks, load) => {
  const { run, begun } = after(webhooks, load);
  run('a1', 'a2');
  expect(begun).toEqual(['a1', 'a2']);
});
