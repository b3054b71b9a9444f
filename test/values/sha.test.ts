import { expect, it } from 'vitest';
import { anySha, fullSha, shaPrefix } from '../../src/values/sha.ts';

const SHA1 = '279484c09fbe69ededfced8c1bb6e6d24616b468';
const SHA256 = `${SHA1}${'ab12'.repeat(6)}`;

it('takes a commit of either kind of repository whole, in lower case', () => {
  for (const sha of [SHA1, SHA256]) expect(fullSha(` ${sha.toUpperCase()}`)).toBe(sha);
  for (const sha of [SHA1, SHA256]) expect(shaPrefix(sha)).toBeUndefined();
});

it.each(['279484c0', '<no value>', '', null, undefined, '0.1.0', '0'.repeat(40), '0'.repeat(64), 'g'.repeat(40)])(
  'does not take %j for a whole commit',
  (other) => {
    expect(fullSha(other)).toBeUndefined();
  },
);

it('knows the first digits of a commit, also those that are longer than a SHA-1', () => {
  for (const digits of [7, 12, 39, 41, 63]) {
    expect(shaPrefix(SHA256.slice(0, digits))).toBe(SHA256.slice(0, digits));
    expect(anySha(SHA256.slice(0, digits))).toBe(SHA256.slice(0, digits));
  }
  for (const other of ['main', SHA1.slice(0, 6), '0000000', `${SHA256}0`]) expect(anySha(other)).toBeUndefined();
});
