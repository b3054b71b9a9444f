import type { SpanAttributes } from './current-span.ts';

/** What the standard OTEL_* variables say that the SDK does not read by itself (config/load.ts). */
export interface TraceSettings {
  /** `otlp`, `console`. */
  readonly exporters: readonly string[];
  /** `http/protobuf`, `http/json`. */
  readonly protocol: string;
}

export interface SpanOpening {
  readonly name: 'receive' | 'record' | 'forward';
  /** A `traceparent` header, from outside or from a job. One that is not valid counts as none. */
  readonly parent?: string | undefined;
  readonly attributes: SpanAttributes;
}

export interface Span {
  note(attributes: SpanAttributes): void;
  /** It went wrong, and why. */
  fail(why: string): void;
}

/** One trace from a webhook to each sink, whatever processes and hours lie between. */
export interface Traces {
  /** Does the work within a span, so that what leaves it carries its `traceparent`. */
  span<T>(opening: SpanOpening, work: (span: Span) => Promise<T>): Promise<T>;
  /** From now on these stand in no span, nor do those that were named before. */
  hide(secrets: readonly string[]): void;
  /** Hands over what is ready, as far as that is soon done. */
  close(): Promise<void>;
}
