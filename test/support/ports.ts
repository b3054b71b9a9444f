import { createServer } from 'node:net';

/**
 * Below those that the system gives to connections: a server that is killed and started again finds its port as it left
 * it. The bus of a Cluster, 10,000 further, is below them as well.
 */
const FIRST_PORT = 12_000;
const PORTS = 10_000;

/** They were free a moment ago. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
