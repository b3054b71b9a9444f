import type { BridgeSettings } from '../config/bridge-access.ts';
import { DeadLetterFields, isFiltered, NARROWING } from '../domain/dead-letter-filter.ts';
import type { DeadLetter } from '../queue/dead-letters.ts';
import { callBridge } from './call.ts';
import { momentAgo } from './duration.ts';
import { type JsonOption, NothingFound, type Output, printJson, widthOf } from './output.ts';
import { shownTime } from './show.ts';
import { oneLine, table } from './table.ts';

type Fields = Readonly<Partial<Record<keyof DeadLetterFields, string>>>;
export interface DeadLetterOptions extends Fields {
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly remap?: boolean;
  readonly json?: boolean;
}

/** The filter as the API takes it, with times relative to now made absolute: the bridge is asked more than once. */
function filterOf(options: DeadLetterOptions, now: Date): Fields {
  const names = Object.keys(DeadLetterFields.shape) as (keyof DeadLetterFields)[]; // its own keys
  const given = names.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]] as const]));
  const parsed = DeadLetterFields.safeParse(Object.fromEntries(given));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`--${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { since, until, ...rest } = parsed.data;
  return {
    ...(rest as Fields), // drops names that were given no value
    ...(since && { since: momentAgo(since, now).toISOString() }),
    ...(until && { until: momentAgo(until, now).toISOString() }),
  };
}

export async function listDeadLetters(
  config: BridgeSettings,
  options: DeadLetterOptions,
  output: Output = process,
): Promise<void> {
  const query = new URLSearchParams({ ...filterOf(options, new Date()), limit: '1000' });
  // our own API
  const letters = (await callBridge(config, { method: 'GET', path: `/api/dead-letters?${query}` })) as DeadLetter[];
  if (options.json) return void printJson(output, letters);
  if (letters.length === 0)
    output.stdout.write(isFiltered(options) ? 'no dead letter matches\n' : 'there are no dead letters\n');
  else output.stdout.write(lettersTable(letters, output));
}

const lettersTable = (letters: readonly DeadLetter[], { stdout }: Output): string =>
  table(
    [
      { title: 'died (UTC)' },
      { title: 'sink' },
      { title: 'kind' },
      { title: 'why', least: 12 },
      { title: 'id', whole: true },
    ],
    letters.map(({ id, sink, kind, diedAt, why }) => [shownTime(diedAt), sink, kind, why, id]),
    widthOf(stdout),
  );

/** @throws NothingFound */
export async function showDeadLetter(
  config: BridgeSettings,
  id: string,
  { json, output = process }: JsonOption & { readonly output?: Output },
): Promise<void> {
  const query = new URLSearchParams({ id });
  // our own API
  const [letter] = (await callBridge(config, { method: 'GET', path: `/api/dead-letters?${query}` })) as DeadLetter[];
  if (!letter) throw new NothingFound(`there is no dead letter ${id}; shiplog dead-letters ls shows them`);
  if (!json) return void output.stdout.write(letterText(letter));
  const about = letter.deployment
    ? `/api/deployments/${letter.deployment.split('/').map(encodeURIComponent).join('/')}`
    : `/api/inbox/${letter.webhook}`;
  const subject = await callBridge(config, { method: 'GET', path: about }).catch((error: Error) => error.message);
  printJson(output, { ...letter, about: subject });
}

function letterText({
  id,
  sink,
  kind,
  source,
  deployment,
  webhook,
  why,
  madeAt,
  diedAt,
  attempts,
}: DeadLetter): string {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['sink', sink],
    ['deployment', deployment],
    ['webhook', webhook],
    ['source', source],
    ['kind', kind === 'refused' ? 'refused by the destination' : 'a fault of Shiplog'],
    ['why', why],
    ['first try', `${shownTime(madeAt)} UTC`],
    ['given up', `${shownTime(diedAt)} UTC, after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`],
  ];
  return [
    `Dead letter ${id}\n`,
    ...facts.flatMap(([name, value]) => (value ? [`  ${name.padEnd(12)} ${oneLine(value)}\n`] : [])),
    `Try again: shiplog dead-letters replay --id ${id}\n`,
    `All about it: shiplog trace ${deployment ?? webhook}\n`,
  ].join('');
}

/**
 * Page by page with progress, so that it can be interrupted and run again.
 * @throws NothingFound when none matches
 */
export async function orderDeadLetters(
  config: BridgeSettings,
  order: 'replay' | 'drop',
  { all = false, dryRun = false, remap = false, json = false, ...options }: DeadLetterOptions,
  output: Output = process,
): Promise<void> {
  if (!all && !isFiltered(options))
    throw new Error(`select dead letters with ${NARROWING.map((name) => `--${name}`).join(', ')}, or --all`);
  const now = new Date();
  // A dead letter that fails again meanwhile is not retried by the same command: `until` excludes it.
  const body = {
    until: now.toISOString(),
    ...filterOf(options, now),
    all,
    dry_run: dryRun,
    ...(order === 'replay' && { remap }),
  };
  let done = 0;
  for (;;) {
    // our own API
    const answer = (await callBridge(config, {
      method: 'POST',
      path: `/api/dead-letters/${order}`,
      body,
    })) as DeadLetterResult;
    if (dryRun && json) return void printJson(output, answer);
    if (dryRun) return void output.stdout.write(`${answer.matched} dead letters match\n`);
    const count = answer.replayed ?? answer.dropped ?? 0;
    done += count;
    const isDone = count === 0 || count >= answer.matched;
    if (json && isDone) printJson(output, { [order === 'replay' ? 'replayed' : 'dropped']: done });
    if (isDone && done === 0) throw new NothingFound('no dead letter matches');
    if (!json) output.stdout.write(`${done} of ${Math.max(done, answer.matched)} ${DONE[order]}\n`);
    if (isDone) return;
  }
}

/** A replay is over when they are in their queues: what is refused again is listed again. */
const DONE = { replay: 'in the queue again', drop: 'dropped' } as const;

interface DeadLetterResult {
  readonly matched: number;
  readonly replayed?: number;
  readonly dropped?: number;
}
