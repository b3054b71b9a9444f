/**
 * One run of each contender, then the next of each: A B A B. What disturbs the machine meanwhile disturbs all of them.
 * @returns for each contender what its runs measured, in order.
 */
export async function interleave(contenders, rounds, onRun = () => {}) {
  const runs = new Map(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, run } of contenders) {
      runs.get(name).push(await run());
      onRun(name, round);
    }
  }
  return Object.fromEntries(runs);
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median of the rounds' ratios: each compares two runs of the same half minute. */
export const ratio = (ours, theirs, of) => median(ours.map((run, round) => of(run) / of(theirs[round])));
