import { AsyncLocalStorage } from 'node:async_hooks';

/** Unknown stays absent. */
export type SpanAttributes = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The span within which the present work is done. */
export interface CurrentSpan {
  /** As it stands in the header: W3C Trace Context. */
  readonly traceparent: string;
  note(attributes: SpanAttributes): void;
}

const storage = new AsyncLocalStorage<CurrentSpan>();

export const runInSpan = <T>(span: CurrentSpan, work: () => Promise<T>): Promise<T> => storage.run(span, work);

/**
 * What goes along with everything that leaves this work: a job, a line of the spool, a request. Undefined while nobody
 * traces.
 */
export const currentTraceparent = (): string | undefined => storage.getStore()?.traceparent;

export const noteOnSpan = (attributes: SpanAttributes): void => storage.getStore()?.note(attributes);
