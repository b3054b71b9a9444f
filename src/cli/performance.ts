import type { BridgeSettings } from '../config/bridge-access.ts';
import type { Performance } from '../http/answers/performance.ts';
import { askBridge } from './call.ts';
import { NothingFound, type Output, printJson, widthOf, withProgress } from './output.ts';
import { table } from './table.ts';

export interface PerformanceOptions {
  readonly environment: string;
  readonly service: string;
  readonly owner: string;
  readonly range: string;
  readonly by: string;
  readonly json?: boolean;
}

/** Prints the four measures. @throws NothingFound */
export async function showPerformance(
  config: BridgeSettings,
  { json, ...asked }: PerformanceOptions,
  output: Output = process,
): Promise<void> {
  const path = `/api/v1/performance?${new URLSearchParams({ ...asked })}`;
  const answer = await withProgress(output, 'measuring', () => askBridge(config, { method: 'GET', path }));
  const rows = answer.data as Performance[]; // our own API
  if (json) printJson(output, rows);
  if (rows.length === 0) throw new NothingFound('no deployment has finished there in this time');
  if (!json) output.stdout.write(performanceTable(rows, output));
}

const performanceTable = (rows: readonly Performance[], { stdout }: Output): string =>
  table(
    [
      { title: 'name', least: 8 },
      { title: 'finished' },
      { title: 'a day' },
      { title: 'lead time' },
      { title: 'failure rate' },
      { title: 'to restore' },
    ],
    rows.map((row) => [
      nameOf(row),
      String(row.finished),
      row.deployments_per_day?.toFixed(2) ?? '',
      durationText(row.lead_time_seconds),
      row.change_failure_rate === null ? '' : `${(row.change_failure_rate * 100).toFixed(0)} %`,
      durationText(row.time_to_restore_seconds),
    ]),
    widthOf(stdout),
  );

function nameOf({ service, environment, team, qualifier }: Performance): string {
  const name = service ?? environment ?? team ?? '';
  return qualifier === null ? name : `${name} (${qualifier})`;
}

function durationText(seconds: number | null): string {
  if (seconds === null) return '';
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3_600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} d`;
}
