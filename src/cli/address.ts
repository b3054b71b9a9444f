import type { BridgeSettings } from '../config/bridge-access.ts';

/** The address by which people and tools reach the bridge: as configured, else that of this machine. */
export const publicAddressOf = (config: BridgeSettings & { readonly public_url?: string | undefined }): string =>
  config.public_url ?? addressOf(config);

/** The address by which a bridge can be reached: as configured, else from this machine. */
export function addressOf({ url, host, port }: Pick<BridgeSettings, 'url' | 'host' | 'port'>): string {
  if (url !== undefined) return url;
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
