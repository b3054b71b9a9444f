import type { Config } from '../config/config.ts';
import { callBridge } from './call.ts';
import { momentAgo } from './duration.ts';
import { type JsonOption, printJson } from './output.ts';

export interface RedeliverOptions extends JsonOption {
  readonly sink: string;
  readonly since: string;
  readonly dryRun: boolean;
}

/** Has the running bridge deliver earlier changes to a sink that was added later. */
export async function redeliver(config: Config, { sink, since, dryRun, json }: RedeliverOptions): Promise<void> {
  const at = momentAgo(since, new Date()).toISOString();
  const body = { sink, since: at, dry_run: dryRun };
  const done = (await callBridge(config, { method: 'POST', path: '/api/redeliver', body })) as {
    looked: number;
    queued: number;
  }; // our own API
  if (json) return void printJson(process, { sink, since: at, dry_run: dryRun, ...done });
  const summary = dryRun
    ? 'would be put into its queue'
    : 'are in its queue; what was delivered to it before is not delivered again';
  process.stdout.write(`${sink}: ${done.looked} deployments since ${at}, of which ${done.queued} ${summary}\n`);
}
