import { AsyncLocalStorage } from 'node:async_hooks';

/** Unknown ids are left out. */
export type SpanAttributes = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The span of the current work. */
export interface CurrentSpan {
  /** As it is in the header: W3C Trace Context. */
  readonly traceparent: string;
  note(attributes: SpanAttributes): void;
}

const storage = new AsyncLocalStorage<CurrentSpan>();

export const runInSpan = <T>(span: CurrentSpan, work: () => Promise<T>): Promise<T> => storage.run(span, work);

/** What a job, a line of the spool or a request that leaves this work carries along. Undefined when traces are off. */
export const currentTraceparent = (): string | undefined => storage.getStore()?.traceparent;

export const noteOnSpan = (attributes: SpanAttributes): void => storage.getStore()?.note(attributes);
