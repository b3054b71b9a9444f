import {
  type Context,
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ConsoleSpanExporter,
  SimpleSpanProcessor,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { createMask } from '../values/mask.ts';
import { within } from '../values/within.ts';
import { runInSpan, type SpanAttributes } from './current-span.ts';
import { createRateLimitedLog, type Logger } from './logger.ts';
import type { SpanOpening, TraceSettings, Traces } from './span.ts';

/** A collector that is down must not hold up the shutdown, which has 9 s for everything (cli/start.ts). */
const CLOSE_WITHIN_MS = 1_000;
/** Each export fails while a collector is down. */
const COMPLAIN_EVERY_MS = 600_000;
/** An answer may be a whole web page. */
const WORDS_CHARS = 300;

/** The kind of each span: backends draw the service graph from it. */
const KINDS: Record<SpanOpening['name'], SpanKind> = {
  receive: SpanKind.SERVER,
  record: SpanKind.CONSUMER,
  forward: SpanKind.CLIENT,
};

/**
 * Spans by the OpenTelemetry SDK, which reads the other OTEL_* variables by itself. It exports in the background, from
 * a bounded queue (OTEL_BSP_MAX_QUEUE_SIZE, 2,048 spans): spans that a collector does not accept are dropped.
 * @throws Error when an unknown exporter or protocol is named.
 */
export function createOpenTelemetry(settings: TraceSettings, log: Logger): Traces {
  const complain = createRateLimitedLog(COMPLAIN_EVERY_MS);
  const warn = (message: string) =>
    complain('traces', (suppressed) =>
      log.warn({ why: wordsOf(message), ...(suppressed && { suppressed }) }, 'traces are not taken'),
    );
  const quiet = () => {};
  // One for the process, as the SDK requires.
  diag.setLogger(
    { error: warn, warn, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'shiplog' }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: settings.exporters.map((name) => createProcessor(name, settings)),
  });
  const tracer = provider.getTracer('shiplog');
  const hidden = new Set<string>();
  let mask = createMask([]);
  const named = (attributes: SpanAttributes) =>
    Object.fromEntries(
      Object.entries(attributes).flatMap(([name, value]) =>
        value === undefined ? [] : [[`shiplog.${name}`, mask.value(typeof value === 'string' ? value : [...value])]],
      ),
    );
  return {
    span({ name, parent, attributes }, work) {
      const span = tracer.startSpan(name, { kind: KINDS[name], attributes: named(attributes) }, contextOf(parent));
      const note = (more: SpanAttributes) => void span.setAttributes(named(more));
      const fail = (why: string) => void span.setStatus({ code: SpanStatusCode.ERROR, message: mask.text(why) });
      const current = { traceparent: headerOf(span.spanContext()), note };
      return runInSpan(current, () => work({ note, fail })).finally(() => span.end());
    },
    hide(secrets) {
      for (const secret of secrets) hidden.add(secret);
      mask = createMask([...hidden]);
    },
    async close() {
      const closed = provider.shutdown().catch((error: unknown) => warn(String(error)));
      await within(CLOSE_WITHIN_MS, closed, () => {});
    },
  };
}

function createProcessor(exporter: string, { protocol }: TraceSettings): SpanProcessor {
  if (exporter === 'console') return new SimpleSpanProcessor(new ConsoleSpanExporter());
  if (exporter !== 'otlp') throw new Error(`OTEL_TRACES_EXPORTER is ${exporter}; there are otlp, console and none`);
  if (protocol === 'http/json') return new BatchSpanProcessor(new JsonExporter());
  if (protocol === 'http/protobuf') return new BatchSpanProcessor(new ProtobufExporter());
  throw new Error(
    `OTEL_EXPORTER_OTLP_PROTOCOL is ${protocol}; write http/protobuf or http/json, which collectors take at port 4318`,
  );
}

function contextOf(parent: string | undefined): Context {
  const spanContext = parent === undefined ? null : parseTraceParent(parent);
  return spanContext ? trace.setSpanContext(ROOT_CONTEXT, { ...spanContext, isRemote: true }) : ROOT_CONTEXT;
}

/** The one standardised flag: sampled or not. */
const headerOf = ({ traceId, spanId, traceFlags }: SpanContext): string => `00-${traceId}-${spanId}-0${traceFlags & 1}`;

/** The SDK passes errors as JSON with the whole stack. */
function wordsOf(diagnostic: string): string {
  try {
    // Anything else is shown unchanged.
    const { message = diagnostic, code = '' } = JSON.parse(diagnostic) as { message?: unknown; code?: unknown };
    const text = String(message);
    return (text.includes(String(code)) ? text : `${text} ${code}`).slice(0, WORDS_CHARS);
  } catch {
    return diagnostic.slice(0, WORDS_CHARS);
  }
}
