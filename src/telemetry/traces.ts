import type { Logger } from './logger.ts';
import type { Span, TraceSettings, Traces } from './span.ts';

const noSpan: Span = { note() {}, fail() {} };

/** Traces are off: nothing of the SDK is loaded, and nothing is passed on. */
const noTraces: Traces = {
  span: (_opening, work) => work(noSpan),
  hide() {},
  async close() {},
};

/** @param settings undefined: traces are off. Their failure never stops the start. */
export async function openTraces(settings: TraceSettings | undefined, log: Logger): Promise<Traces> {
  if (!settings) return noTraces;
  try {
    const { createOpenTelemetry } = await import('./open-telemetry.ts');
    return createOpenTelemetry(settings, log);
  } catch (error) {
    log.error({ error }, 'no traces are written');
    return noTraces;
  }
}
