interface Call<Given, Got> {
  readonly given: Given;
  readonly resolve: (got: Got) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Calls with the same key run one after another in this process. Calls that arrive during a run are batched into the
 * next one, so that a busy key costs one run per batch, not per call, and does not delay other keys.
 * @param run returns one result per call, in order. Two processes may still run it at the same time.
 */
export function coalesced<Given, Got>(
  keyOf: (given: Given) => string,
  run: (all: readonly Given[]) => Promise<readonly Got[]>,
): (given: Given) => Promise<Got> {
  /** Holds a key while its calls run. */
  const waiting = new Map<string, Call<Given, Got>[]>();
  const answer = async (calls: readonly Call<Given, Got>[]) => {
    try {
      const got = await run(calls.map(({ given }) => given));
      for (const [at, call] of calls.entries()) call.resolve(got[at] as Got); // one for each
    } catch (error) {
      for (const call of calls) call.reject(error);
    }
  };
  const work = async (key: string) => {
    await undefined; // lets the other calls of this turn join the batch
    for (let calls = waiting.get(key); calls?.length; calls = waiting.get(key)) {
      waiting.set(key, []);
      await answer(calls);
    }
    waiting.delete(key);
  };
  return (given) =>
    new Promise((resolve, reject) => {
      const key = keyOf(given);
      const calls = waiting.get(key);
      if (calls) return void calls.push({ given, resolve, reject });
      waiting.set(key, [{ given, resolve, reject }]);
      void work(key);
    });
}
