/**
 * Runs work of the same name one after another, in the order of the calls; work of other names runs in parallel.
 * Only within this process: two replicas may still run the same work at once.
 */
export function createKeyedMutex(): <Got>(name: string, work: () => Promise<Got>) => Promise<Got> {
  const last = new Map<string, Promise<unknown>>();
  return (name, work) => {
    const before = last.get(name) ?? Promise.resolve();
    const current = before.then(work, work);
    const settled = current.then(
      () => undefined,
      () => undefined,
    );
    last.set(name, settled);
    void settled.then(() => {
      if (last.get(name) === settled) last.delete(name);
    });
    return current;
  };
}
