import { type NewChangeRecord, recordId, type State } from '../../domain/change-record.ts';
import type { Mapped } from '../mapped.ts';
import {
  authorAsActor,
  type Context,
  commitOf,
  common,
  doubtsOf,
  type Environment,
  first,
  lookUp,
  missingFields,
  NO_TIME,
  pullRequest,
  type Repository,
  type Resolved,
  records,
  resolveCommit,
  short,
  slugify,
  TIERS,
  tagsOf,
  texts,
  unknownStatus,
  withoutUndefined,
} from './parts.ts';
import type { DataCenterDeployment } from './schema.ts';

/** Data Center: the enum of RestDeploymentSetRequest, without UNKNOWN. */
const DATA_CENTER_STATES: Readonly<Record<string, State>> = {
  PENDING: 'pending',
  IN_PROGRESS: 'running',
  SUCCESSFUL: 'succeeded',
  ROLLED_BACK: 'succeeded',
  FAILED: 'failed',
  CANCELLED: 'canceled',
};

/**
 * The commit of ROLLED_BACK is the one that was undone. In the record it would say that just this commit runs now, and
 * GitLab would be sent that; which one does run, Bitbucket does not say.
 */
const rolledBackNote = ({ sha }: Resolved): string =>
  `rolled back was commit ${sha ?? 'of an unknown sha'}: Bitbucket does not name the one that runs now`;

export function fromDataCenter(deployment: DataCenterDeployment, context: Context): Mapped {
  const commit = resolveCommit([deployment.toCommit?.id, deployment.commit?.id]);
  const name = slugify(deployment.environment?.key) ?? slugify(deployment.environment?.displayName);
  const word = deployment.state;
  if (!commit || !name || !word) {
    throw missingFields({ 'toCommit.id': commit, 'environment.key': name, state: word });
  }
  const state = lookUp(DATA_CENTER_STATES, word);
  if (!state) return unknownStatus(`state ${short(word)}`);
  const tier = lookUp(TIERS, deployment.environment?.type?.toLowerCase());
  const environment = withoutUndefined<Environment>({ name, tier, url: deployment.environment?.url });
  return records(dataCenterRecord({ deployment, commit, environment, state, context }));
}

interface DataCenterParts {
  readonly deployment: DataCenterDeployment;
  readonly commit: Resolved;
  readonly environment: Environment;
  readonly state: State;
  readonly context: Context;
}

function dataCenterRecord({ deployment, commit, environment, state, context }: DataCenterParts): NewChangeRecord {
  const repository = dataCenterRepository(deployment);
  const rolledBack = deployment.state === 'ROLLED_BACK';
  const key = dataCenterKey(deployment, repository, environment);
  const {
    message,
    author,
    committerTimestamp: committedAt,
  } = rolledBack ? {} : (deployment.toCommit ?? deployment.commit ?? {});
  const person = authorAsActor(author?.displayName ?? author?.name);
  return withoutUndefined<NewChangeRecord>({
    ...common(repository, environment, context),
    id: recordId(key, state, 'data center', deployment.lastUpdated ?? ''),
    deployment: key,
    signal: 'data center deployment',
    authoritative: true,
    state,
    changeType: rolledBack ? 'rollback' : undefined,
    description: deployment.description,
    commit: rolledBack ? undefined : commitOf({ ...commit, message, author: person?.name, committedAt, repository }),
    pipelineUrl: deployment.url,
    pullRequest: pullRequest({ message, repository }),
    actor: person?.name,
    occurredAt: deployment.lastUpdated ?? context.receivedAt,
    tags: tagsOf(repository, environment, {}),
    notes: texts(
      repository.note,
      commit.note,
      person?.note,
      rolledBack ? rolledBackNote(commit) : undefined,
      deployment.lastUpdated ? undefined : NO_TIME,
    ),
    ...doubtsOf({ actor: person?.note, time: deployment.lastUpdated ? undefined : NO_TIME, commit: commit.note }),
  });
}

/** ROLLED_BACK comes after SUCCESSFUL under the same names; as the same deployment it would be taken for a repeat. */
function dataCenterKey(deployment: DataCenterDeployment, repository: Repository, environment: Environment): string {
  const repo = [repository.name ?? 'unknown', environment.name];
  const run = [deployment.key ?? 'unknown', deployment.deploymentSequenceNumber];
  const undone = deployment.state === 'ROLLED_BACK' ? ['rollback'] : [];
  return ['bitbucket:dc', ...repo, ...run, ...undone].join(':');
}

function dataCenterRepository({ repository }: DataCenterDeployment): Repository {
  const slug = repository?.slug;
  if (!slug) return { note: 'the body names no repository' };
  const project = repository.project?.key;
  const url = first((repository.links?.self ?? []).map((link) => link?.href))?.replace(/\/browse\/?$/, '');
  return withoutUndefined({ name: project ? `${project}/${slug}` : slug, slug, url });
}
