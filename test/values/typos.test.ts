import { expect, it } from 'vitest';
import { nearestName } from '../../src/values/typos.ts';

it('names what was meant, and nothing where no name is near', () => {
  const names = ['sinks', 'sources', 'data_dir', 'port'];
  expect(nearestName('sink', names)).toBe('sinks');
  expect(nearestName('DataDir', names)).toBe('data_dir');
  expect(nearestName('prot', names)).toBe('port');
  expect(nearestName('soruces', names)).toBe('sources');
  expect(nearestName('host', names)).toBeUndefined();
  expect(nearestName('x'.repeat(100_000), names)).toBeUndefined();
});
