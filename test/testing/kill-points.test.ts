import { expect, it } from 'vitest';
import { createKillPoints } from '../../src/testing/kill-points.ts';

it('does not change calls without a configured point', () => {
  const call = async (text: string) => text;
  expect(createKillPoints(undefined)('deliver', call)).toBe(call);
});

it('kills at the configured call, before or after it', async () => {
  const happened: string[] = [];
  const order = { kill_at: 'deliver:after', pass: 2 } as const;
  const around = createKillPoints(order, () => void happened.push('killed'));
  const deliver = around('deliver', async (name: string) => void happened.push(name));
  for (const name of ['first', 'second', 'third']) await deliver(name);
  expect(happened).toEqual(['first', 'second', 'killed', 'third']);
});
