/**
 * The result of `work` when it takes no longer than `limitMs`, or else what `onLate` returns or throws. The work itself
 * goes on: its result is then ignored, and its failure is no unhandled rejection.
 */
export async function within<T, Late>(
  limitMs: number,
  work: Promise<T>,
  onLate: () => Late | Promise<Late>,
): Promise<T | Late> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  }).then(onLate);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {}); // the caller has had its answer
  }
}

/**
 * Runs `work` with a signal that aborts when it has taken `limitMs`, or when `outer` aborts: for work that can be
 * aborted. Not by AbortSignal.timeout() and AbortSignal.any(): in Node 20 nothing references those, and once they are
 * garbage-collected a request to a silent destination never ends.
 */
export async function abortingAfter<T>(
  limitMs: number,
  work: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  const abort = new AbortController();
  const stop = () => abort.abort(outer?.reason);
  const timer = setTimeout(() => abort.abort(new DOMException('the time is up', 'TimeoutError')), limitMs);
  if (outer?.aborted) stop();
  outer?.addEventListener('abort', stop, { once: true });
  try {
    return await work(abort.signal);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', stop);
  }
}
