import { describe, expect, it } from 'vitest';
import { abortingAfter, within } from '../../src/values/within.ts';

const never = new Promise<never>(() => {});

describe('a limit of time', () => {
  it('does not affect work that ends before', async () => {
    expect(await within(60_000, Promise.resolve('done'), () => 'late')).toBe('done');
    await expect(within(60_000, Promise.reject(new Error('broken')), () => 'late')).rejects.toThrow('broken');
    expect(await abortingAfter(60_000, async (signal) => signal.aborted)).toBe(false);
  });

  it('returns or throws the given result when the work takes longer', async () => {
    expect(await within(1, never, () => 'late')).toBe('late');
    const refuse = () => {
      throw new Error('too late');
    };
    await expect(within(1, never, refuse)).rejects.toThrow('too late');
  });

  it('leaves no unhandled rejection of work that fails afterwards', async () => {
    let fail: (error: Error) => void = () => {};
    const work = new Promise<never>((_, reject) => {
      fail = reject;
    });
    expect(await within(1, work, () => 'late')).toBe('late');
    fail(new Error('nobody waits any more'));
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('aborts work that can be ended', async () => {
    const work = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    await expect(abortingAfter(1, work)).rejects.toThrow('the time is up');
  });
});
