import { expect, it } from 'vitest';
import { inBatches } from '../../src/store/batch.ts';

it('writes the items of one turn as a batch of limited size, and starts a new one in the next turn', async () => {
  const written: string[][] = [];
  const write = inBatches(async (all: readonly string[]) => void written.push([...all]), 2);
  await Promise.all([write('a'), write('b'), write('c')]);
  await write('d');
  expect(written).toEqual([['a', 'b'], ['c'], ['d']]);
});

it('rejects all calls of a failed batch, and none of the next', async () => {
  let isAway = true;
  const write = inBatches(async () => {
    if (isAway) throw new Error('Redis is away');
  }, 10);
  const failed = await Promise.allSettled([write('a'), write('b')]);
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  isAway = false;
  await expect(write('c')).resolves.toBeUndefined();
});
