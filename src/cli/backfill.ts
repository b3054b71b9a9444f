import type { Config } from '../config/config.ts';
import { canReconcile, type Reconciled } from '../recording/reconcile.ts';
import { callBridge } from './call.ts';
import { momentAgo } from './duration.ts';

/** Has the running bridge ask the tools for what they never told. @throws Error when one of them could not be asked. */
export async function backfill(config: Config, { source, since }: { source?: string; since: string }): Promise<void> {
  const at = momentAgo(since, new Date()).toISOString();
  const able = config.sources.filter(canReconcile).map(({ name }) => name);
  const names = source ? [source] : able;
  if (names.length === 0) throw new Error('no source has a token for its tool: set api.token of a source');
  let failed = false;
  for (const name of names) {
    process.stdout.write(`asking the tool of source ${name} for deployments since ${at} …\n`);
    const report = (await callBridge(config, {
      method: 'POST',
      path: '/api/reconcile',
      body: { source: name, since: at },
    })) as Reconciled; // our own API
    process.stdout.write(
      `${name}: ${report.listed} steps listed, ${report.recorded.length} deployments were missing and are recorded\n`,
    );
    for (const key of report.recorded) process.stdout.write(`  ${key}\n`);
    for (const warning of report.warnings) process.stdout.write(`  WARNING ${warning}\n`);
    if (report.failed) process.stdout.write(`  FAILED ${report.failed}\n`);
    failed ||= report.failed !== undefined;
  }
  if (failed) throw new Error('not every tool could be asked');
}
