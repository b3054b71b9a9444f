import { expect, it } from 'vitest';
import { coalesced } from '../../src/recording/coalesce.ts';

function slowly() {
  const runs: string[] = [];
  const release: (() => void)[] = [];
  const call = coalesced(
    (given: string) => given.charAt(0),
    async (all: readonly string[]) => {
      runs.push(all.join(' '));
      if (all.some((given) => given.startsWith('s'))) await new Promise<void>((resolve) => release.push(resolve));
      if (all.includes('s-fails')) throw new Error('it failed');
      return all.map((given) => `got ${given}`);
    },
  );
  return { call, runs, next: () => release.shift()?.() };
}

it('runs the calls that wait for a key as a batch, returns each result in order, and delays no other key', async () => {
  const { call, runs, next } = slowly();
  const first = [call('s1'), call('s2')];
  expect(await call('quick')).toBe('got quick');
  const second = [call('s3'), call('s4'), call('s5')];
  next();
  expect(await Promise.all(first)).toEqual(['got s1', 'got s2']);
  await expect.poll(() => runs).toEqual(['s1 s2', 'quick', 's3 s4 s5']);
  next();
  expect(await Promise.all(second)).toEqual(['got s3', 'got s4', 'got s5']);
});

it('reports a failure only to the callers of the batch, and continues', async () => {
  const { call, runs, next } = slowly();
  const first = call('s-fails').catch((error: Error) => error.message);
  await expect.poll(() => runs).toHaveLength(1);
  const second = call('s2');
  next();
  expect(await first).toBe('it failed');
  await expect.poll(() => runs).toHaveLength(2);
  next();
  expect(await second).toBe('got s2');
});
