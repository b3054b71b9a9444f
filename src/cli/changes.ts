import type { BridgeSettings } from '../config/bridge-access.ts';
import type { Change } from '../http/answers/change.ts';
import { askBridge } from './call.ts';
import { NothingFound, type Output, printJson, widthOf, withProgress } from './output.ts';
import { paintState, shortSha, shownTime } from './show.ts';
import { table } from './table.ts';

export interface ChangesOptions {
  readonly environment?: string;
  readonly service?: string;
  readonly source?: string;
  readonly status?: string;
  readonly branch?: string;
  readonly commit?: string;
  readonly person?: string;
  readonly owner?: string;
  readonly text?: string;
  readonly tier?: string;
  readonly type?: string;
  readonly risk?: string;
  readonly tag?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit: number;
  readonly json?: boolean;
}

const PAGE = 100;

/**
 * Prints the newest changes that match.
 * @throws NothingFound
 */
export async function listChanges(
  config: BridgeSettings,
  options: ChangesOptions,
  output: Output = process,
): Promise<void> {
  const { changes, total, unknown, searchedSince } = await withProgress(output, 'reading the change log', (note) =>
    readChanges(config, options, note),
  );
  if (options.json) printJson(output, changes);
  for (const one of unknown) output.stderr.write(`${one}\n`);
  const isShort = searchedSince !== undefined && changes.length < options.limit;
  if (isShort) output.stderr.write(`the search took too long and stopped; --until ${searchedSince} goes on\n`);
  if (changes.length === 0) throw new NothingFound(isShort ? 'no change matches so far' : 'no change matches');
  if (options.json) return;
  output.stdout.write(changesTable(changes, output));
  const least = searchedSince === undefined ? '' : 'at least ';
  if (total > changes.length) output.stderr.write(`${changes.length} of ${least}${total}; more with --limit\n`);
}

interface Found {
  readonly changes: readonly Change[];
  readonly total: number;
  readonly unknown: readonly string[];
  /** The bridge looked no further back. */
  readonly searchedSince: string | undefined;
}

async function readChanges(
  config: BridgeSettings,
  options: ChangesOptions,
  note: (how: string) => void,
): Promise<Found> {
  const { environment, service, source, status, branch, commit, person, text, since, until, tier, type, risk, tag } =
    options;
  const { owner } = options;
  const filter = {
    ...(environment && { environment }),
    ...(service && { service }),
    ...(source && { source }),
    ...(status && { status }),
    ...(branch && { branch }),
    ...(commit && { commit_sha: commit }),
    ...(person && { person }),
    ...(owner && { owner }),
    ...(text && { text }),
    ...(tier && { tier }),
    ...(type && { change_type: type }),
    ...(risk && { risk }),
    ...(tag && { tag }),
    ...(since && { since }),
    ...(until && { until }),
  };
  // Collected by key: a change that is added while we read moves all others by one place.
  const found = new Map<string, Change>();
  for (let offset = 0; ; offset += PAGE) {
    const limit = Math.min(PAGE, options.limit - found.size);
    const query = new URLSearchParams({ ...filter, limit: String(limit), offset: String(offset) });
    const answer = await askBridge(config, { method: 'GET', path: `/api/v1/changes?${query}` });
    const page = answer.data as Change[]; // our own API
    const { total, unknown = [], searched_since: searchedSince } = answer.meta as ChangesMeta; // our own API
    for (const change of page) found.set(change.deployment, change);
    note(`${found.size} of ${Math.min(total, options.limit)}`);
    if (page.length < limit || found.size >= Math.min(total, options.limit))
      return { changes: [...found.values()], total, unknown: unknown.map(({ message }) => message), searchedSince };
  }
}

interface ChangesMeta {
  readonly total: number;
  readonly searched_since?: string;
  readonly unknown?: readonly { readonly message: string }[];
}

export function changesTable(changes: readonly Change[], { stdout }: Output): string {
  return table(
    [
      { title: 'when (UTC)' },
      { title: 'state', paint: paintState(stdout) },
      { title: 'environment', least: 5 },
      { title: 'service', least: 8 },
      { title: 'commit' },
      { title: 'what', least: 8 },
      { title: 'who', least: 4 },
      { title: 'deployment', whole: true },
    ],
    changes.map((change) => [
      shownTime(change.occurred_at),
      stateOf(change),
      change.environment,
      change.service,
      shortSha(change.commit_sha),
      change.commit_message?.split('\n')[0] ?? change.summary,
      change.changed_by ?? '',
      change.deployment,
    ]),
    widthOf(stdout),
  );
}

/** A roll-back has an arrow; what one replaced is marked, since its own state stays `succeeded`. */
const stateOf = ({ status, change_type, running }: Change): string =>
  [
    change_type === 'rollback' ? `${status} ↩` : status,
    running?.next?.change_type === 'rollback' ? 'rolled back' : undefined,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
