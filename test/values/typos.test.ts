import { expect, it } from 'vitest';
import { meantName, nearestName } from '../../src/values/typos.ts';

it('names what was meant, and nothing where no name is near', () => {
  const names = ['sinks', 'sources', 'data_dir', 'port'];
  expect(nearestName('sink', names)).toBe('sinks');
  expect(nearestName('DataDir', names)).toBe('data_dir');
  expect(nearestName('prot', names)).toBe('port');
  expect(nearestName('soruces', names)).toBe('sources');
  expect(nearestName('host', names)).toBeUndefined();
  expect(nearestName('x'.repeat(100_000), names)).toBeUndefined();
});

it('names the parameter that was meant by a part of its name', () => {
  const names = ['environment', 'status', 'commit_sha', 'change_type'];
  expect(['env', 'commit', 'type', 'state', 'q'].map((name) => meantName(name, names))).toEqual([
    ...['environment', 'commit_sha', 'change_type', 'status', undefined],
  ]);
});
