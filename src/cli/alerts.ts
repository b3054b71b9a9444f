import type { BridgeSettings } from '../config/bridge-access.ts';
import type { Alert, AlertDetail } from '../http/answers/alert.ts';
import { askBridge, findAtBridge } from './call.ts';
import { NothingFound, type Output, printJson, widthOf, withProgress } from './output.ts';
import { paintState, shownTime } from './show.ts';
import { table } from './table.ts';

export interface AlertsOptions {
  readonly status?: string;
  readonly service?: string;
  readonly environment?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit: number;
  readonly json?: boolean;
}

/** Prints the alerts that were reported, the newest first. @throws NothingFound */
export async function listAlerts(
  config: BridgeSettings,
  options: AlertsOptions,
  output: Output = process,
): Promise<void> {
  const { status, service, environment, since, until, limit } = options;
  const query = new URLSearchParams({
    ...(status && { status }),
    ...(service && { service }),
    ...(environment && { environment }),
    ...(since && { since }),
    ...(until && { until }),
    limit: String(limit),
  });
  const answer = await withProgress(output, 'reading the alerts', () =>
    askBridge(config, { method: 'GET', path: `/api/v1/alerts?${query}` }),
  );
  const alerts = answer.data as Alert[]; // our own API
  const { total } = answer.meta as { readonly total: number }; // our own API
  if (options.json) printJson(output, alerts);
  if (alerts.length === 0) throw new NothingFound('no alert fits');
  if (options.json) return;
  output.stdout.write(alertsTable(alerts, output));
  if (total > alerts.length) output.stderr.write(`${alerts.length} of ${total}; more with --limit\n`);
}

const alertsTable = (alerts: readonly Alert[], { stdout }: Output): string =>
  table(
    [
      { title: 'began (UTC)' },
      { title: 'status', paint: paintState(stdout) },
      { title: 'severity', least: 4 },
      { title: 'environment', least: 5 },
      { title: 'service', least: 8 },
      { title: 'what', least: 8 },
      { title: 'alert', whole: true },
    ],
    alerts.map((alert) => [
      shownTime(alert.started_at),
      alert.status,
      alert.severity ?? '',
      alert.environment ?? '',
      alert.service ?? '',
      alert.title,
      alert.id,
    ]),
    widthOf(stdout),
  );

/** Prints one alert, and the changes that may have caused it, the likeliest first. @throws NothingFound */
export async function showAlert(
  config: BridgeSettings,
  id: string,
  { json, output = process }: { readonly json?: boolean | undefined; readonly output?: Output },
): Promise<void> {
  const found = await findAtBridge(config, `/api/v1/alerts/${encodeURIComponent(id)}`);
  if (found === undefined) throw new NothingFound(`there is no alert ${id}, or it is older than alerts are kept`);
  const detail = found as AlertDetail; // our own API
  if (json) {
    printJson(output, detail);
    return;
  }
  output.stdout.write(`${heading(detail.alert)}\n${suspectsText(detail, output)}`);
}

function heading({ title, status, service, environment, started_at, ended_at }: Alert): string {
  const place = [service, environment].filter((name) => name !== null).join(' in ');
  const ended = ended_at === null ? '' : `, ended ${shownTime(ended_at)}`;
  return `${title}: ${status}${place && `, ${place}`}, began ${shownTime(started_at)}${ended} (UTC)`;
}

function suspectsText({ suspects }: AlertDetail, { stdout }: Output): string {
  if (suspects.length === 0) return 'No change was found before it.\n';
  return table(
    [
      { title: 'points' },
      { title: 'when (UTC)' },
      { title: 'state', paint: paintState(stdout) },
      { title: 'what', least: 12 },
      { title: 'who', least: 4 },
      { title: 'why', least: 20 },
      { title: 'deployment', whole: true },
    ],
    suspects.map(({ points, reasons, change }) => [
      String(points),
      shownTime(change.occurred_at),
      change.status,
      change.summary,
      change.changed_by ?? '',
      reasons.map(({ text }) => text).join(' '),
      change.deployment,
    ]),
    widthOf(stdout),
  );
}
