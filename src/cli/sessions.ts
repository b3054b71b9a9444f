import type { Config } from '../config/config.ts';
import { callBridge } from './call.ts';
import { type JsonOption, printJson } from './output.ts';

/** Ends all sessions of the pages. */
export async function endSessions(config: Config, { json }: JsonOption = {}): Promise<void> {
  // our own API
  const { ended } = (await callBridge(config, { method: 'POST', path: '/api/sessions/end' })) as { ended: number };
  if (json) return void printJson(process, { ended });
  process.stdout.write(`${ended} ${ended === 1 ? 'session has' : 'sessions have'} ended\n`);
}
