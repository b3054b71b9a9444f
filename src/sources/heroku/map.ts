import { type NewChangeRecord, recordId, type State } from '../../domain/change-record.ts';
import { isFinal } from '../../domain/deployment.ts';
import { WebhookRejected } from '../../domain/errors.ts';
import { fullSha, shaPrefix } from '../../values/sha.ts';
import { excerpt } from '../../values/text.ts';
import { toIso } from '../../values/time.ts';
import type { IgnoredReason, Mapped } from '../mapped.ts';
import type { Webhook } from '../received-webhook.ts';
import { kindOf, type ReleaseKind } from './release-kind.ts';
import { Build, Notification, Release, stateOf } from './schema.ts';

export interface Settings {
  readonly instance: string;
  /** Name of an app, lower case → environment. */
  readonly environments: ReadonlyMap<string, string>;
}

/**
 * A notification of Heroku: a release and a build that failed are records, everything else is ignored with a reason.
 */
export function mapNotification(payload: unknown, webhook: Webhook, settings: Settings): Mapped {
  const parsed = Notification.safeParse(payload);
  if (!parsed.success) throw new WebhookRejected('bad_payload', 'the body must be a JSON object');
  const notification = parsed.data;
  const resource = notification.resource ?? notification.webhook_metadata?.event?.include?.replace(/^api:/, '');
  if (!resource) return ignored('unmapped', 'there is no resource: this is no notification of Heroku');
  if (!isReported(resource)) return ignored('not_a_deployment', `api:${excerpt(resource)} reports no release`);
  const release = (resource === 'build' ? Build : Release).safeParse(notification.data);
  if (!release.success) {
    const field = release.error.issues[0]?.path.join('.');
    throw new WebhookRejected('bad_payload', `the ${resource} lacks ${field ? `data.${field}` : 'data'}`);
  }
  const event = { notification, resource, release: release.data, webhook, settings };
  return resource === 'build' ? mapBuild(event) : mapRelease(event);
}

const isReported = (resource: string): resource is HerokuEvent['resource'] =>
  resource === 'release' || resource === 'build';
const ignored = (reason: IgnoredReason, detail: string): Mapped => ({ kind: 'ignored', reason, detail });

interface HerokuEvent {
  readonly notification: Notification;
  readonly resource: 'release' | 'build';
  /** Or the build, with the same fields. */
  readonly release: Release;
  readonly webhook: Webhook;
  readonly settings: Settings;
}

function mapRelease(event: HerokuEvent): Mapped {
  const { status, description, slug } = event.release;
  if (!status) return ignored('unknown_status', 'the release has no status');
  if (status === 'expired') return ignored('not_a_deployment', EXPIRED);
  const state = stateOf(status);
  if (!state) return ignored('unknown_status', `the status of the release is ${excerpt(status)}`);
  const kind = kindOf(description, Boolean(slug?.commit));
  if (!kind.type) return ignored('not_a_deployment', `"${excerpt(description ?? '')}" changes nothing that runs`);
  return { kind: 'records', records: [toRecord(event, state, kind)] };
}

/** devcenter.heroku.com/changelog-items/3395 : after 30 days, for all but the newest releases. */
const EXPIRED = 'Heroku removed what an old release consists of: nothing that runs changed';

/** "git push heroku" that ends with a failed build is a deployment that failed, and no release ever reports it. */
function mapBuild(event: HerokuEvent): Mapped {
  const { status } = event.release;
  if (!status || !stateOf(status))
    return ignored('unknown_status', `the status of the build is ${excerpt(status ?? 'missing')}`);
  if (status !== 'failed')
    return ignored('not_a_deployment', `the build is ${status}: its release reports the outcome`);
  const release = { ...event.release, description: 'The build failed, so that there is no release' };
  return { kind: 'records', records: [toRecord({ ...event, release }, 'failed', { type: 'deployment' })] };
}

function toRecord(event: HerokuEvent, state: State, kind: Extract<ReleaseKind, { type: string }>): NewChangeRecord {
  const { notification, resource, release, settings } = event;
  const { app, description, version } = release;
  const deployment = `heroku:${app.id}:${resource}:${release.id}`;
  const environment = settings.environments.get(app.name.toLowerCase());
  const commit = commitOf(release);
  const actor = notification.actor?.email ?? release.user?.email;
  return {
    id: recordId(deployment, state),
    deployment,
    source: 'heroku',
    instance: settings.instance,
    signal: `api:${resource}`,
    authoritative: true,
    state,
    changeType: kind.type,
    ...(description && { description }),
    environment: { name: environment ?? 'unknown' },
    service: app.name,
    ...(commit && { commit }),
    pipelineUrl: `https://dashboard.heroku.com/apps/${encodeURIComponent(app.name)}/activity`,
    ...(actor && { actor }),
    ...timesOf(event, state),
    tags: [`app:${app.name}`, ...(version ? [`release:v${version}`] : []), ...shortSha(release)],
    notes: [
      ...(environment ? [] : [`environment is unknown: set environments: { ${app.name}: … } for the Heroku source`]),
      ...(kind.note ? [kind.note] : []),
    ],
  };
}

function commitOf({ slug }: Release): NewChangeRecord['commit'] {
  const sha = fullSha(slug?.commit);
  const message = slug?.commit_description;
  const title = message?.split(/\r?\n/)[0];
  if (!sha && !message) return undefined;
  return { ...(sha && { sha }), ...(title && { title }), ...(message && { message }) };
}

/** "Deploy 4f0c9e1d": the only commit where Heroku built no slug of one. */
function shortSha({ slug, description }: Release): string[] {
  if (fullSha(slug?.commit)) return [];
  const text = slug?.commit ?? /^Deploy ([0-9a-f]{7,63})$/i.exec(description ?? '')?.[1];
  const short = shaPrefix(text);
  return short ? [`commit:${short}`] : [];
}

function timesOf({ notification, release, webhook }: HerokuEvent, state: State) {
  const receivedAt = webhook.receivedAt.toISOString();
  const startedAt = toIso(release.created_at);
  const updatedAt = toIso(release.updated_at) ?? toIso(notification.created_at);
  const occurredAt = (isFinal(state) ? updatedAt : startedAt) ?? updatedAt ?? startedAt ?? receivedAt;
  return {
    occurredAt,
    ...(startedAt && { startedAt }),
    ...(isFinal(state) && { finishedAt: occurredAt }),
    receivedAt,
  };
}
