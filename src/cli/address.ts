import type { Config } from '../config/config.ts';

/** Where the bridge of this configuration can be reached from this machine. */
export function addressOf({ host, port }: Config): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
