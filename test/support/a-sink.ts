import type { Sink } from '../../src/sinks/sink.ts';

/** A destination that accepts everything; say only what the test is about. */
export const aSink = (said: Partial<Sink> = {}): Sink => ({
  type: 'buoy',
  productName: 'Buoy',
  name: 'buoy',
  secrets: [],
  concurrency: 2,
  ratePerMinute: undefined,
  takenBy: 'status',
  wants: () => ({ wanted: true }),
  deliver: async () => ({ message: 'ok' }),
  preview: () => ({ method: 'POST', url: 'https://buoy.example', headers: {}, body: null }),
  check: async () => 'ok',
  ...said,
});
