import type { Command } from 'commander';
import type { BridgeAccess, BridgeSettings } from '../config/bridge-access.ts';
import type { Config } from '../config/config.ts';

/** Adds the options of a command that only asks a bridge. */
export const withBridgeOptions = (command: Command): Command =>
  command
    .option('--url <url>', 'the bridge, such as https://shiplog.example.com (SHIPLOG_URL)')
    .option('--token <token>', 'its admin token (SHIPLOG_TOKEN)');

/** Each command is loaded when it runs: most need little of the bridge, and `--help` needs nothing. */
export async function runLocalCommand<Part>(
  loading: Promise<Part>,
  act: (part: Part, config: Config, load: () => Config) => Promise<void> | void,
  options: { readonly mayMakeSecrets?: boolean } = {},
): Promise<void> {
  const [part, { loadConfig }, { findRunningBridge }] = await Promise.all([
    loading,
    import('../config/load.ts'),
    import('../config/running-bridge.ts'),
  ]);
  const load = () => loadConfig(process.env, options);
  const config = load();
  // `npm start` alone may have been given its port.
  const running = options.mayMakeSecrets ? undefined : findRunningBridge(config.data_dir);
  await act(part, running ? Object.assign({}, config, { url: running.url }) : config, load);
}

/** For a command that only asks a bridge, on this machine or elsewhere. */
export async function runRemoteCommand<Part>(
  loading: Promise<Part>,
  access: BridgeAccess,
  act: (part: Part, bridge: BridgeSettings) => Promise<void>,
): Promise<void> {
  const [part, { reachBridge }] = await Promise.all([loading, import('../config/bridge-access.ts')]);
  await act(part, reachBridge(access));
}
