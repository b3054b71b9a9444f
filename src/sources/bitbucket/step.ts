import type { Lookup } from '../../domain/change-event.ts';
import { type NewChangeRecord, recordId, type State } from '../../domain/change-record.ts';
import { bitbucketPipelineUrl } from '../../forges/bitbucket.ts';
import { isAccountId } from '../../values/account-id.ts';
import { asObject, type JsonObject } from '../../values/json.ts';
import { nameRef } from '../../values/ref.ts';
import type { Mapped } from '../mapped.ts';
import {
  type Actor,
  authorAsActor,
  bareUuid,
  bitbucketOrg,
  type Context,
  commitOf,
  common,
  doubtsOf,
  type Environment,
  type Ignored,
  ignored,
  type Keys,
  missingFields,
  NO_TIME,
  pipelineKey,
  pullRequest,
  type Repository,
  type Resolved,
  records,
  resolveCommit,
  runNumber,
  short,
  slugify,
  stageOf,
  tagsOf,
  texts,
  unknownStatus,
  withoutUndefined,
} from './parts.ts';
import { StepVariables } from './schema.ts';

/**
 * The variables, wherever they are in the body; the commit's message may be among them or beside them. Without a commit
 * and without an environment they belong to no step.
 */
export function stepVariables(body: JsonObject): StepVariables | undefined {
  const { commit_message: message, commit_author: author } = StepVariables.parse(body);
  return [body, asObject(body['variables']), asObject(body['env'])]
    .filter((variables) => variables !== undefined)
    .map((variables) => StepVariables.parse(variables))
    .map((step) => ({
      ...step,
      commit_message: step.commit_message ?? message,
      commit_author: step.commit_author ?? author,
    }))
    .find((step) => step.BITBUCKET_COMMIT ?? step.BITBUCKET_DEPLOYMENT_ENVIRONMENT);
}

/** With the API, the person's name is asked for, and the record leaves the actor open instead of guessing. */
export function fromStep(step: StepVariables, context: Context): Mapped {
  const read = readStep(step, context);
  if ('kind' in read) return read;
  const asks = context.asks && isAccountId(step.BITBUCKET_STEP_TRIGGERER_UUID);
  if (!asks) return records(stepRecord({ ...read, person: stepActor(step) }));
  const record = stepRecord(read);
  return { ...records(record), lookups: [personLookup(step, record)] };
}

const PERSON = 'person';

/** The variables themselves, without the commit message, which may be long. */
function personLookup(step: StepVariables, record: NewChangeRecord): Lookup {
  const { commit_message: _, ...variables } = step;
  return withoutUndefined<Record<string, string>>({
    ask: PERSON,
    received_at: record.receivedAt,
    ...variables,
    BITBUCKET_PR_ID: record.pullRequest?.number,
  });
}

/** The variables of a step whose person should be asked for, or undefined for another question. */
export const stepOfLookup = (lookup: Lookup): StepVariables | undefined =>
  lookup['ask'] === PERSON ? StepVariables.parse(lookup) : undefined;

/** The same step of the same deployment once more, with what Bitbucket's API added. */
export function completeStep(
  step: StepVariables,
  context: Context,
  found: { readonly actor?: string | undefined; readonly pullRequest?: NewChangeRecord['pullRequest'] },
): Mapped {
  const read = readStep(step, context);
  if ('kind' in read) return read;
  const record = stepRecord({ ...read, person: found.actor ? { name: found.actor } : stepActor(step) });
  return records({
    ...record,
    id: recordId(record.deployment, read.state, 'pipelines API'),
    signal: 'pipelines API',
    ...(found.pullRequest && { pullRequest: found.pullRequest }),
  });
}

const UNFILLED = ': a shell fills in variables that are in double quotation marks only';

function readStep(step: StepVariables, context: Context): StepParts | Ignored {
  const name = slugify(step.BITBUCKET_DEPLOYMENT_ENVIRONMENT);
  if (!name) {
    return ignored('no_environment', 'the step has no `deployment:`, so that Bitbucket gave it no environment');
  }
  const commit = resolveCommit([step.BITBUCKET_COMMIT]);
  if (!commit) throw missingFields({ BITBUCKET_COMMIT: commit }, UNFILLED);
  const ended = exitState(step.BITBUCKET_EXIT_CODE);
  if (typeof ended !== 'string') return ended;
  const hasMore = step.SHIPLOG_MORE_STEPS !== undefined && step.SHIPLOG_MORE_STEPS !== '0';
  const state = hasMore && ended === 'succeeded' ? 'running' : ended;
  return { step, commit, environment: { name }, state, hasMore, context };
}

/**
 * Only an after-script has BITBUCKET_EXIT_CODE, which is the last command's own code: 2, 127. Without it the step has
 * begun.
 */
function exitState(code: string | undefined): State | Ignored {
  if (code === undefined) return 'running';
  if (!/^-?\d+$/.test(code)) return unknownStatus(`BITBUCKET_EXIT_CODE ${short(code)}`);
  return Number(code) === 0 ? 'succeeded' : 'failed';
}

interface StepParts {
  readonly step: StepVariables;
  readonly commit: Resolved;
  readonly environment: Environment;
  readonly state: State;
  /** Further steps of the same deployment follow: it has not ended with this one. */
  readonly hasMore: boolean;
  readonly context: Context;
  readonly person?: Actor | undefined;
}

function stepRecord({ step, commit, environment, state, hasMore, context, person }: StepParts): NewChangeRecord {
  const repository = bitbucketOrg(stepFullName(step), step.BITBUCKET_REPO_UUID, step.BITBUCKET_REPO_SLUG);
  const keys = stepKeys({ step, commit, environment, repository });
  const { ref } = nameRef(step.BITBUCKET_TAG ?? step.BITBUCKET_BRANCH);
  const pipelineUrl = bitbucketPipelineUrl(repository.url, step.BITBUCKET_BUILD_NUMBER);
  const uuid = bareUuid(step.BITBUCKET_STEP_UUID);
  const { commit_message: message, commit_author: author } = step;
  return withoutUndefined<NewChangeRecord>({
    ...common(repository, environment, context),
    id: recordId(keys.deployment, state, 'step'),
    deployment: keys.deployment,
    stage: stageOf({
      build: step.BITBUCKET_BUILD_NUMBER,
      pipeline: step.BITBUCKET_PIPELINE_UUID,
      environment,
      run: keys.run,
      step: uuid,
      goesOn: hasMore && state === 'running',
    }),
    signal: 'pipeline step',
    authoritative: false,
    state,
    ref,
    tag: ref === undefined ? undefined : step.BITBUCKET_TAG !== undefined,
    commit: commitOf({ ...commit, message, author, repository }),
    pipelineUrl,
    jobUrl: pipelineUrl && uuid && `${pipelineUrl}/steps/%7B${encodeURIComponent(uuid)}%7D`,
    pullRequest: pullRequest({ id: step.BITBUCKET_PR_ID, message, repository }),
    actor: person?.name,
    occurredAt: context.receivedAt,
    tags: tagsOf(repository, environment, { ref, run: keys.run }),
    notes: texts(repository.note, commit.note, keys.note, person?.note, NO_TIME),
    ...doubtsOf({ actor: person?.note, time: NO_TIME, commit: commit.note }),
  });
}

function stepFullName(step: StepVariables): string | undefined {
  const { BITBUCKET_WORKSPACE: workspace, BITBUCKET_REPO_SLUG: slug } = step;
  return step.BITBUCKET_REPO_FULL_NAME ?? (workspace && slug && `${workspace}/${slug}`);
}

function stepKeys(parts: Pick<StepParts, 'step' | 'commit' | 'environment'> & { repository: Repository }): Keys {
  const { step, ...rest } = parts;
  const run = runNumber(step.BITBUCKET_STEP_RUN_NUMBER);
  const uuid = bareUuid(step.BITBUCKET_STEP_UUID);
  if (uuid) return { deployment: `bitbucket:step:${uuid}:run:${run}`, aliases: [], run };
  const pipeline = step.BITBUCKET_PIPELINE_UUID ?? step.BITBUCKET_BUILD_NUMBER;
  return { ...pipelineKey({ ...rest, pipeline, run }), aliases: [], run };
}

/** Bitbucket gives a step no name of a person, only a uuid. */
function stepActor(step: StepVariables): Actor | undefined {
  const triggerer = step.BITBUCKET_STEP_TRIGGERER_UUID;
  if (step.commit_author || !triggerer) return authorAsActor(step.commit_author);
  return { name: triggerer, note: 'the actor is a Bitbucket user uuid: the step gives no name' };
}
