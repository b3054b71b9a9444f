import type { ExplainedDeployment, ExplainedSink, Explanation } from '../explain/explain.ts';
import type { PreviewedRequest } from '../sinks/sink.ts';

const VALUE_CHARACTERS = 80; // one line of a terminal

/** An explanation for a person: the verdict and what to do first, the evidence below it. */
export function toText(explanation: Explanation): string {
  const { verdict, reason, detail, words, source, answer, deployments, alerts = [], lookups, notes } = explanation;
  const head = table([
    ['verdict', reason ? `${verdict}: ${reason}` : verdict],
    ['why', detail],
    ['means', words?.means],
    ['what to do', words?.advice],
    ['source', source.name === source.type ? source.name : `${source.name} (${source.type})`],
    ['signature', explanation.signature],
    ['answer', `${answer.status} ${JSON.stringify(answer.body)}`],
  ]);
  const asked = lookups.map((lookup) => `  ${JSON.stringify(lookup)}`);
  const text = [
    head,
    section(
      'What this does not know',
      notes.map((note) => `  ${note}`),
    ),
    section("What the tool's API is asked", asked),
    section(
      'Alerts',
      alerts.map(
        ({ title, state, services, environment = 'unknown' }) =>
          `  ${title}: ${state}, service ${services[0]?.name ?? 'unknown'}, environment ${environment}`,
      ),
    ),
    ...deployments.map(deploymentText),
  ]
    .filter(Boolean)
    .join('\n\n');
  return `${plain(text)}\n`;
}

function deploymentText({ deployment, origins, rules, sinks }: ExplainedDeployment): string {
  const rows = origins.map(({ field, value, from }) => [`  ${field}`, short(value), from.join(' + ') || 'worked out']);
  return [
    section(`Deployment ${deployment.key}`, [table(rows)]),
    section(
      'Notes of the record',
      deployment.notes.map((note) => `  ${note}`),
    ),
    section('Rules', rules.length > 0 ? rules.map((line) => `  ${line}`) : ['  none matches']),
    ...sinks.map(sinkText),
  ]
    .filter(Boolean)
    .join('\n\n');
}

function sinkText({ name, wanted, why, request }: ExplainedSink): string {
  if (!wanted) return `Sink ${name}: not delivered, ${why}`;
  if (!request) return `Sink ${name}: ${why}`;
  const notes = (request.notes ?? []).map((note) => `  # ${note}`);
  return [`Sink ${name}: would be sent`, ...notes, requestText(request)].join('\n');
}

/** As a command that can be run, where it is an HTTP request. */
function requestText(request: PreviewedRequest): string {
  const { method, url, body } = request;
  if (/^https?:/.test(url)) return curl(request);
  return `  ${method} ${url}\n  ${JSON.stringify(body, null, 2).replaceAll('\n', '\n  ')}`;
}

function curl({ method, url, headers, body }: PreviewedRequest): string {
  return [
    `  curl -X ${method} ${quote(url)}`,
    ...Object.entries(headers).map(([name, value]) => `    -H ${quote(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`    --data ${quote(JSON.stringify(body, null, 2).replaceAll('\n', '\n    '))}`]),
  ].join(' \\\n');
}

/** Quotes a word for a shell: within single quotes every character is literal, except the single quote. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const section = (title: string, lines: readonly string[]): string =>
  lines.length > 0 ? [title, ...lines].join('\n') : '';

/** Rows without a value in the second column are left out. */
function table(rows: readonly (readonly (string | undefined)[])[]): string {
  const shown = rows.filter((row) => row[1] !== undefined);
  const widths = [0, 1].map((column) => Math.max(...shown.map((row) => (row[column] ?? '').length)));
  return shown
    .map((row) =>
      row.map((cell, index) => (cell ?? '').padEnd(index < row.length - 1 ? (widths[index] ?? 0) : 0)).join('  '),
    )
    .join('\n');
}

function short(value: unknown): string {
  const text = (typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('\n', ' ');
  return text.length > VALUE_CHARACTERS ? `${text.slice(0, VALUE_CHARACTERS - 1)}…` : text;
}

/** Other control characters would let a payload write to the terminal. */
const plain = (text: string): string => text.replace(/[^\P{Cc}\n]/gu, ' ');
