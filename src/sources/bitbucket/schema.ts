import { z } from 'zod';
import { listOf, readText } from '../../values/text.ts';
import { toIso } from '../../values/time.ts';
import { Url } from '../../values/url.ts';

/**
 * Values that mean "nothing": an empty variable, the words that templates print for it, and `$NAME`, which pipes and
 * single quotes leave when the variable is not set.
 */
const ABSENT = /^(?:|null|undefined|<no value>|\$\w+|\$\{\w+\})$/;

/**
 * Text, or a number where text is meant (build numbers come as both). Any other type counts as missing: it must not
 * lose the deployment.
 */
export const Text = z
  .union([z.string(), z.number()])
  .transform((value) => {
    const text = readText(String(value));
    return ABSENT.test(text) ? undefined : text;
  })
  .optional()
  .catch(undefined);

/** ISO text (Cloud, Data Center from 10) or epoch milliseconds (Data Center up to 9). */
export const Time = z.union([z.string(), z.number()]).transform(toIso).optional().catch(undefined);

/** A link that may be shown to people: http(s), and never with a password in it. */
export const Link = Url.optional();

/** A part that may be missing, null or of another type. */
export const part = <Shape extends z.ZodRawShape>(shape: Shape) => z.object(shape).optional().catch(undefined);

const list = <Item extends z.ZodType>(item: Item) => listOf(item).optional().catch(undefined);

/** A script may write the name or the sha in the place of the object. */
const orText = <Shape extends z.ZodType>(name: string, shape: Shape) =>
  z.preprocess((value) => (typeof value === 'string' ? { [name]: value } : value), shape);

const Person = part({ display_name: Text, nickname: Text });

const Repository = part({ full_name: Text, uuid: Text });

export const Commit = orText(
  'hash',
  part({
    hash: Text,
    message: Text,
    date: Time,
    author: part({ raw: Text, user: Person }),
    links: part({ html: part({ href: Link }), self: part({ href: Link }) }),
  }),
);
export type Commit = z.infer<typeof Commit>;

export const Pipeline = part({
  uuid: Text,
  created_on: Time,
  repository: part({ full_name: Text, uuid: Text }),
  build_number: Text,
  creator: Person,
  target: part({ ref_type: Text, ref_name: Text, source: Text, pullrequest: part({ id: Text, title: Text }) }),
});
export type Pipeline = NonNullable<z.infer<typeof Pipeline>>;

const Release = part({ name: Text, url: Link, commit: Commit, pipeline: Pipeline });

export const Environment = orText(
  'name',
  part({
    uuid: Text,
    name: Text,
    slug: Text,
    environment_type: part({ name: Text }),
  }),
);

/**
 * A deployment of Bitbucket Cloud's REST API. The specification and the live API disagree on dates (`start_date`,
 * `started_on`) and on every `type`, so both dates are read and no `type` is.
 */
export const CloudDeployment = z.object({
  uuid: Text,
  key: Text,
  version: Text,
  last_update_time: Time,
  environment: Environment,
  /** Bitbucket sends the uuid alone, unless more is requested or somebody joins the step. */
  step: part({
    uuid: Text,
    run_number: Text,
    started_on: Time,
    name: Text,
    trigger: part({ type: Text }),
    state: part({ name: Text }),
  }),
  commit: Commit,
  release: Release,
  deployable: Release,
  pipeline: Pipeline,
  repository: Repository,
  state: orText(
    'name',
    part({
      name: Text,
      url: Link,
      status: orText('name', part({ name: Text })),
      started_on: Time,
      start_date: Time,
      completed_on: Time,
      completion_date: Time,
      deployer: Person,
    }),
  ),
});
export type CloudDeployment = z.infer<typeof CloudDeployment>;

/**
 * Further fields of the body beside `deployment`. Not `actor`: in what Pipelines sends that is the workspace, not the
 * person.
 */
export const CloudWrapper = z.object({
  environment: Environment,
  commit: Commit,
  pipeline: Pipeline,
  repository: Repository,
});

/**
 * The variables of a pipeline step. This list is also the allow-list: nothing else of the body is read, so that
 * BITBUCKET_STEP_OIDC_TOKEN cannot get into a record, even when somebody posts all variables.
 */
export const StepVariables = z.object({
  BITBUCKET_COMMIT: Text,
  BITBUCKET_BRANCH: Text,
  BITBUCKET_TAG: Text,
  BITBUCKET_BUILD_NUMBER: Text,
  BITBUCKET_PIPELINE_UUID: Text,
  BITBUCKET_STEP_UUID: Text,
  BITBUCKET_STEP_RUN_NUMBER: Text,
  BITBUCKET_STEP_TRIGGERER_UUID: Text,
  BITBUCKET_EXIT_CODE: Text,
  BITBUCKET_PR_ID: Text,
  BITBUCKET_WORKSPACE: Text,
  BITBUCKET_REPO_SLUG: Text,
  BITBUCKET_REPO_FULL_NAME: Text,
  BITBUCKET_REPO_UUID: Text,
  BITBUCKET_DEPLOYMENT_ENVIRONMENT: Text,
  /** Ours: set in all steps of a stage but the last. */
  SHIPLOG_MORE_STEPS: Text,
  commit_message: Text,
  commit_author: Text,
});
export type StepVariables = z.infer<typeof StepVariables>;

/** Bitbucket's own object, or just the sha, as scripts add it that post the request. */
const DataCenterCommit = orText(
  'id',
  part({ id: Text, message: Text, author: part({ name: Text, displayName: Text }), committerTimestamp: Time }),
);

/**
 * Data Center's RestDeployment (the answer) and RestDeploymentSetRequest (the request, which names neither commit nor
 * repository).
 */
export const DataCenterDeployment = z.object({
  deploymentSequenceNumber: Text,
  description: Text,
  environment: part({ key: Text, displayName: Text, type: Text, url: Link }),
  key: Text,
  state: Text,
  url: Link,
  lastUpdated: Time,
  toCommit: DataCenterCommit,
  commit: DataCenterCommit,
  repository: part({
    slug: Text,
    project: part({ key: Text }),
    links: part({
      self: list(part({ href: Link })),
    }),
  }),
});
export type DataCenterDeployment = z.infer<typeof DataCenterDeployment>;

/**
 * `repo:commit_status_created` and `_updated`: one status a pipeline, or whatever another CI posts. Not `actor`: it is
 * the workspace.
 */
export const CommitStatusBody = z.object({
  repository: part({
    full_name: Text,
    uuid: Text,
    workspace: part({ uuid: Text }),
    owner: part({ uuid: Text }),
  }),
  commit_status: part({
    key: Text,
    name: Text,
    description: Text,
    state: Text,
    refname: Text,
    url: Link,
    commit: Commit,
    created_on: Time,
    updated_on: Time,
    links: part({ commit: part({ href: Link }) }),
  }),
});
export type CommitStatusBody = z.infer<typeof CommitStatusBody>;

/** OTLP: numbers come as `intValue` and as `stringValue`. */
const Attributes = list(part({ key: Text, value: part({ stringValue: Text, intValue: Text }) }));
export type Attributes = z.infer<typeof Attributes>;

/** `pipeline:span_created`. */
export const SpansBody = z.object({
  resourceSpans: list(
    part({
      resource: part({ attributes: Attributes }),
      scopeSpans: list(part({ spans: list(part({ attributes: Attributes })) })),
    }),
  ),
});
