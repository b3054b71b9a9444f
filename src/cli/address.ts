import type { BridgeSettings } from '../config/bridge-access.ts';

/** Where people and tools reach it: what the configuration says, or else this machine. */
export const publicAddressOf = (config: BridgeSettings & { readonly public_url?: string | undefined }): string =>
  config.public_url ?? addressOf(config);

/** Where a bridge can be reached: as it was said, or from this machine. */
export function addressOf({ url, host, port }: Pick<BridgeSettings, 'url' | 'host' | 'port'>): string {
  if (url !== undefined) return url;
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
