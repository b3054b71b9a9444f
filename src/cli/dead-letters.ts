import type { BridgeSettings } from '../config/bridge-access.ts';
import { DeadLetterFields } from '../domain/dead-letter-filter.ts';
import type { DeadLetter } from '../queue/dead-letters.ts';
import { callBridge } from './call.ts';
import { momentAgo } from './duration.ts';
import { type Output, printJson, widthOf } from './output.ts';
import { shownTime } from './show.ts';
import { table } from './table.ts';

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
  if (letters.length === 0) output.stdout.write('there are no dead letters\n');
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

export async function showDeadLetter(config: BridgeSettings, id: string): Promise<void> {
  const query = new URLSearchParams({ id });
  // our own API
  const [letter] = (await callBridge(config, { method: 'GET', path: `/api/dead-letters?${query}` })) as DeadLetter[];
  if (!letter) throw new Error(`there is no dead letter ${id}; shiplog dead-letters ls shows them`);
  const about = letter.deployment
    ? `/api/deployments/${letter.deployment.split('/').map(encodeURIComponent).join('/')}`
    : `/api/inbox/${letter.webhook}`;
  const subject = await callBridge(config, { method: 'GET', path: about }).catch((error: Error) => error.message);
  process.stdout.write(`${JSON.stringify({ ...letter, about: subject }, null, 2)}\n`);
}

/** Page by page with progress, so that it can be interrupted and run again. */
export async function orderDeadLetters(
  config: BridgeSettings,
  order: 'replay' | 'drop',
  { all = false, dryRun = false, remap = false, json = false, ...options }: DeadLetterOptions,
): Promise<void> {
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
    if (dryRun && json) return void printJson(process, answer);
    if (dryRun) return void process.stdout.write(`${answer.matched} dead letters match\n`);
    const count = answer.replayed ?? answer.dropped ?? 0;
    done += count;
    const isDone = count === 0 || count >= answer.matched;
    if (json && isDone) return void printJson(process, { [order === 'replay' ? 'replayed' : 'dropped']: done });
    if (json) continue;
    process.stdout.write(
      `${done} of ${Math.max(done, answer.matched)} ${order === 'replay' ? 'tried again' : 'dropped'}\n`,
    );
    if (isDone) return;
  }
}

interface DeadLetterResult {
  readonly matched: number;
  readonly replayed?: number;
  readonly dropped?: number;
}
