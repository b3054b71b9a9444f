import type { Lookup } from '../../domain/change-event.ts';
import type { Mapped } from '../mapped.ts';
import type { ApiCall } from '../source.ts';
import type { Api } from './api.ts';
import { createRowReader, isStarted, type MappedRow, type MapRow, pipelineUuid, type Row, startOf } from './map-row.ts';
import { bareUuid, type Context, type Ignored, ignored } from './parts.ts';
import { type AskedPipeline, askedPipeline, inBraces, nameOf, repositoryPathOf } from './repository-path.ts';
import { type ApiContext, at, findPipeline, NEWEST_DEPLOYMENTS, personOf, pullRequestOf } from './rest.ts';
import type { Pipeline, StepVariables } from './schema.ts';
import { completeStep, stepOfLookup } from './step.ts';

/** A status is about what happened just now; deployments further down were found by the status that reported them. */
const MAX_PAGES = 3;

export interface ResolveParts {
  readonly api: Api;
  readonly instance: string;
  readonly mapRow: MapRow;
}

type ResolveCall = ApiCall & { readonly webhookAt: Date };

/** Asks Bitbucket which deployments a pipeline made, or who started a step. */
export function createResolve({ api, instance, mapRow }: ResolveParts) {
  return async function resolve(lookup: Lookup, { signal, now, webhookAt }: ResolveCall): Promise<Mapped> {
    const context = { instance, receivedAt: now.toISOString() };
    const step = stepOfLookup(lookup);
    if (step) {
      return resolveStep(step, {
        api,
        signal,
        context: { instance, receivedAt: lookup['received_at'] ?? context.receivedAt },
      });
    }
    const asked = askedPipeline(lookup);
    if (!asked) return ignored('unmapped', 'the question is none that this version understands');
    const found = await resolvePipeline(asked, { api, signal, context, mapRow });
    const isFresh = now.getTime() - webhookAt.getTime() < LATE_MS;
    return isFresh && isUnfinished(found, asked) ? { ...found, lookups: [lookup] } : found;
  };
}

/** Bitbucket's list of deployments may lag behind the status that it sends: for this long it is asked again. */
const LATE_MS = 60_000;
const ENDED: readonly (string | undefined)[] = ['SUCCESSFUL', 'FAILED', 'STOPPED'];

const isUnfinished = (found: Mapped, { status }: AskedPipeline): found is Extract<Mapped, { kind: 'records' }> =>
  ENDED.includes(status) && found.kind === 'records' && found.records.some(({ state }) => state === 'running');

type Resolving = ApiContext & { readonly context: Context };

async function resolveStep(step: StepVariables, apiContext: Resolving): Promise<Mapped> {
  const actor = await personOf(apiContext, step.BITBUCKET_STEP_TRIGGERER_UUID);
  const repo = repositoryPathOf(step.BITBUCKET_REPO_FULL_NAME);
  const asks = repo && !step.BITBUCKET_PR_ID;
  const pullRequest = asks ? await pullRequestOf(apiContext, repo, step.BITBUCKET_COMMIT) : undefined;
  return completeStep(step, apiContext.context, { actor, pullRequest });
}

async function resolvePipeline(
  asked: AskedPipeline,
  asking: Resolving & Pick<ResolveParts, 'mapRow'>,
): Promise<Mapped> {
  const pipeline = await findPipeline(asking, asked);
  const uuid = inBraces(pipeline?.uuid);
  if (!pipeline || !uuid) {
    const which = asked.pipeline ?? (asked.build ? `#${asked.build}` : `of commit ${asked.commit}`);
    return ignored(
      'needs_lookup',
      `Bitbucket shows no pipeline ${which} of ${nameOf(asked.repo)}: it is deleted, or api.token may not read it`,
    );
  }
  const { rows, isWhole } = await rowsOf(pipeline, asked, asking);
  const started = rows.filter(({ read }) => isStarted(read));
  if (started.length === 0) return nothingDeployed({ asked, pipeline, isWhole, planned: rows.length });
  const pipelines = new Map([[uuid, Promise.resolve<Pipeline | undefined>(pipeline)]]);
  const cache = { repo: asked.repo, pipelines, steps: new Map() };
  const reported: MappedRow[] = [];
  for (const row of started) reported.push(await asking.mapRow(row, cache, asking));
  const records = reported.flatMap(({ record }) => record ?? []);
  if (records.length === 0) return reported.find((one) => one.ignored)?.ignored ?? ignored('unmapped');
  return { kind: 'records', records };
}

/** The deployments of one pipeline. Bitbucket has no filter for them, so they are picked from the newest. */
async function rowsOf(
  pipeline: Pipeline,
  { repo }: AskedPipeline,
  { api, signal }: ApiContext,
): Promise<{ rows: readonly Row[]; isWhole: boolean }> {
  const read = createRowReader();
  const rows: Row[] = [];
  let query: Readonly<Record<string, string>> | undefined = NEWEST_DEPLOYMENTS;
  for (let count = 0; query && count < MAX_PAGES; count += 1) {
    const page = await api.page([...at(repo), 'deployments'], query, signal);
    const all = read(page?.values ?? []);
    rows.push(...all.filter(({ read: row }) => bareUuid(pipelineUuid(row)) === bareUuid(pipeline.uuid)));
    if (all.some((row) => isOlder(row, pipeline))) return { rows, isWhole: true };
    query = page?.next;
  }
  return { rows, isWhole: query === undefined };
}

/** One that was never started has no date, and may stand anywhere in the list. */
function isOlder({ read }: Row, { created_on: created }: Pipeline): boolean {
  const started = startOf(read);
  return started !== undefined && created !== undefined && started < created;
}

function nothingDeployed(found: {
  asked: AskedPipeline;
  pipeline: Pipeline;
  isWhole: boolean;
  planned: number;
}): Ignored {
  const { asked, pipeline, isWhole, planned } = found;
  const name = `pipeline #${pipeline.build_number ?? asked.build ?? '?'} of ${nameOf(asked.repo)}`;
  if (planned === 0) {
    const where = isWhole ? '' : ` among the newest ${MAX_PAGES * 100}`;
    return ignored(
      'no_environment',
      `Bitbucket lists no deployment of ${name}${where}: none of its steps has a \`deployment:\``,
    );
  }
  const so =
    asked.status === 'FAILED' || asked.status === 'STOPPED'
      ? 'ended before it deployed anything'
      : 'has not deployed yet';
  return ignored(
    'not_started',
    `${name} ${so}: Bitbucket lists ${planned} deployment${planned > 1 ? 's' : ''} that were not started`,
  );
}
