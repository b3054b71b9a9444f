import { describe, expect, it } from 'vitest';
import { fullSha, recordId } from '../../src/domain/change-record.ts';

describe('fullSha', () => {
  it('takes 40 hex digits and nothing else', () => {
    expect(fullSha('279484C09fbe69ededfced8c1bb6e6d24616b468')).toBe('279484c09fbe69ededfced8c1bb6e6d24616b468');
    for (const other of ['279484c0', '<no value>', '', null, undefined, '0.1.0', '0'.repeat(40), 'g'.repeat(40)])
      expect(fullSha(other)).toBeUndefined();
  });
});

describe('recordId', () => {
  it('is the same for the same step and differs for a repeat', () => {
    expect(recordId('k', 'running', 'a')).toBe(recordId('k', 'running', 'a'));
    expect(recordId('k', 'running', 'a')).not.toBe(recordId('k', 'running', 'b'));
    expect(recordId('k', 'running')).toMatch(/^chg_[0-9a-f]{32}$/);
  });
});
