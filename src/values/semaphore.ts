/** Runs work, at most so many at a time, in the order of the calls. */
export function createSemaphore(most: number): <Got>(work: () => Promise<Got>) => Promise<Got> {
  let free = most;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((go) => waiting.push(go));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
