import { type NewChangeRecord, recordId, type State } from '../../domain/change-record.ts';
import type { IgnoredReason, Mapped, Webhook } from '../source.ts';
import { toIso } from '../time.ts';
import { environmentOf, withTier } from './environment.ts';
import { type Deployed, deployedBy, isRollback, refOf, repositoryOf } from './revision.ts';
import { Notification } from './schema.ts';
import type { Settings } from './settings.ts';

type Event = 'running' | 'succeeded' | 'failed' | 'degraded';
type Ignored = Extract<Mapped, { kind: 'ignored' }>;

/** An event that makes a record, with the times that it must have. */
interface Step {
  readonly notification: Notification;
  readonly event: Event;
  readonly state: State;
  readonly key: string;
  readonly startedAt: string;
  readonly receivedAt: string;
  readonly settings: Settings;
  /** The field's words for what told it. */
  readonly signal: string;
}

const isEvent = (word: string | undefined): word is Event =>
  word === 'running' || word === 'succeeded' || word === 'failed' || word === 'degraded';

/** `Succeeded` means applied. Whether it runs is the health: argo-cd, pkg/apis/application/v1alpha1/types.go. */
const STATE_BY_HEALTH: Readonly<Record<string, State>> = {
  Healthy: 'succeeded',
  Progressing: 'running',
  Missing: 'running',
  Suspended: 'running',
  Unknown: 'running',
  Degraded: 'failed',
};

export const isNotification = (payload: object): boolean =>
  'schema' in payload && typeof payload.schema === 'string' && payload.schema.startsWith('shiplog/argocd/');

/** Shape A: what the template in configmap.yaml sends. */
export function mapNotification(payload: unknown, webhook: Webhook, settings: Settings): Mapped {
  return mapSync(Notification.parse(payload), { signal: 'argocd notification', webhook, settings });
}

interface Told {
  readonly signal: string;
  readonly webhook: Webhook;
  readonly settings: Settings;
}

/** One step of one sync, whoever put it into the words of the template. */
export function mapSync(notification: Notification, told: Told): Mapped {
  const step = stepOf(notification, told);
  if ('reason' in step) return step;
  return skipped(step, told.webhook) ?? { kind: 'records', records: [toRecord(step)] };
}

function stepOf(notification: Notification, { signal, webhook, settings }: Told): Step | Ignored {
  const { event, app, operation, health } = notification;
  if (event === 'deleting') return ignored('app_deleted', 'The application is being deleted.');
  if (!operation.started_at) return ignored('not_started', 'The application has never been synced.');
  if (!isEvent(event)) {
    return ignored('unknown_status', `The event is ${word(event)} and the phase ${word(operation.phase)}.`);
  }
  if (operation.dry_run) return ignored('dry_run', 'A dry run deploys nothing.');
  const startedAt = toIso(operation.started_at);
  if (!startedAt) return ignored('unmapped', 'operation.started_at is not a time, and it names the deployment.');
  if (!app.name && !app.uid) return ignored('unmapped', 'app.name and app.uid are missing: nothing names the app.');
  const state = stateOf(notification, event);
  if (!state) return ignored('unknown_status', `The sync succeeded and the health is ${word(health.status)}.`);
  const key = `argocd:${identity(notification)}:${startedAt}`;
  const receivedAt = webhook.receivedAt.toISOString();
  const degraded = event === 'succeeded' && state === 'failed';
  return { notification, event: degraded ? 'degraded' : event, state, key, startedAt, receivedAt, settings, signal };
}

/** The uid is unique over all clusters; a name is so within one Argo CD. */
function identity({ app, argocd_url }: Notification): string {
  if (app.uid) return app.uid;
  const name = `${app.namespace ?? ''}/${app.name ?? ''}`;
  const host = webUrl(argocd_url)?.host;
  return host ? `${host}/${name}` : name;
}

function stateOf({ operation, health }: Notification, event: Event): State | undefined {
  if (event === 'running') return 'running';
  if (event === 'degraded') return 'failed';
  // Argo CD: "Operation terminated" is what a person's TERMINATE and the sync timeout leave (gitops-engine sync_context.go).
  if (event === 'failed') return operation.message?.startsWith('Operation terminated') ? 'canceled' : 'failed';
  if (!health.status) return 'succeeded';
  return Object.hasOwn(STATE_BY_HEALTH, health.status) ? STATE_BY_HEALTH[health.status] : undefined;
}

/** Steps that are understood and that the settings leave out. */
function skipped(step: Step, webhook: Webhook): Ignored | undefined {
  const { notification, event, settings, startedAt } = step;
  if (isSelfHeal(notification) && settings.selfHeal === 'skip') {
    return ignored('self_heal', 'Argo CD put drifted resources back; nothing new was deployed (setting self_heal).');
  }
  const ageMs = sentAtMs(notification, webhook) - Date.parse(startedAt);
  if (event !== 'running' && ageMs > settings.maxAgeMs) {
    return ignored('too_old', `The sync started at ${startedAt}, longer ago than max_age_hours.`);
  }
  if (event === 'degraded' && settings.degraded === 'ignore') {
    return ignored('not_a_deployment', 'The application is degraded (setting degraded: ignore).');
  }
  if (isNoOp(step) && settings.noop === 'skip') {
    return ignored('no_op', 'The sync had nothing to change (setting noop: skip).');
  }
  return undefined;
}

/** Before Argo CD 2.13 there is no counter, but only self-heals are both automatic and partial. */
const isSelfHeal = ({ operation }: Notification): boolean =>
  operation.self_heal_attempts > 0 || (operation.automated && operation.partial);

function isNoOp({ event, notification: { operation, resources } }: Step): boolean {
  if (event !== 'succeeded' && event !== 'degraded') return false;
  return operation.message?.includes('no more tasks') || (resources.total > 0 && resources.changed === 0);
}

function toRecord(step: Step): NewChangeRecord {
  const { notification, state, key, startedAt, receivedAt, settings, signal } = step;
  const { app, operation } = notification;
  const environment = environmentOf(notification);
  const deployed = deployedBy(notification, settings.gitlabHosts);
  const repository = repositoryOf(notification, deployed.source, settings.gitlabHosts);
  const pipelineUrl = pageOf(notification);
  const actor = operation.username ?? (operation.automated ? 'argocd (automated)' : undefined);
  const description = descriptionOf(step);
  const commit = commitOf(notification, deployed.sha);
  return {
    id: recordId(key, state, step.event),
    deployment: key,
    source: 'argocd',
    instance: settings.instance,
    signal,
    authoritative: true,
    state,
    changeType: isRollback(notification) ? 'rollback' : 'deployment',
    ...(description && { description }),
    environment: withTier(environment.name, externalUrl(notification)),
    service: app.name ?? 'unknown',
    ...(repository && { repository }),
    ...refOf(notification, deployed.source),
    ...(commit && { commit }),
    ...(pipelineUrl && { pipelineUrl }),
    ...(actor && { actor }),
    artifacts: [...deployed.artifacts],
    ...timesOf(step),
    startedAt,
    receivedAt,
    tags: tagsOf(step),
    notes: notesOf(step, [environment.note, ...deployed.notes, foreignCommit(deployed, repository)]),
  };
}

/** With a source hydrator the message is of the commit that Argo CD wrote, and the sha is of the one that a person did. */
function commitOf({ commit, dry_sha }: Notification, sha: string | undefined): NewChangeRecord['commit'] {
  const said = dry_sha ? {} : commitText(commit);
  return sha || Object.keys(said).length > 0 ? { ...(sha && { sha }), ...said } : undefined;
}

export function commitText({ message, author, date }: Notification['commit']) {
  const text = message && short(message, COMMIT_LIMIT);
  const title = text?.split('\n', 1)[0]?.trim();
  const committedAt = toIso(date);
  return {
    ...(title && { title }),
    ...(text && { message: text }),
    ...(author && { author }),
    ...(committedAt && { committedAt }),
  };
}

/** A notification that was held up on its way is not about the past because of that. One from the future has a wrong clock. */
function sentAtMs({ sent_at }: Step['notification'], { receivedAt }: Webhook): number {
  const received = receivedAt.getTime();
  return Math.min(Date.parse(toIso(sent_at) ?? receivedAt.toISOString()), received);
}

/** A retried sync has `finished_at` set while it still runs: only a final state has an end. */
function timesOf(step: Step): Pick<NewChangeRecord, 'occurredAt' | 'finishedAt'> {
  const { notification, event, state, startedAt, receivedAt } = step;
  if (state === 'running') return { occurredAt: startedAt };
  const finishedAt = toIso(notification.operation.finished_at);
  const end = finishedAt ?? toIso(notification.sent_at) ?? receivedAt;
  const occurredAt = event === 'degraded' ? degradedAt(step, end) : end;
  return { occurredAt, ...(finishedAt && { finishedAt }) };
}

/** Must be later than the end of the sync: between final states the later moment wins. */
function degradedAt({ notification, receivedAt }: Step, end: string): string {
  const moments = [toIso(notification.health.since), toIso(notification.sent_at), receivedAt];
  const later = moments.find((moment) => moment !== undefined && moment > end);
  return later ?? new Date(Date.parse(end) + 1).toISOString();
}

function notesOf({ notification }: Step, more: readonly (string | undefined)[]): string[] {
  const { app, health, event } = notification;
  const noHealth = event === 'succeeded' && !health.status && 'Argo CD did not say whether the app is healthy.';
  const waits =
    event === 'succeeded' &&
    STATE_BY_HEALTH[health.status ?? ''] === 'running' &&
    `When the sync had succeeded, the health was still ${health.status}.`;
  const noName = !app.name && 'The application has no name.';
  return [noName, noHealth, waits, ...more].filter((note) => typeof note === 'string');
}

/** GitLab refuses a commit that the project does not have. */
function foreignCommit({ sha }: Deployed, repository: NewChangeRecord['repository']): string | undefined {
  if (!sha || !repository?.gitlabProject || !repository.url) return undefined;
  const project = repository.gitlabProject;
  if (/^\d+$/.test(project) || project.toLowerCase() === repository.name.toLowerCase()) return undefined;
  return `The commit is of ${repository.name}; the annotation shiplog/gitlab-project names ${project}.`;
}

function tagsOf(step: Step): string[] {
  const { app, operation } = step.notification;
  const tags = [
    'argocd',
    app.name && `app:${app.name}`,
    app.project && `project:${app.project}`,
    operation.partial && 'partial',
    isSelfHeal(step.notification) && 'self-heal',
    isNoOp(step) && 'no-op',
  ];
  return tags.filter((tag) => typeof tag === 'string');
}

const MESSAGE_LIMIT = 500; // characters
const COMMIT_LIMIT = 2000; // characters of a commit message
const RESOURCES_LIMIT = 5; // the template sends no more

function descriptionOf({ notification, event }: Step): string | undefined {
  const { operation, health, resources } = notification;
  const lines: (string | undefined)[] = [];
  if (event === 'failed') lines.push(operation.message);
  if (event === 'degraded') lines.push(health.message && `Degraded: ${health.message}`);
  if (event === 'failed' || event === 'degraded') {
    for (const { kind, namespace, name, message } of resources.failed.slice(0, RESOURCES_LIMIT)) {
      const what = [kind, [namespace, name].filter(Boolean).join('/')].filter(Boolean).join(' ');
      lines.push([what, message].filter(Boolean).join(': '));
    }
  }
  for (const { name, value } of operation.info.slice(0, RESOURCES_LIMIT)) {
    if (value) lines.push(name ? `${name}: ${value}` : value);
  }
  return lines.flatMap((line) => (line ? short(line) : [])).join('\n') || undefined;
}

/** Whole characters, and no control characters: messages of `helm template` hold bells and worse. */
export function short(text: string, limit = MESSAGE_LIMIT): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  const clean = text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, ' ').trim();
  const characters = [...clean];
  return characters.length > limit ? `${characters.slice(0, limit - 1).join('')}…` : clean;
}

function pageOf({ app, argocd_url }: Notification): string | undefined {
  const url = webUrl(argocd_url);
  if (!url || !app.name) return undefined;
  const path = [app.namespace, app.name].flatMap((part) => (part ? encodeURIComponent(part) : [])).join('/');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}/applications/${path}?operation=true`;
}

/** What an ingress of the application answers to. */
function externalUrl({ external_urls }: Notification): string | undefined {
  return external_urls.find((url) => webUrl(url));
}

const URL_LIMIT = 2000; // characters

export function webUrl(text: string | undefined): URL | undefined {
  if (!text || text.length > URL_LIMIT || !/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text);
}

export const word = (text: string | undefined): string => (text ? `"${text.slice(0, 40)}"` : 'missing');

export function ignored(reason: IgnoredReason, detail: string): Ignored {
  return { kind: 'ignored', reason, detail };
}
