import { expect } from 'vitest';

/**
 * Nothing in it stands for something that is missing: no '', no null, no "undefined", no "{path}", nothing empty. `fixed` are
 * texts of ours that may hold braces.
 */
export function expectNothingMissing(value: unknown, fixed: readonly string[] = []): void {
  if (typeof value === 'string') {
    if (fixed.includes(value)) return;
    expect(value.trim()).not.toBe('');
    expect(value.trim()).not.toBe('null');
    expect(value).not.toMatch(/[{}]|undefined/);
  } else if (typeof value === 'object') {
    expect(value).not.toBeNull();
    const parts = Object.values(value ?? {});
    expect(parts.length).toBeGreaterThan(0);
    for (const part of parts) expectNothingMissing(part, fixed);
  } else {
    expect(['number', 'boolean']).toContain(typeof value);
    expect(value).not.toBeNaN();
  }
}
