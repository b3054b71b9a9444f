import { z } from 'zod';
import {
  Application,
  type HistoryEntry,
  type Notification,
  type ResourceResult,
  type SpecSource,
  Wrapping,
} from './schema.ts';

const Keyed = z.record(z.string(), z.unknown());

interface Found {
  readonly app: Application;
  readonly wrapping: Wrapping;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const has = (value: object, ...keys: string[]): boolean => keys.every((key) => Object.hasOwn(value, key));

/** Shape B, `{{toJson .app}}`, and shape C, `{"app": {{toJson .app}}, …}` as Datadog, Dynatrace and CDviz send it. */
export function applicationIn(payload: object): Found | undefined {
  const isBare = has(payload, 'metadata', 'spec', 'status') || ('kind' in payload && payload.kind === 'Application');
  if (isBare) return { app: Application.parse(payload), wrapping: Wrapping.parse({}) };
  const { app, application } = Keyed.parse(payload);
  const wrapped = [app, application].find((inner) => isObject(inner) && has(inner, 'metadata'));
  return wrapped ? { app: Application.parse(wrapped), wrapping: Wrapping.parse(payload) } : undefined;
}

/**
 * What the template of configmap.yaml computes of the same Application. Change both together.
 * @param annotation one that counts besides those that begin with `shiplog/`.
 */
export function toNotification({ app, wrapping }: Found, annotation: string): Notification {
  const { metadata, spec, status } = app;
  const { syncResult: result, operation } = status.operationState;
  const request = operation.sync;
  const { Message: message, Author: author, Date: date } = wrapping.commit_metadata;
  return {
    event: eventOf(app),
    sent_at: wrapping.timestamp,
    argocd_url: wrapping.context.argocdUrl,
    app: {
      name: metadata.name,
      namespace: metadata.namespace,
      uid: metadata.uid,
      project: spec.project,
      labels: metadata.labels,
      annotations: ours(metadata.annotations, annotation),
    },
    destination: spec.destination,
    operation: operationOf(app),
    revision: result.revision ?? request.revision,
    revisions: result.revisions.length > 0 ? result.revisions : request.revisions,
    sources: sourcesOf(app),
    dry_sha: status.sourceHydrator.lastSuccessfulOperation.drySHA,
    health: { status: status.health.status, message: status.health.message, since: status.health.lastTransitionTime },
    images: status.summary.images,
    external_urls: status.summary.externalURLs,
    resources: resourcesOf(result.resources),
    history: status.history.map(toHistoryEntry),
    commit: { message, author, date },
  };
}

/** Argo CD's phase is of the operation only; the health decides whether a success is one. */
function eventOf({ metadata, status }: Application): string {
  if (metadata.deletionTimestamp) return 'deleting';
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
  const { phase, message, startedAt, finishedAt, operation } = operationState;
  return {
    phase,
    message,
    started_at: startedAt,
    finished_at: finishedAt,
    username: operation.initiatedBy.username,
    automated: operation.initiatedBy.automated,
    dry_run: operation.sync.dryRun,
    partial: operation.sync.resources.length > 0,
    self_heal_attempts: operation.sync.autoHealAttemptsCount,
    info: operation.info,
  };
}

/** What was really deployed: the result, else the request, else the spec, which may have moved on. */
function sourcesOf({ spec, status }: Application): Notification['sources'] {
  const { syncResult, operation } = status.operationState;
  return [syncResult, operation.sync, spec].map(listOf).find((sources) => sources.length > 0) ?? [];
}

function listOf({ sources, source }: { sources: readonly SpecSource[]; source: SpecSource }): Notification['sources'] {
  if (sources.length > 0) return sources.map(toSource);
  return source.repoURL ? [toSource(source)] : []; // {"repoURL": ""} stands where there are several
}

function toSource({ repoURL, targetRevision, path, chart, ref }: SpecSource): Notification['sources'][number] {
  return { repo_url: repoURL, target_revision: targetRevision, path, chart, ref };
}

function toHistoryEntry(entry: Application['status']['history'][number]): HistoryEntry {
  const { id, revision, revisions, deployedAt, deployStartedAt } = entry;
  const sources = listOf(entry);
  return { id, revision, revisions, deployed_at: deployedAt, started_at: deployStartedAt, sources };
}

function ours(annotations: Application['metadata']['annotations'], more: string) {
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => key.startsWith('shiplog/') || key === more));
}

const FAILED_SHOWN = 5; // as the template

function resourcesOf(resources: readonly ResourceResult[]): Notification['resources'] {
  const failed = resources.filter(
    ({ status, hookPhase }) => status === 'SyncFailed' || hookPhase === 'Failed' || hookPhase === 'Error',
  );
  return {
    total: resources.length,
    changed: resources.filter(({ message }) => !message?.endsWith('unchanged')).length,
    failed: failed
      .slice(0, FAILED_SHOWN)
      .map(({ kind, namespace, name, message }) => ({ kind, namespace, name, message })),
    images: [...new Set(resources.flatMap(({ images }) => images))],
  };
}
