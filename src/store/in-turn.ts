/**
 * Calls with the same key run one after another in this process. Two processes may still meet: whoever is called
 * must stand that; it only costs a second try.
 */
export function inTurn<Given extends readonly unknown[], Got>(
  keyOf: (...given: Given) => string,
  call: (...given: Given) => Promise<Got>,
): (...given: Given) => Promise<Got> {
  const last = new Map<string, Promise<unknown>>();
  return (...given) => {
    const key = keyOf(...given);
    const turn = (last.get(key) ?? Promise.resolve()).then(
      () => call(...given),
      () => call(...given),
    );
    last.set(key, turn);
    const forget = () => {
      if (last.get(key) === turn) last.delete(key);
    };
    turn.then(forget, forget);
    return turn;
  };
}
