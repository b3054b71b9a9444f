import { expect, it } from 'vitest';
import { inTurn } from '../../src/store/in-turn.ts';

it('lets calls with one key follow one another, also after one that failed, and holds no other up', async () => {
  const events: string[] = [];
  const release: (() => void)[] = [];
  const call = inTurn(
    (key: string, _name: string) => key,
    async (key: string, name: string) => {
      events.push(`${name} begins`);
      if (key === 'slow') await new Promise<void>((resolve) => release.push(resolve));
      events.push(`${name} ends`);
      if (name === 'first') throw new Error('it failed');
      return name;
    },
  );
  const first = call('slow', 'first').catch((error: Error) => error.message);
  const second = call('slow', 'second');
  expect(await call('quick', 'other')).toBe('other');
  expect(events).toEqual(['first begins', 'other begins', 'other ends']);
  release.shift()?.();
  expect(await first).toBe('it failed');
  await new Promise(setImmediate);
  release.shift()?.();
  expect(await second).toBe('second');
  expect(events.slice(3)).toEqual(['first ends', 'second begins', 'second ends']);
});
