import type { Config } from '../config/config.ts';
import { canReconcile, type Reconciled } from '../recording/reconcile.ts';
import { callBridge } from './call.ts';
import { momentAgo } from './duration.ts';
import { type JsonOption, printJson } from './output.ts';

/**
 * Has the running bridge ask the tools for deployments that were never reported.
 * @throws Error when one of them could not be asked.
 */
export async function backfill(
  config: Config,
  { source, since, json }: JsonOption & { source?: string; since: string },
): Promise<void> {
  const at = momentAgo(since, new Date()).toISOString();
  const able = config.sources.filter(canReconcile).map(({ name }) => name);
  const names = source ? [source] : able;
  if (names.length === 0) throw new Error('no source has a token for its tool: set api.token of a source');
  const reports: Reconciled[] = [];
  for (const name of names) {
    if (!json) process.stdout.write(`asking the tool of source ${name} for deployments since ${at} …\n`);
    const report = (await callBridge(config, {
      method: 'POST',
      path: '/api/reconcile',
      body: { source: name, since: at },
    })) as Reconciled; // our own API
    reports.push(report);
    if (!json) process.stdout.write(reportText(name, report));
  }
  if (json) printJson(process, reports);
  if (reports.some(({ failed }) => failed !== undefined)) throw new Error('not every tool could be asked');
}

const reportText = (name: string, { listed, recorded, warnings, failed }: Reconciled): string =>
  [
    `${name}: ${listed} steps listed, ${recorded.length} deployments were missing and are recorded`,
    ...recorded.map((key) => `  ${key}`),
    ...warnings.map((warning) => `  WARNING ${warning}`),
    ...(failed ? [`  FAILED ${failed}`] : []),
  ]
    .map((line) => `${line}\n`)
    .join('');
