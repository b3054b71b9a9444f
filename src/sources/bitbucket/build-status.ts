import type { Lookup } from '../../domain/change-event.ts';
import { type NewChangeRecord, recordId, type State } from '../../domain/change-record.ts';
import type { JsonObject } from '../../values/json.ts';
import type { Mapped } from '../mapped.ts';
import {
  authorAsActor,
  authorOf,
  bareUuid,
  bitbucketOrg,
  type Context,
  commitOf,
  common,
  doubtsOf,
  ignored,
  lookUp,
  NO_TIME,
  pullRequest,
  type Repository,
  type Resolved,
  records,
  resolveCommit,
  short,
  slugify,
  tagsOf,
  texts,
  unknownStatus,
  withoutUndefined,
} from './parts.ts';
import { pipelineLookup, type RepositoryPath, repoOf } from './repository-path.ts';
import { type BuildStatusRules, environmentIn } from './rules.ts';
import { CommitStatusBody } from './schema.ts';

/** Bitbucket Cloud, `commit_status.state`. */
const STATUS_STATES: Readonly<Record<string, State>> = {
  INPROGRESS: 'running',
  SUCCESSFUL: 'succeeded',
  FAILED: 'failed',
  STOPPED: 'canceled',
};

type Status = NonNullable<CommitStatusBody['commit_status']>;

/**
 * A build status names no environment, comes before somebody pressed Run on a manual step, and may fail when nothing
 * was deployed. So by itself it is no deployment: it is a reason to ask Bitbucket, unless the configuration says which
 * deployment it is.
 */
export function fromBuildStatus(payload: JsonObject, context: Context, rules: BuildStatusRules): Mapped {
  const body = CommitStatusBody.parse(payload);
  const status = body.commit_status ?? {};
  const commit = commitNamed(status);
  const repo = repoOf(body.repository);
  const rule = ruleFor(status, rules);
  const ofPipelines = isOfPipelines(status, rule);
  if (context.asks && repo && ofPipelines) {
    const lookup = askedOf({ status, repo, commit });
    if (lookup) return { kind: 'records', records: [], lookups: [lookup] };
  }
  if (rule) return inferred({ body, status, rule, commit, context });
  if (context.asks && !ofPipelines) {
    return ignored(
      'not_a_deployment',
      'the build status is of another CI; `build_status` of this source can say which of them are deployments',
    );
  }
  return ignored(
    'needs_lookup',
    context.asks
      ? 'the build status names no repository or no pipeline that Bitbucket could be asked for'
      : 'a build status names no environment; let the deployment step post to Shiplog, or give this source an ' +
          'API token, see the README of the Bitbucket source',
  );
}

const PIPELINE_NAME = /^Pipeline #(\d{1,12}) for (?:Pull Request #(\d{1,12}))?/;

/** Only Pipelines links to its results at bitbucket.org; another CI gives its own address, or none. */
function isOfPipelines({ name, url }: Status, rule: Rule | undefined): boolean {
  if (PIPELINE_NAME.test(name ?? '')) return true;
  return url === undefined ? rule === undefined : /^https:\/\/bitbucket\.org\//.test(url);
}

function askedOf(reported: { status: Status; repo: RepositoryPath; commit: Resolved | undefined }): Lookup | undefined {
  const { status, repo, commit } = reported;
  const build = /\/results\/(\d{1,12})/.exec(status.url ?? '')?.[1] ?? PIPELINE_NAME.exec(status.name ?? '')?.[1];
  if (!commit?.sha) return undefined;
  return pipelineLookup(repo, {
    build,
    commit: commit.sha,
    status: status.state,
  });
}

/** External CI sends no `commit`, but always links to it. */
const commitNamed = ({ commit, links }: Status): Resolved | undefined =>
  resolveCommit([
    commit?.hash,
    /\/commit\/([0-9a-f]{40}(?:[0-9a-f]{24})?)(?![0-9a-f])/i.exec(links?.commit?.href ?? '')?.[1],
  ]);

interface Rule {
  readonly environment: string;
  readonly note: string;
}

function ruleFor(status: Status, rules: BuildStatusRules): Rule | undefined {
  const found = slugify(environmentIn([status.key, status.name, status.description], rules));
  if (found) {
    return {
      environment: found,
      note: 'inferred from a build status by build_status.deployments of the configuration',
    };
  }
  // its refname is the source branch: nothing of it is merged
  if (/Pull Request #\d/.test(status.name ?? '')) return undefined;
  const environment = slugify(lookUp(rules.branches, status.refname));
  if (!environment) return undefined;
  return {
    environment,
    note:
      `inferred from the build of branch ${short(status.refname ?? '')} by build_status.branches of the ` +
      `configuration`,
  };
}

interface Inferred {
  readonly body: CommitStatusBody;
  readonly status: Status;
  readonly rule: Rule;
  readonly commit: Resolved | undefined;
  readonly context: Context;
}

function inferred(parts: Inferred): Mapped {
  const { status, commit } = parts;
  const word = status.state ?? '';
  const state = lookUp(STATUS_STATES, word);
  if (!state) return unknownStatus(`commit_status.state ${short(word)}`);
  if (!commit?.sha) return ignored('unmapped', 'the build status matches build_status, but names no commit');
  return records(inferredRecord({ ...parts, sha: commit.sha, state }));
}

function inferredRecord(parts: Inferred & { sha: string; state: State }): NewChangeRecord {
  const { body, status, rule, sha, state, context } = parts;
  const repository = bitbucketOrg(body.repository?.full_name, body.repository?.uuid);
  const environment = { name: rule.environment };
  const { message, date: committedAt } = status.commit ?? {};
  const author = authorOf(status.commit);
  const person = authorAsActor(author);
  const key = statusKey(repository, [status.key ?? 'unknown', rule.environment, sha]);
  const at = state === 'running' ? (status.created_on ?? status.updated_on) : status.updated_on;
  const ref = status.refname;
  return withoutUndefined<NewChangeRecord>({
    ...common(repository, environment, context),
    id: recordId(key, state, 'build status', at ?? ''),
    deployment: key,
    signal: 'build status',
    authoritative: false,
    state,
    ref,
    commit: commitOf({ sha, message, author, committedAt, repository }),
    pipelineUrl: status.url,
    pullRequest: pullRequest({ id: undefined, message, repository }),
    actor: person?.name,
    occurredAt: at ?? context.receivedAt,
    tags: [...tagsOf(repository, environment, { ref }), 'inferred'],
    notes: texts(repository.note, rule.note, person?.note, at ? undefined : NO_TIME),
    ...doubtsOf({ actor: person?.note, time: at ? undefined : NO_TIME }),
  });
}

/** A status of the same key is overwritten by the next build of the commit; another commit is another deployment. */
const statusKey = (repository: Repository, parts: readonly string[]): string =>
  ['bitbucket', bareUuid(repository.uuid) ?? repository.name ?? 'unknown', 'status', ...parts].join(':');
