interface Call<Given, Got> {
  readonly given: Given;
  readonly resolve: (got: Got) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Calls with the same key run one after another in this process, and those that come meanwhile run together as the next
 * one: a key that is called without end costs a run for each round, not for each call, and holds no other key up.
 * @param run answers each call in its place. Two processes may still meet in it.
 */
export function coalesced<Given, Got>(
  keyOf: (given: Given) => string,
  run: (all: readonly Given[]) => Promise<readonly Got[]>,
): (given: Given) => Promise<Got> {
  /** A key stands here for as long as its calls run. */
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
    await undefined; // calls of the same moment are all there then
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
