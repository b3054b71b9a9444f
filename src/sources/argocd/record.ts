import { type History, type NewChangeRecord, recordId, type State } from '../../domain/change-record.ts';
import { trimCharsEnd } from '../../values/text.ts';
import { toIso } from '../../values/time.ts';
import { safeUrl } from '../../values/url.ts';
import { environmentOf, withTier } from './environment.ts';
import { originOf } from './origin.ts';
import { type Deployed, deployedBy } from './revision.ts';
import type { Notification } from './schema.ts';
import type { Settings } from './settings.ts';
import { short, webUrl } from './text.ts';

export type Event = 'running' | 'succeeded' | 'failed' | 'degraded';

/** An event that makes a record. */
export interface Step {
  readonly notification: Notification;
  readonly event: Event;
  readonly state: State;
  readonly key: string;
  /** Absent only for what is read from a history that does not say it. */
  readonly startedAt?: string;
  readonly receivedAt: string;
  readonly settings: Settings;
  /** The field's words for what told it. */
  readonly signal: string;
  readonly history: History;
  readonly isRollback: boolean;
  readonly notes?: readonly string[];
}

/** The signal of the template in configmap.yaml. */
export const TEMPLATE = 'argocd notification';

/** `Succeeded` means applied. Whether it runs is the health: argo-cd, pkg/apis/application/v1alpha1/types.go. */
export const STATE_BY_HEALTH: Readonly<Record<string, State>> = {
  Healthy: 'succeeded',
  Progressing: 'running',
  Missing: 'running',
  Suspended: 'running',
  Unknown: 'running',
  Degraded: 'failed',
};

export function toRecord(step: Step): NewChangeRecord {
  const { notification, state, key, startedAt, receivedAt, settings, signal, history } = step;
  const { app, operation } = notification;
  const environment = environmentOf(notification);
  const deployed = deployedBy(notification, settings.gitlabHosts);
  const origin = originOf({ notification, settings, deployed, isRecovered: history.recovered === true });
  const pipelineUrl = pageOf(notification);
  const actor = operation.username ?? (operation.automated ? 'argocd (automated)' : undefined);
  const description = descriptionOf(step);
  return {
    id: idOf(step),
    deployment: key,
    source: 'argocd',
    instance: settings.instance,
    signal,
    authoritative: !history.recovered,
    state,
    changeType: step.isRollback ? 'rollback' : 'deployment',
    ...(description && { description }),
    environment: withTier(environment.name, externalUrl(notification)),
    service: app.name ?? 'unknown',
    ...origin.parts,
    ...(pipelineUrl && { pipelineUrl }),
    ...(actor && { actor }),
    artifacts: [...deployed.artifacts],
    paths: pathsOf(deployed),
    ...timesOf(step),
    ...(startedAt && { startedAt }),
    receivedAt,
    tags: [...tagsOf(step), ...origin.tags],
    notes: notesOf(step, [environment.note, ...origin.notes, ...(step.notes ?? [])]),
    history,
  };
}

/**
 * The template and the whole Application may tell the same step, and one of them knows more: each has its own record.
 * An app that degrades and recovers, perhaps again and again, has a record for each moment; max_age_hours ends it.
 */
function idOf(step: Step): string {
  const { key, state, event, signal, history } = step;
  if (history.recovered) return recordId(key, state, 'history');
  const changed = healthChangedAt(step);
  return recordId(key, state, event, ...(changed ? [changed] : []), ...(signal === TEMPLATE ? [] : [signal]));
}

/** A source's own path says where in its repository the manifests lie; "." is all of it. */
function pathsOf({ source }: Deployed): string[] {
  const path = source?.path && bareFolder(source.path);
  return path && path !== '.' ? [path] : [];
}

/** `./apps/pay/` and `//apps/pay` are `apps/pay`. */
function bareFolder(path: string): string {
  const parts = path.split('/');
  const start = parts.findIndex((part) => part !== '' && part !== '.');
  return start < 0 ? '' : trimCharsEnd(parts.slice(start).join('/'), '/');
}

/** A retried sync has `finished_at` set while it still runs: only a final state has an end. */
function timesOf(step: Step): Pick<NewChangeRecord, 'occurredAt' | 'finishedAt'> {
  const { notification, event, state, startedAt, receivedAt } = step;
  if (state === 'running') return { occurredAt: startedAt ?? receivedAt };
  const finishedAt = toIso(notification.operation.finished_at);
  const end = finishedAt ?? toIso(notification.sent_at) ?? receivedAt;
  const occurredAt = event === 'degraded' ? degradedAt(step, end) : (healthChangedAt(step) ?? end);
  return { occurredAt, ...(finishedAt && { finishedAt }) };
}

/** When the app became what it is, if that was after the sync. Argo CD tells it since 2.14. */
function healthChangedAt({ notification, state, event }: Step): string | undefined {
  if (state === 'running' || event === 'failed') return undefined;
  const finished = toIso(notification.operation.finished_at);
  const since = toIso(notification.health.since);
  return finished && since && since > finished ? since : undefined;
}

/** Must be later than the end of the sync: between final states the later moment wins. */
function degradedAt({ notification, receivedAt }: Step, end: string): string {
  const moments = [toIso(notification.health.since), toIso(notification.sent_at), receivedAt];
  const later = moments.find((moment) => moment !== undefined && moment > end);
  return later ?? new Date(Date.parse(end) + 1).toISOString();
}

function notesOf({ notification, history }: Step, more: readonly (string | undefined)[]): string[] {
  const { app, health, event } = notification;
  const isTold = event === 'succeeded' && !history.recovered;
  const noHealth = isTold && !health.status && 'Argo CD did not say whether the app is healthy.';
  const waits =
    isTold &&
    STATE_BY_HEALTH[health.status ?? ''] === 'running' &&
    `When the sync had succeeded, the health was still ${health.status}.`;
  const noName = !app.name && 'The application has no name.';
  return [noName, noHealth, waits, ...more].filter((note) => typeof note === 'string');
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

/** Before Argo CD 2.13 there is no counter, but only self-heals are both automatic and partial. */
export const isSelfHeal = ({ operation }: Notification): boolean =>
  operation.self_heal_attempts > 0 || (operation.automated && operation.partial);

export function isNoOp({ event, notification: { operation, resources } }: Step): boolean {
  if (event !== 'succeeded' && event !== 'degraded') return false;
  return operation.message?.includes('no more tasks') || (resources.total > 0 && resources.changed === 0);
}

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

function pageOf({ app, argocd_url }: Notification): string | undefined {
  const url = webUrl(argocd_url);
  if (!url || !app.name) return undefined;
  const path = [app.namespace, app.name].flatMap((part) => (part ? encodeURIComponent(part) : [])).join('/');
  return `${url.origin}${trimCharsEnd(url.pathname, '/')}/applications/${path}?operation=true`;
}

/** What an ingress of the application answers to. */
function externalUrl({ external_urls }: Notification): string | undefined {
  return external_urls.map((url) => safeUrl(url)).find((url) => url !== undefined);
}
