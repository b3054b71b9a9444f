import { vi } from 'vitest';
import { apiClientLimits } from '../src/sources/api-client-limits.ts';

/** Vitest gives a condition up after a second, which a busy machine needs for nothing at all. */
const LEAST_MS = 60_000;

const waitFor = vi.waitFor;
vi.waitFor = (condition, options) => {
  const { interval = 50, timeout = 0 } = typeof options === 'number' ? { timeout: options } : (options ?? {});
  return waitFor(condition, { interval, timeout: Math.max(timeout, LEAST_MS) });
};

/** The same for what a source asks its tool: the stand-in is a part of the busy machine. */
apiClientLimits.timeoutMs = LEAST_MS;
