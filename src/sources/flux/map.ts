import { digest, type NewChangeRecord, recordId } from '../../domain/change-record.ts';
import { isFinal } from '../../domain/deployment.ts';
import { WebhookRejected } from '../../domain/errors.ts';
import { parseRepoUrl } from '../../values/repo-url.ts';
import { fullSha } from '../../values/sha.ts';
import { excerpt } from '../../values/text.ts';
import { toIso } from '../../values/time.ts';
import type { IgnoredReason, Mapped } from '../mapped.ts';
import type { Webhook } from '../received-webhook.ts';
import { type Revision, revisionOf } from './revision.ts';
import { FluxEvent, metadataOf } from './schema.ts';
import { type Meaning, meaningOf } from './states.ts';

/** Kinds that deploy; sources, image policies and others do not. */
const KINDS = ['Kustomization', 'HelmRelease'];

export interface Settings {
  readonly instance: string;
  /** Cluster, namespace or `namespace/name`, lower case → environment. */
  readonly environments: ReadonlyMap<string, string>;
}

/** An event of a Kustomization or a HelmRelease: one deployment a revision. @throws WebhookRejected */
export function mapEvent(payload: unknown, webhook: Webhook, settings: Settings): Mapped {
  const parsed = FluxEvent.safeParse(payload);
  if (!parsed.success)
    throw new WebhookRejected(
      'bad_payload',
      'this is no event of Flux: involvedObject with kind and name is missing; use a Provider of type generic-hmac',
    );
  const event = parsed.data;
  const { kind } = event.involvedObject;
  if (!KINDS.includes(kind)) return ignored('not_a_deployment', `a ${excerpt(kind)} deploys nothing`);
  const meaning = meaningOf(event);
  if (!meaning) return ignored('unknown_status', `the reason is ${excerpt(event.reason ?? 'missing')}`);
  if ('ignored' in meaning) return ignored(meaning.ignored, meaning.detail);
  const revision = revisionOf(event);
  if (!revision) return ignored('not_started', 'the event names no revision: nothing was applied');
  return { kind: 'records', records: [toRecord({ event, meaning, revision, webhook, settings })] };
}

const ignored = (reason: IgnoredReason, detail: string): Mapped => ({ kind: 'ignored', reason, detail });

interface Reported {
  readonly event: FluxEvent;
  readonly meaning: Exclude<Meaning, { ignored: IgnoredReason }>;
  readonly revision: Revision;
  readonly webhook: Webhook;
  readonly settings: Settings;
}

function toRecord(reported: Reported): NewChangeRecord {
  const { event, meaning, revision, webhook, settings } = reported;
  const { state, isRollback } = meaning;
  const { kind, name, namespace } = event.involvedObject;
  const receivedAt = webhook.receivedAt.toISOString();
  const occurredAt = toIso(event.timestamp) ?? receivedAt;
  const deployment = keyOf(reported, occurredAt);
  const environment = environmentOf(event, settings);
  const cluster = metadataOf(event, 'cluster');
  const repository = repositoryOf(event);
  const { sha, ref, tag } = revision;
  return {
    id: recordId(deployment, state),
    deployment,
    // Flux reports the same revision at every interval: that is one deployment until another one ran.
    ...(!isRollback && { repeatable: true as const, periodic: true as const }),
    source: 'flux',
    instance: settings.instance,
    signal: `flux ${kind}`,
    authoritative: true,
    witness: 'sync',
    app: `flux:${digest(placeOf(event).join('\n'))}`,
    state,
    changeType: isRollback ? 'rollback' : 'deployment',
    ...(state === 'failed' && event.message && { description: event.message }),
    environment: { name: environment ?? 'unknown' },
    service: metadataOf(event, 'service') ?? name,
    ...(repository && { repository }),
    ...(ref && { ref }),
    ...(tag !== undefined && { tag }),
    ...commitOf(event, sha),
    actor: 'flux (automated)',
    artifacts: [...revision.artifacts],
    labels: { ...(namespace && { namespace }), ...(cluster && { cluster }) },
    occurredAt,
    ...(state === 'running' && { startedAt: occurredAt }),
    ...(isFinal(state) && { finishedAt: occurredAt }),
    receivedAt,
    tags: [`app:${name}`, ...(cluster ? [`cluster:${cluster}`] : [])],
    notes: notesOf(environment, repository, sha),
  };
}

/**
 * The object in its cluster, and the revision; for a HelmRelease the values as well, which Flux calls the token. A
 * roll-back of Helm is an event of its own: it goes back to a release that has been deployed before.
 */
function keyOf({ event, meaning, revision }: Reported, occurredAt: string): string {
  const { name, namespace = '' } = event.involvedObject;
  const what = [
    revision.text,
    metadataOf(event, 'token') ?? '',
    ...(meaning.isRollback ? ['rollback', occurredAt] : []),
  ];
  return `flux:${namespace}/${name}:${digest([...placeOf(event), ...what].join('\n'))}`;
}

/** Which object in which cluster. */
function placeOf(event: FluxEvent): readonly string[] {
  const { kind, name, namespace = '' } = event.involvedObject;
  return [metadataOf(event, 'cluster') ?? '', kind, namespace, name];
}

/** Never guessed: what the event says, else what the configuration maps the cluster or namespace to. */
function environmentOf(event: FluxEvent, { environments }: Settings): string | undefined {
  const named = metadataOf(event, 'environment') ?? metadataOf(event, 'env');
  if (named !== undefined) return named;
  const { name, namespace = '' } = event.involvedObject;
  const places = [`${namespace}/${name}`, namespace, metadataOf(event, 'cluster') ?? ''];
  return places.map((place) => environments.get(place.toLowerCase())).find((found) => found !== undefined);
}

/** The revision is the manifests'; an Alert or an annotation may name the application's own commit. */
function commitOf(event: FluxEvent, sha: string | undefined): Pick<NewChangeRecord, 'commit' | 'manifests'> {
  const application = fullSha(metadataOf(event, 'commit'));
  if (application) return { commit: { sha: application }, ...(sha && { manifests: { revision: sha } }) };
  return sha ? { commit: { sha } } : {};
}

/** The event names no repository: an Alert, or an annotation of the object, does. */
function repositoryOf(event: FluxEvent): NewChangeRecord['repository'] {
  const text = metadataOf(event, 'repository');
  const project = metadataOf(event, 'gitlab_project');
  const address = parseRepoUrl(text);
  const name = address?.path ?? text ?? project;
  if (name === undefined) return undefined;
  return { name, ...(address && { url: address.url }), ...(project && { gitlabProject: project }) };
}

const notesOf = (
  environment: string | undefined,
  repository: NewChangeRecord['repository'],
  sha: string | undefined,
): string[] => [
  ...(environment === undefined
    ? ['environment is unknown: set eventMetadata: { environment: … } of the Alert, or environments of the Flux source']
    : []),
  ...(sha && !repository
    ? ['The event names no repository: set eventMetadata: { repository: …, gitlab_project: … } of the Alert.']
    : []),
];
