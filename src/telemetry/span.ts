import type { SpanAttributes } from './current-span.ts';

/** The standard OTEL_* variables that the SDK does not read by itself (config/load.ts). */
export interface TraceSettings {
  /** `otlp`, `console`. */
  readonly exporters: readonly string[];
  /** `http/protobuf`, `http/json`. */
  readonly protocol: string;
}

export interface SpanOpening {
  readonly name: 'receive' | 'record' | 'forward';
  /** A `traceparent` header, from outside or from a job. An invalid one counts as none. */
  readonly parent?: string | undefined;
  readonly attributes: SpanAttributes;
}

export interface Span {
  note(attributes: SpanAttributes): void;
  /** The error that ended it. */
  fail(why: string): void;
}

/** One trace from a webhook to each sink, across processes and hours. */
export interface Traces {
  /** Runs the work within a span, so that its requests and jobs carry its `traceparent`. */
  span<T>(opening: SpanOpening, work: (span: Span) => Promise<T>): Promise<T>;
  /** From now on these secrets are masked in all spans, beside those that were named before. */
  hide(secrets: readonly string[]): void;
  /** Exports what is ready, if that takes little time. */
  close(): Promise<void>;
}
