/**
 * Writes the items that are added in one turn of the event loop as one batch, and reports the result to every caller.
 * At low load a batch has one item and adds no delay; in a burst it saves a write for each item.
 */
export function inBatches<Given>(
  write: (all: readonly [Given, ...Given[]]) => Promise<void>,
  most: number,
): (given: Given) => Promise<void> {
  let open: { readonly all: [Given, ...Given[]]; readonly written: Promise<void> } | undefined;
  const start = (given: Given) => {
    const all: [Given, ...Given[]] = [given];
    const written = new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        if (open?.all === all) open = undefined;
        write(all).then(resolve, reject);
      });
    });
    return { all, written };
  };
  return (given) => {
    if (open && open.all.length < most) open.all.push(given);
    else open = start(given);
    return open.written;
  };
}
