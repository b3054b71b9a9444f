import { LRUCache } from 'lru-cache';
import type { NewChangeRecord } from '../../domain/change-record.ts';
import { WebhookRejected } from '../../domain/errors.ts';
import { asObject, type JsonObject } from '../../values/json.ts';
import { fromCloud } from './cloud.ts';
import { bareUuid, type Context, first, type Ignored, ignored, withoutUndefined } from './parts.ts';
import { inBraces, type RepositoryPath } from './repository-path.ts';
import {
  type ApiContext,
  commitOf,
  deploymentOf,
  environmentOf,
  fullNameOf,
  pipelineOf,
  pullRequestOf,
  type RestStep,
  stepsOf,
} from './rest.ts';
import { CloudDeployment, type Pipeline } from './schema.ts';

/** A deployment as a list of Bitbucket shows it. */
export interface Row {
  readonly json: JsonObject;
  readonly read: CloudDeployment;
  /** How many later deployments of the same step are known: it ran again. */
  readonly later: number;
}

export const isStarted = ({ state }: CloudDeployment): boolean => state?.name !== 'UNDEPLOYED';
export const startOf = ({ state }: CloudDeployment): string | undefined => state?.started_on ?? state?.start_date;

/**
 * Reads a list that comes newest first, page by page. A row that comes again, because newer ones moved it, counts once.
 */
export function createRowReader(): (values: readonly unknown[]) => Row[] {
  const seen = new Set<string>();
  const runs = new Map<string, number>();
  return (values) =>
    values
      .map((value) => asObject(value) ?? {})
      .map((json) => ({ json, read: CloudDeployment.parse(json) }))
      .filter(({ read: { uuid } }) => uuid === undefined || (!seen.has(uuid) && seen.add(uuid)))
      .toSorted((a, b) => ((startOf(a.read) ?? '') < (startOf(b.read) ?? '') ? 1 : -1))
      .map((row) => {
        const step = isStarted(row.read) ? bareUuid(row.read.step?.uuid) : undefined;
        const later = (step && runs.get(step)) || 0;
        if (step) runs.set(step, later + 1);
        return { ...row, later };
      });
}

export const pipelineUuid = ({ release, deployable, pipeline }: CloudDeployment): string | undefined =>
  first([pipeline?.uuid, release?.pipeline?.uuid, deployable?.pipeline?.uuid].map(inBraces));

/** Facts about a pipeline, so that several rows of it cost no more requests than one. */
export interface PipelineCache {
  readonly repo: RepositoryPath;
  readonly pipelines: Map<string, Promise<Pipeline | undefined>>;
  readonly steps: Map<string, Promise<readonly RestStep[]>>;
}

/** The result for a row: a record, or the reason why there is none. */
export interface MappedRow {
  readonly record?: NewChangeRecord | undefined;
  readonly ignored?: Ignored;
}

/** A row, and Bitbucket's answers to all questions about it. */
interface CombinedRow {
  readonly subject: JsonObject;
  readonly pullRequest: NewChangeRecord['pullRequest'];
}

/** Those of the last rounds: a row with its answers has a few kilobytes. */
const REMEMBERED_ROWS = 2_000;

export type MapRow = (
  row: Row,
  cache: PipelineCache,
  apiContext: ApiContext & { readonly context: Context },
) => Promise<MappedRow>;

/**
 * Turns rows into records, by the same mapping as for a posted REST object: same keys, same ids. Whatever the reason
 * for asking, a row becomes the same record, since of two with one id only the first is kept. A row that has not
 * changed is not asked about again.
 */
export function createMapRow(): MapRow {
  const joined = new LRUCache<string, CombinedRow>({ max: REMEMBERED_ROWS });

  return async function mapRow(row, cache, apiContext) {
    const { uuid, version, last_update_time: updated, state } = row.read;
    const name = JSON.stringify([uuid, version, updated, state?.name, state?.status?.name, row.later]);
    const before = joined.get(name);
    const subject = before?.subject ?? (await join(row, cache, apiContext));
    const { record, ...reported } = toMappedRow(subject, apiContext.context);
    if (!record) return reported;
    const sha = before || record.pullRequest ? undefined : record.commit?.sha;
    const pullRequest = before?.pullRequest ?? (await pullRequestOf(apiContext, cache.repo, sha));
    if (uuid && version) joined.set(name, { subject, pullRequest });
    return { record: { ...record, ...(pullRequest && { pullRequest }) } };
  };
}

function toMappedRow(subject: JsonObject, context: Context): MappedRow {
  try {
    const reported = fromCloud(subject, {}, context);
    return reported.kind === 'ignored' ? { ignored: reported } : { record: reported.records[0] };
  } catch (error) {
    if (error instanceof WebhookRejected) return { ignored: ignored('unmapped', error.message) };
    throw error;
  }
}

async function join({ json, read, later }: Row, cache: PipelineCache, apiContext: ApiContext): Promise<JsonObject> {
  const { repo } = cache;
  const pipeline = pipelineUuid(read);
  const of = pipeline ? await once(cache.pipelines, pipeline, () => pipelineOf(apiContext, repo, pipeline)) : undefined;
  const step = await stepOf(read, { known: cache, pipeline, asking: apiContext });
  const fullName = of?.repository?.full_name ?? (await fullNameOf(apiContext, repo));
  const { environment } = read;
  const isNamed = environment?.slug ?? environment?.name;
  return {
    ...json,
    ...(await whole(read, repo, apiContext)),
    environment: isNamed ? environment : ((await environmentOf(apiContext, repo, environment?.uuid)) ?? environment),
    step: { ...step, uuid: read.step?.uuid, run_number: runOf(read, step, later) },
    // A deployment names its commit by the sha alone.
    commit: {
      ...(await commitOf(apiContext, repo, read.commit?.hash ?? read.release?.commit?.hash)),
      ...withoutUndefined(read.commit ?? {}),
    },
    pipeline: of,
    repository: withoutUndefined({ full_name: fullName, uuid: of?.repository?.uuid }),
  };
}

/** COMPLETED says neither success nor failure: Bitbucket is asked once for just this deployment. */
async function whole(read: CloudDeployment, repo: RepositoryPath, apiContext: ApiContext): Promise<JsonObject> {
  const uuid = inBraces(read.uuid);
  if (read.state?.name !== 'COMPLETED' || read.state.status?.name || !uuid) return {};
  const { state } = await deploymentOf(apiContext, repo, uuid);
  return state === undefined ? {} : { state };
}

type RowStep = RestStep | NonNullable<CloudDeployment['step']>;

async function stepOf(
  read: CloudDeployment,
  { known, pipeline, asking }: { known: PipelineCache; pipeline: string | undefined; asking: ApiContext },
): Promise<RowStep | undefined> {
  const uuid = bareUuid(read.step?.uuid);
  if (read.step?.run_number || !uuid || !pipeline) return read.step;
  const steps = await once(known.steps, pipeline, () => stepsOf(asking, known.repo, pipeline));
  return steps.find((step) => bareUuid(step.uuid) === uuid);
}

function once<Value>(asked: Map<string, Promise<Value>>, key: string, ask: () => Promise<Value>): Promise<Value> {
  const answer = asked.get(key) ?? ask();
  asked.set(key, answer);
  return answer;
}

/**
 * Bitbucket gives a step the number of its last run; an earlier deployment of the same step was an earlier run. So was
 * one that ended before the step started: it was started again, and the list does not show that yet.
 */
function runOf(read: CloudDeployment, step: RowStep | undefined, later: number): number | undefined {
  const last = Number(step?.run_number);
  if (!Number.isInteger(last)) return undefined;
  return Math.max(1, last - later - (later === 0 && isRestarted(read, step) ? 1 : 0));
}

function isRestarted({ state }: CloudDeployment, step: RowStep | undefined): boolean {
  const ended = state?.completed_on ?? state?.completion_date;
  if (ended === undefined || !step?.state?.name || step.state.name === 'COMPLETED') return false;
  return step.started_on === undefined || step.started_on > ended;
}
