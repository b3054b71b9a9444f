import type { BridgeSettings } from '../config/bridge-access.ts';
import type { Running } from '../http/answers/running.ts';
import { askBridge } from './call.ts';
import { NothingFound, type Output, printJson, widthOf, withProgress } from './output.ts';
import { shortSha, shownTime } from './show.ts';
import { table } from './table.ts';

export interface RunningOptions {
  readonly service?: string;
  readonly environment?: string;
  readonly tier?: string;
  readonly owner?: string;
  readonly json?: boolean;
}

/** Prints what runs where. @throws NothingFound */
export async function listRunning(
  config: BridgeSettings,
  options: RunningOptions,
  output: Output = process,
): Promise<void> {
  const { service, environment, tier, owner } = options;
  const query = new URLSearchParams({
    ...(service && { service }),
    ...(environment && { environment }),
    ...(tier && { tier }),
    ...(owner && { owner }),
  });
  const answer = await withProgress(output, 'reading what runs where', () =>
    askBridge(config, { method: 'GET', path: `/api/v1/running?${query}` }),
  );
  const running = answer.data as Running[]; // our own API
  const { unknown = [] } = answer.meta as { unknown?: readonly { readonly message: string }[] };
  for (const { message } of unknown) output.stderr.write(`${message}\n`);
  if (options.json) printJson(output, running);
  if (running.length === 0) throw new NothingFound('nothing runs there, as far as is known');
  if (!options.json) output.stdout.write(runningTable(running, output));
}

const runningTable = (running: readonly Running[], { stdout }: Output): string =>
  table(
    [
      { title: 'service', least: 8 },
      { title: 'environment', least: 5 },
      { title: 'runs' },
      { title: 'since (UTC)' },
      { title: 'who', least: 4 },
      { title: 'last attempt', least: 6 },
      { title: 'drift', least: 6 },
    ],
    running.map((one) => [
      one.qualifier ? `${one.service} (${one.qualifier})` : one.service,
      one.environment,
      shortSha(one.commit_sha) || (one.branch ?? one.artifacts[0] ?? ''),
      `${shownTime(one.since)}${one.failed_at ? ', failed since' : ''}`,
      one.changed_by ?? '',
      one.last_attempt ? `${one.last_attempt.status} ${shownTime(one.last_attempt.occurred_at)}` : '',
      driftText(one),
    ]),
    widthOf(stdout),
  );

function driftText({ drift }: Running): string {
  if (!drift || drift.which === 'same') return '';
  if (drift.which === 'unknown') return `differs from ${drift.environment}`;
  return `${drift.deployments} ${drift.which === 'ahead' ? 'ahead of' : 'behind'} ${drift.environment}`;
}
