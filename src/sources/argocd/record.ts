import { type History, type NewChangeRecord, recordId, type State } from '../../domain/change-record.ts';
import { trimCharsEnd } from '../../values/text.ts';
import { toIso } from '../../values/time.ts';
import { safeUrl } from '../../values/url.ts';
import { environmentOf, labelsOf, serviceOf, withTier } from './environment.ts';
import { reasonsOf } from './health.ts';
import { isSelfHeal } from './history.ts';
import { imagesOf } from './images.ts';
import { originOf } from './origin.ts';
import { type Deployed, deployedBy } from './revision.ts';
import type { Notification } from './schema.ts';
import type { Settings } from './settings.ts';
import { short, webUrl } from './text.ts';

export type Event = 'running' | 'succeeded' | 'failed' | 'degraded';

/** An event that makes a record. */
export interface RecordInput {
  readonly notification: Notification;
  readonly event: Event;
  readonly state: State;
  readonly key: string;
  /** Absent only for entries of a history without it. */
  readonly startedAt?: string;
  readonly receivedAt: string;
  readonly settings: Settings;
  /** The name of the signal, in the terms of the field. */
  readonly signal: string;
  readonly history: History;
  readonly isRollback: boolean;
  /** When the health changed to its value, where that was after the sync. */
  readonly changedAt?: string;
  /** The application was degraded before the sync began. */
  readonly wasDegraded?: true;
  /** It is unknown when the health changed to its value. */
  readonly isUndated?: true;
  readonly notes?: readonly string[];
}

/** The signal of the template in configmap.yaml. */
export const TEMPLATE = 'argocd notification';

/**
 * Before Argo CD 2.14 it is unknown since when the application is healthy or degraded: the time of the report orders
 * its outcome. A success has a second record for that, since the first one has the end of the sync.
 */
export function recordsOf(step: RecordInput): NewChangeRecord[] {
  const { notification, state, isUndated } = step;
  const toldAt = isUndated ? toIso(notification.sent_at) : undefined;
  const finishedAt = toIso(notification.operation.finished_at);
  if (!toldAt || !finishedAt || toldAt <= finishedAt || state === 'running') return [toRecord(step)];
  const dated = toRecord({ ...step, changedAt: toldAt });
  return state === 'succeeded' ? [toRecord(step), dated] : [dated];
}

export function toRecord(step: RecordInput): NewChangeRecord {
  const { notification, state, key, startedAt, receivedAt, settings, signal, history } = step;
  const { operation } = notification;
  const environment = environmentOf(notification, settings);
  const service = serviceOf(notification, environment, settings);
  const deployed = deployedBy(notification, settings.gitlabHosts);
  const origin = originOf({ notification, settings, deployed, isRecovered: history.recovered === true });
  const pipelineUrl = pageOf(notification);
  const labels = labelsOf(notification);
  const actor = operation.username ?? (operation.automated ? 'argocd (automated)' : undefined);
  const description = descriptionOf(step);
  const waiting = waitingFor(step);
  return {
    id: idOf(step),
    deployment: key,
    source: 'argocd',
    instance: settings.instance,
    signal,
    authoritative: true,
    witness: 'sync',
    state,
    changeType: step.isRollback ? 'rollback' : 'deployment',
    ...(description && { description }),
    environment: withTier(environment.name, externalUrl(notification)),
    service: service.name,
    ...origin.parts,
    ...(pipelineUrl && { pipelineUrl }),
    ...(actor && { actor }),
    artifacts: [...deployed.artifacts, ...imagesOf(notification, state)],
    ...(Object.keys(labels).length > 0 && { labels }),
    paths: pathsOf(deployed),
    ...timesOf(step),
    ...(startedAt && { startedAt }),
    receivedAt,
    tags: [...tagsOf(step), ...origin.tags],
    ...(waiting && { waiting }),
    notes: notesOf(step, [environment.note, service.note, ...origin.notes, ...(step.notes ?? [])]),
    history,
  };
}

/**
 * The template and the whole Application may report the same step, and one of them has more facts: each has its own
 * record. An app that degrades and recovers, perhaps again and again, has a record for each moment; max_age_hours ends
 * it.
 */
function idOf(step: RecordInput): string {
  const { key, state, event, signal, history } = step;
  const changedAt = endedByHealth(step);
  const changed = changedAt ? [changedAt] : [];
  if (history.recovered) return recordId(key, state, 'history', ...changed);
  const waits = state === 'running' && event !== 'running' ? [step.notification.health.status ?? ''] : [];
  return recordId(
    key,
    state,
    event,
    ...changed,
    ...waits,
    ...revisionTags(step),
    ...(signal === TEMPLATE ? [] : [signal]),
  );
}

/** A sync may continue for another revision, or report only later which one it is. */
function revisionTags({ event, history }: RecordInput): string[] {
  return event === 'running' && history.revision && history.attempt ? [history.revision] : [];
}

const endedByHealth = ({ state, event, changedAt }: RecordInput): string | undefined =>
  state === 'running' || event === 'failed' ? undefined : changedAt;

/** A source's own path is the directory of the manifests in its repository; "." is all of it. */
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
function timesOf(step: RecordInput): Pick<NewChangeRecord, 'occurredAt' | 'finishedAt'> {
  const { notification, state, event, startedAt, receivedAt } = step;
  if (event === 'running') return { occurredAt: startedAt ?? receivedAt };
  if (state === 'running') return { occurredAt: waitsSince(step) };
  const finishedAt = toIso(notification.operation.finished_at);
  const end = finishedAt ?? toIso(notification.sent_at) ?? receivedAt;
  const isDegraded = event === 'degraded' && state === 'failed';
  const occurredAt = endedByHealth(step) ?? (isDegraded ? degradedAt(step, end) : end);
  return { occurredAt, ...(finishedAt && { finishedAt }) };
}

/** After the sync itself, so that of several reasons to wait the last one counts. */
function waitsSince({ notification, startedAt, receivedAt }: RecordInput): string {
  const moments = [startedAt, toIso(notification.operation.finished_at), toIso(notification.health.since)];
  const sorted = moments.filter((moment) => moment !== undefined).sort();
  return sorted.at(-1) ?? receivedAt;
}

/** Must be later than the end of the sync: between final states the later moment wins. */
function degradedAt({ notification, receivedAt, history }: RecordInput, end: string): string {
  const saysWhen = history.recovered || toIso(notification.health.since);
  const moment = saysWhen ? end : (toIso(notification.sent_at) ?? receivedAt);
  return moment > end ? moment : new Date(Date.parse(end) + 1).toISOString();
}

function notesOf(step: RecordInput, more: readonly (string | undefined)[]): string[] {
  const { notification, history } = step;
  const { app, health, event } = notification;
  const noHealth = event === 'succeeded' && !history.recovered && !health.status;
  const notes = [
    !app.name && 'The application has no name.',
    noHealth && 'Argo CD did not say whether the app is healthy.',
    step.wasDegraded && !history.recovered && degradedBefore(health),
    ...more,
  ];
  return notes.filter((note) => typeof note === 'string');
}

const degradedBefore = ({ since }: Notification['health']): string =>
  `The application is degraded since ${toIso(since)}, before this sync began: that is not blamed on it.`;

/** Why it has not ended, where that is known. */
function waitingFor(step: RecordInput): string | undefined {
  const { notification, event, state, history } = step;
  const { health, operation } = notification;
  if (state !== 'running' || history.recovered) return undefined;
  if (event !== 'running')
    return `The sync succeeded, and the application is ${health.status}${because(notification)}. ${WAYS_OUT}`;
  const says = operation.message && !/^one or more tasks are running/.test(operation.message);
  return says ? `Argo CD says: ${short(operation.message ?? '')}` : undefined;
}

const because = (notification: Notification): string => {
  const [reason] = reasonsOf(notification);
  return reason ? ` (${short(reason)})` : '';
};

const WAYS_OUT = 'Where it never becomes healthy, the annotation shiplog/healthy-when says what counts.';

function tagsOf(step: RecordInput): string[] {
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

export function isNoOp({ event, notification: { operation, resources } }: RecordInput): boolean {
  if (event !== 'succeeded' && event !== 'degraded') return false;
  return operation.message?.includes('no more tasks') || (resources.total > 0 && resources.changed === 0);
}

const RESOURCES_LIMIT = 5; // the template sends no more

function descriptionOf({ notification, event, state }: RecordInput): string | undefined {
  const { operation, resources } = notification;
  const lines: (string | undefined)[] = [];
  if (event === 'failed') lines.push(operation.message);
  if (event === 'degraded' && state === 'failed') lines.push(...degradedTexts(notification));
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

function degradedTexts(notification: Notification): string[] {
  const since = toIso(notification.health.since);
  const [first, ...more] = reasonsOf(notification);
  return [`Degraded${since ? ` since ${since}` : ''}${first ? `: ${first}` : ''}`, ...more];
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
