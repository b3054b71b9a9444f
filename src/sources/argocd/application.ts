import { z } from 'zod';
import { firstFields } from '../../values/text.ts';
import { Application, type ResourceResult, type SpecSource } from './application-schema.ts';
import { isWrapper } from './flat-fields.ts';
import { type HistoryEntry, type Notification, Wrapping } from './schema.ts';
import { TEMPLATE_VERSION } from './template-version.ts';

const Keyed = z.preprocess(firstFields, z.record(z.string(), z.unknown()));

interface UnwrappedApplication {
  readonly app: Application;
  readonly wrapping: Wrapping;
}

/** A CloudEvent inside a dispatch. */
const MAX_WRAPPERS = 2;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const has = (value: object, ...keys: string[]): boolean => keys.every((key) => Object.hasOwn(value, key));

/**
 * Shape B, `{{toJson .app}}`, and shape C, `{"app": {{toJson .app}}, …}` as Datadog, Dynatrace and CDviz send it, also
 * under another name or inside a wrapper.
 */
export function applicationIn(payload: object, depth = 0): UnwrappedApplication | undefined {
  const isBare = has(payload, 'metadata', 'spec', 'status') || ('kind' in payload && payload.kind === 'Application');
  if (isBare) return { app: Application.parse(payload), wrapping: Wrapping.parse({}) };
  const { app, application, ...others } = Keyed.parse(payload);
  const wrapped = [app, application].find((inner) => isObject(inner) && has(inner, 'metadata'));
  const whole = wrapped ?? Object.values(others).find((inner) => isObject(inner) && has(inner, 'metadata', 'status'));
  if (whole) return { app: Application.parse(whole), wrapping: Wrapping.parse(payload) };
  const wrapper = Object.entries(others).find(([name, inner]) => isWrapper(name) && isObject(inner))?.[1];
  const isDeep = depth === MAX_WRAPPERS || Array.isArray(wrapper);
  return isObject(wrapper) && !isDeep ? applicationIn(wrapper, depth + 1) : undefined;
}

/**
 * What the template of configmap.yaml computes of the same Application. Change both together.
 * @param annotation one that counts besides those that begin with `shiplog/`.
 */
export function toNotification({ app, wrapping }: UnwrappedApplication, annotation: string): Notification {
  const { metadata, spec, status } = app;
  const { syncResult: result, operation } = status.operationState;
  const request = operation.sync;
  const sources = syncedSources(app);
  const { drySHA, hydratedSHA } = status.sourceHydrator.lastSuccessfulOperation;
  const { Message: message, Author: author, Date: date } = wrapping.commit_metadata;
  return {
    event: eventOf(app),
    version: TEMPLATE_VERSION,
    sent_at: wrapping.timestamp,
    argocd_url: wrapping.context.argocdUrl,
    app: {
      name: metadata.name,
      namespace: metadata.namespace,
      uid: metadata.uid,
      project: spec.project,
      deleted_at: metadata.deletionTimestamp,
      labels: metadata.labels,
      annotations: ownAnnotations(metadata.annotations, annotation),
    },
    destination: spec.destination,
    operation: operationOf(app),
    revision: result.revision ?? request.revision,
    revisions: result.revisions.length > 0 ? result.revisions : request.revisions,
    sources: sources.map(toSource),
    overrides: overridesOf(sources),
    dry_sha: drySHA,
    hydrator: { hydrated_sha: hydratedSHA, ...hydratedFrom(app) },
    health: { status: status.health.status, message: status.health.message, since: status.health.lastTransitionTime },
    conditions: status.conditions.slice(0, SHOWN),
    unhealthy: unhealthyOf(app),
    images: status.summary.images,
    external_urls: status.summary.externalURLs,
    resources: resourcesOf(result.resources),
    history: status.history.map(toHistoryEntry),
    commit: { message, author, date },
  };
}

/** Argo CD's phase describes only the operation; the health decides whether a success is one. */
function eventOf({ status }: Application): string {
  switch (status.operationState.phase) {
    case 'Running':
    case 'Terminating':
      return 'running';
    case 'Failed':
    case 'Error':
      return 'failed';
    case 'Succeeded':
      return status.health.status === 'Degraded' ? 'degraded' : 'succeeded';
    default:
      return 'unknown';
  }
}

function operationOf({ status: { operationState } }: Application): Notification['operation'] {
  const { phase, message, startedAt, finishedAt, retryCount, operation } = operationState;
  return {
    phase,
    message,
    started_at: startedAt,
    finished_at: finishedAt,
    retry_count: retryCount,
    username: operation.initiatedBy.username,
    automated: operation.initiatedBy.automated,
    dry_run: operation.sync.dryRun,
    partial: operation.sync.resources.length > 0,
    info: operation.info,
  };
}

/** What was really deployed: the result, else the request, else the spec, which may have moved on. */
function syncedSources({ spec, status }: Application): readonly SpecSource[] {
  const { syncResult, operation } = status.operationState;
  return [syncResult, operation.sync, spec].map(listOf).find((sources) => sources.length > 0) ?? [];
}

function listOf({ sources, source }: Pick<Application['spec'], 'sources' | 'source'>): readonly SpecSource[] {
  if (sources.length > 0) return sources;
  return source.repoURL ? [source] : []; // {"repoURL": ""} is written where there are several
}

function toSource({ repoURL, targetRevision, path, chart, ref }: SpecSource): Notification['sources'][number] {
  return { repo_url: repoURL, target_revision: targetRevision, path, chart, ref };
}

const OVERRIDES_SHOWN = 10; // as the template

/** An image updater writes the images here, and the revision stays the same. Other parameters may be secret. */
function overridesOf(sources: readonly SpecSource[]): string[] {
  const all = sources.flatMap(({ kustomize, helm }) => [
    ...kustomize.images.flatMap((image) => image ?? []),
    ...helm.parameters.flatMap(({ name, value }) => (name && /image|tag/i.test(name) ? `${name}=${value ?? ''}` : [])),
  ]);
  return all.slice(0, OVERRIDES_SHOWN);
}

function toHistoryEntry(entry: Application['status']['history'][number]): HistoryEntry {
  const { id, revision, revisions, deployedAt, deployStartedAt, initiatedBy } = entry;
  const sources = listOf(entry);
  return {
    id,
    revision,
    revisions,
    deployed_at: deployedAt,
    started_at: deployStartedAt,
    username: initiatedBy.username,
    automated: initiatedBy.automated,
    sources: sources.map(toSource),
    overrides: overridesOf(sources),
  };
}

function hydratedFrom({ spec }: Application) {
  const { repoURL, targetRevision, path } = spec.sourceHydrator.drySource;
  return { repo_url: repoURL, target_revision: targetRevision, path };
}

function ownAnnotations(annotations: Application['metadata']['annotations'], more: string) {
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => key.startsWith('shiplog/') || key === more));
}

const SHOWN = 5; // as the template
const WORST_FIRST = ['Degraded', 'Missing', 'Unknown', 'Suspended', 'Progressing'];

function unhealthyOf({ status }: Application): Notification['unhealthy'] {
  const all = WORST_FIRST.flatMap((word) => status.resources.filter(({ health }) => health.status === word));
  return all.slice(0, SHOWN).map(({ kind, namespace, name, health }) => ({ kind, namespace, name, ...health }));
}

function resourcesOf(resources: readonly ResourceResult[]): Notification['resources'] {
  const failed = resources.filter(
    ({ status, hookPhase }) => status === 'SyncFailed' || hookPhase === 'Failed' || hookPhase === 'Error',
  );
  return {
    total: resources.length,
    changed: resources.filter(({ message }) => !message?.endsWith('unchanged')).length,
    failed: failed.slice(0, SHOWN).map(({ kind, namespace, name, message }) => ({ kind, namespace, name, message })),
    images: [...new Set(resources.flatMap(({ images }) => images))],
  };
}
