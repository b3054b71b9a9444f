/**
 * What `work` comes to when that takes no longer than `limitMs`, or else what `onLate` says or throws. The work itself
 * goes on: its end is then nobody's, and its failure is no unhandled rejection.
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
    work.catch(() => {}); // whoever waited was reported already
  }
}

/** Runs `work` with a signal that aborts when it has taken `limitMs`: for work that can be ended. */
export async function abortingAfter<T>(limitMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  // Not AbortSignal.timeout(): in Node 20 one that nothing else holds may be collected, and then never aborts.
  const timer = setTimeout(() => abort.abort(new Error('the time is up')), limitMs);
  try {
    return await work(abort.signal);
  } finally {
    clearTimeout(timer);
  }
}
