import {
  type Doubts,
  digest,
  type NewChangeRecord,
  recordId,
  type State,
  withDoubts,
} from '../../domain/change-record.ts';
import { isFinal } from '../../domain/deployment.ts';
import { WebhookRejected } from '../../domain/errors.ts';
import { nameCheckout } from '../../values/ref.ts';
import { fullSha, shaPrefix } from '../../values/sha.ts';
import { excerpt } from '../../values/text.ts';
import type { IgnoredReason, Mapped } from '../mapped.ts';
import type { Webhook } from '../received-webhook.ts';
import { Event, KNOWN_ACTIONS, stateOf } from './schema.ts';

/** An id this long is no number of a run any more. */
const LONGEST_RUN = 100;

/** An event of CTO.ai to one record. */
export function mapEvent(payload: unknown, webhook: Webhook, instance: string): Mapped {
  const parsed = Event.safeParse(payload);
  if (!parsed.success) throw new WebhookRejected('bad_payload', 'the body must be a JSON object');
  const event = parsed.data;
  // An error for the job: only its log shows that nothing was recorded.
  if (!event.event_name) throw new WebhookRejected('bad_payload', 'event_name is required: deployment');
  if (event.event_name.toLowerCase() !== 'deployment')
    return ignored('not_a_deployment', `event_name is ${excerpt(event.event_name)}`);
  if (!event.event_action) throw new WebhookRejected('bad_payload', 'event_action is required: success or failure');
  const state = stateOf(event.event_action);
  if (!state)
    return ignored('unknown_status', `event_action is ${excerpt(event.event_action)}; known are ${KNOWN_ACTIONS}`);
  return { kind: 'records', records: [toRecord({ event, state, webhook, instance })] };
}

const ignored = (reason: IgnoredReason, detail: string): Mapped => ({ kind: 'ignored', reason, detail });

interface SentEvent {
  readonly event: Event;
  readonly state: State;
  readonly webhook: Webhook;
  readonly instance: string;
}

function toRecord({ event, state, webhook, instance }: SentEvent): NewChangeRecord {
  const { repo, branch, commit, image, environment } = event;
  if (!repo) throw new WebhookRejected('bad_payload', 'repo is required: in GitLab it is CI_PROJECT_PATH');
  const run = runOf(webhook.path);
  const deployment = deploymentKey({ event, repo, run });
  const sha = fullSha(commit);
  const receivedAt = webhook.receivedAt.toISOString();
  const user = event.meta?.user;
  const { ref, tag, mergeRequest } = nameCheckout(branch);
  const tool = mechanismOf(webhook);
  return {
    id: recordId(deployment, state),
    deployment,
    repeatable: true,
    endsOnce: true,
    source: 'ctoai',
    instance,
    signal: 'deployment event',
    authoritative: true,
    state,
    environment: { name: environment ?? 'unknown' },
    service: repo.split('/').findLast((part) => part !== '') ?? repo,
    repository: { name: repo },
    ...(ref && { ref }),
    ...(ref && tag !== undefined && { tag }),
    ...(mergeRequest && { pullRequest: { number: mergeRequest } }),
    ...(sha && { commit: { sha } }),
    ...(run && { pipelineId: run }),
    ...(user && { actor: user }),
    artifacts: image ? [image] : [],
    occurredAt: receivedAt,
    ...(isFinal(state) && { finishedAt: receivedAt }),
    receivedAt,
    tags: [...shortSha(commit).map((short) => `commit:${short}`), ...(run ? [`run:${run}`] : [])],
    notes: notesOf(event, run),
    ...withDoubts(doubtsOf(event)),
    ...(tool && { reportedSource: tool }),
  };
}

/**
 * `/webhooks/<name>/<run>`: the job of setup.ts posts there, and GitLab fills `$CI_PIPELINE_ID` in. The event itself
 * has nothing that distinguishes two deployments of one commit.
 */
function runOf(path: string): string | undefined {
  const encoded = /^\/webhooks\/[^/]+\/([^/]+)\/?$/.exec(path)?.[1];
  const isUnfilled = encoded !== undefined && /^(?:\$|%24)/i.test(encoded);
  return encoded === undefined || isUnfilled || encoded.length > LONGEST_RUN ? undefined : encoded;
}

/** @throws WebhookRejected when nothing says what was deployed: all such events would be one deployment. */
function deploymentKey({ event, repo, run }: { event: Event; repo: string; run: string | undefined }): string {
  const { team_id, environment, commit, image } = event;
  const what = run ? ['run', run] : commit ? ['commit', commit.toLowerCase()] : image ? ['image', image] : undefined;
  if (!what) throw new WebhookRejected('bad_payload', 'commit is required: in GitLab it is CI_COMMIT_SHA');
  return `ctoai:${digest(JSON.stringify([team_id ?? null, repo, environment ?? null, ...what]))}`;
}

/** GitLab does not find a commit by a short sha, but people search for it. */
const shortSha = (commit: string | undefined): string[] => {
  const short = shaPrefix(commit);
  return short ? [short] : [];
};

/** What CTO.ai's clients call themselves: gitlab-job, circleci-orb, github-action. */
function mechanismOf(webhook: Webhook): string | undefined {
  const name = webhook.headers['x-ops-mechanism']?.trim();
  return name && /^[\w.-]{1,40}$/.test(name) ? name : undefined;
}

const NO_ENVIRONMENT = 'environment has no value: it stays unknown';
const SHORT_COMMIT = 'commit is not a full sha: kept as a tag';
const NO_TIME = 'the time is that of arrival: the event has none';

/** What the webhooks of the job may say. */
const doubtsOf = ({ commit, environment }: Event): Doubts => ({
  ...(!environment && { environment: NO_ENVIRONMENT }),
  ...(shortSha(commit).length > 0 && { commit: SHORT_COMMIT }),
  occurredAt: NO_TIME,
});

function notesOf({ commit, environment, meta }: Event, run: string | undefined): string[] {
  const notes = [
    !environment && NO_ENVIRONMENT,
    commit && !fullSha(commit) && shortSha(commit).length === 0 && 'commit is no commit sha: left out',
    commit && shortSha(commit).length > 0 && SHORT_COMMIT,
    !run &&
      'the event has no id: the same commit again within an hour, and nothing else in between, is the same deployment',
    (meta?.user === 'root' || meta?.user === 'gitlab-runner') &&
      "the person may be the user of the job's shell: where USER is set there, the template sends that",
    NO_TIME,
  ];
  return notes.filter((note): note is string => Boolean(note)); // a type guard: filter drops '' and false
}
