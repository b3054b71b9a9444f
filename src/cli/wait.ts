import { setTimeout as sleep } from 'node:timers/promises';
import type { BridgeSettings } from '../config/bridge-access.ts';
import { serviceKeyOf } from '../domain/service.ts';
import type { Change } from '../http/answers/change.ts';
import { askBridge, BridgeUnreachable, RequestRefused } from './call.ts';
import { spanMs } from './duration.ts';
import { NothingFound, type Output, printJson } from './output.ts';
import { shortSha } from './show.ts';

export interface WaitOptions {
  readonly environment: string;
  readonly service?: string;
  readonly source?: string;
  /** Such as 90s, 15m, 2h. */
  readonly timeout: string;
  /** Only deployments since then. */
  readonly since?: string;
  readonly json?: boolean;
}

/** What a wait needs besides the bridge. */
export interface WaitParts {
  readonly output?: Output;
  readonly now?: () => number;
  readonly pause?: (ms: number) => Promise<unknown>;
}

const EVERY_MS = 3_000; // of a job in a pipeline, which takes minutes
const PAGE = 100;

/**
 * Until the commit has been deployed to the environment. A commit may be the application's or, with GitOps, the one of
 * the manifests.
 * @throws NothingFound when no deployment of it was reported in time
 * @throws Error when one failed, was canceled, or has not ended in time
 */
export async function waitFor(
  config: BridgeSettings,
  commit: string,
  options: WaitOptions,
  { output = process, now = Date.now, pause = sleep }: WaitParts = {},
): Promise<void> {
  const untilMs = now() + spanMs(options.timeout);
  let shown = '';
  for (;;) {
    const found = await read(config, commit, { ...options, leftMs: Math.max(EVERY_MS, untilMs - now()) });
    const isLate = now() >= untilMs;
    if (found instanceof Error && isLate) throw new Error(`given up after ${options.timeout}: ${found.message}`);
    const changes = found instanceof Error ? [] : newestOfEach(found.filter((change) => isAsked(change, options)));
    const outcome = conclude(changes);
    const state = found instanceof Error ? found.message : describe(changes, options, commit);
    // The error says it with the reason.
    if (state !== shown && outcome !== 'failed') output.stderr.write(`${state}\n`);
    shown = state;
    if (!(found instanceof Error) && (isLate || outcome !== 'open'))
      return finish({ changes, all: found }, { commit, options, output });
    await pause(Math.max(0, Math.min(EVERY_MS, untilMs - now())));
  }
}

/**
 * All deployments of the commit. A temporary error is returned: the bridge is being restarted, or its Redis is away.
 */
async function read(
  config: BridgeSettings,
  commit: string,
  { source, since, leftMs }: WaitOptions & { readonly leftMs: number },
): Promise<readonly Change[] | Error> {
  const query = new URLSearchParams({
    commit_sha: commit,
    limit: String(PAGE),
    ...(source && { source }),
    ...(since && { since }),
  });
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), leftMs);
  try {
    const { data } = await askBridge(config, {
      method: 'GET',
      path: `/api/v1/changes?${query}`,
      signal: ending.signal,
    });
    return data as Change[]; // our own API
  } catch (error) {
    const isPassing = error instanceof BridgeUnreachable || (error instanceof RequestRefused && error.status >= 500);
    if (isPassing) return error;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Compared here, since the filters of the API accept a part of a name where nothing has the whole yet. */
const isAsked = (change: Change, { environment, service }: WaitOptions): boolean =>
  isSame(change.environment, environment) && (!service || isSame(change.service, service));

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

const serviceOf = ({ deployment: key, service, service_id, repository, job, environment }: Change): string =>
  serviceKeyOf({
    ...{ key, service, environment: { name: environment } },
    ...(service_id !== null && { serviceId: service_id }),
    ...(repository !== null && { repository: { name: repository } }),
    ...(job !== null && { job }),
  });

/** The log has the newest first: a retry takes the place of what failed before. */
const newestOfEach = (changes: readonly Change[]): readonly Change[] => [
  ...new Map(changes.toReversed().map((change) => [serviceOf(change), change])).values(),
];

function conclude(changes: readonly Change[]): 'open' | 'succeeded' | 'failed' {
  const states = changes.map(({ status }) => status);
  if (states.includes('failed') || states.includes('canceled')) return 'failed';
  return states.length > 0 && states.every((state) => state === 'succeeded') ? 'succeeded' : 'open';
}

function describe(changes: readonly Change[], { environment, service }: WaitOptions, commit: string): string {
  const what = service ? `${service} at ${shortSha(commit)}` : shortSha(commit);
  if (changes.length === 0) return `no deployment of ${what} to ${environment} yet`;
  return changes.map(({ service: of, environment: to, status }) => `${of} in ${to}: ${status}`).join(', ');
}

interface Ended {
  readonly commit: string;
  readonly options: WaitOptions;
  readonly output: Output;
}

interface Found {
  /** The newest of each service that was asked for. */
  readonly changes: readonly Change[];
  /** Every deployment of the commit. */
  readonly all: readonly Change[];
}

function finish({ changes, all }: Found, { commit, options, output }: Ended): void {
  if (options.json) printJson(output, changes);
  const { environment, timeout } = options;
  if (changes.length === 0)
    throw new NothingFound(
      `${shortSha(commit)} was not deployed to ${environment} within ${timeout}, as far as is known${elsewhere(all)}`,
    );
  const outcome = conclude(changes);
  if (outcome === 'succeeded') return;
  if (outcome === 'open') throw new Error(`the deployment has not ended within ${timeout}`);
  const failed = changes.filter(({ status }) => status === 'failed' || status === 'canceled');
  throw new Error(failed.map(whyNot).join('\n'));
}

const PLACES = 5; // in one sentence

/** The name of the environment or of the service may be another one than Shiplog's. */
function elsewhere(all: readonly Change[]): string {
  const places = [...new Set(all.map(({ service, environment }) => `${service} in ${environment}`))];
  if (places.length === 0) return '';
  return `; what is known of this commit: ${places.slice(0, PLACES).join(', ')}${places.length > PLACES ? ', …' : ''}`;
}

const whyNot = ({ service, environment, status, description, pipeline_url, job_url }: Change): string =>
  [
    `${service} in ${environment} ${status === 'failed' ? 'failed' : 'was canceled'}`,
    description?.split('\n')[0],
    job_url ?? pipeline_url,
  ]
    .filter(Boolean)
    .join(': ');
