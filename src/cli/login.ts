import { type BridgeSettings, keepLogin } from '../config/bridge-access.ts';
import { addressOf } from './address.ts';
import { callBridge } from './call.ts';

/**
 * Tries the token, and keeps address and token for this user. @throws RequestRefused when the bridge does not accept it
 */
export async function logIn(config: BridgeSettings): Promise<void> {
  await callBridge(config, { method: 'GET', path: '/api/v1/changes?limit=1' });
  const url = addressOf(config);
  process.stdout.write(
    `commands use ${url} from now on (stored in ${keepLogin({ url, token: config.admin_token })})\n`,
  );
}
