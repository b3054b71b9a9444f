// How the bench's processes talk: the parent calls, the child answers. A child ends with its parent.

/** In the child: answers each call with what the handler of its name returns. */
export function answerCalls(handlers) {
  process.on('message', async ({ id, name, wish }) => {
    try {
      process.send({ id, answer: await handlers[name](wish) });
    } catch (error) {
      process.send({ id, error: error instanceof Error ? error.stack : String(error) });
    }
  });
  process.on('disconnect', () => process.exit());
}

/** In the parent. Rejects when the child ends meanwhile. */
export function createCaller(child) {
  const open = new Map();
  let lastId = 0;
  child.on('message', ({ id, answer, error }) => {
    const { resolve, reject } = open.get(id);
    open.delete(id);
    if (error === undefined) resolve(answer);
    else reject(new Error(error));
  });
  child.on('exit', (code, signal) => {
    for (const { reject } of open.values()) reject(new Error(`${child.spawnfile} ended with ${signal ?? code}`));
    open.clear();
  });
  return (name, wish) =>
    new Promise((resolve, reject) => {
      lastId += 1;
      open.set(lastId, { resolve, reject });
      child.send({ id: lastId, name, wish });
    });
}
