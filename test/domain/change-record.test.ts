import { describe, expect, it } from 'vitest';
import { recordId } from '../../src/domain/change-record.ts';

describe('recordId', () => {
  it('is the same for the same step and differs for a repeat', () => {
    expect(recordId('k', 'running', 'a')).toBe(recordId('k', 'running', 'a'));
    expect(recordId('k', 'running', 'a')).not.toBe(recordId('k', 'running', 'b'));
    expect(recordId('k', 'running')).toMatch(/^chg_[0-9a-f]{32}$/);
  });
});
