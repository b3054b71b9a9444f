import { z } from 'zod';
import { firstFields, listOf, textUnless } from '../../values/text.ts';

/**
 * Text that says something, or undefined. Go templates print `<no value>` for a missing field; wrong types count as
 * missing, because one odd field must not lose the deployment.
 */
export const Text = textUnless((text) => text === '<no value>' || text === '<nil>');

/** Labels and annotations. */
const Texts = z.preprocess(firstFields, z.record(z.string(), Text)).catch({});

const Flag = z.boolean().catch(false);
const Count = z.number().catch(0);

/** An object that is there even when it was not sent, so that readers need no `?.`. Every key must take undefined. */
function lenient<Shape extends z.ZodRawShape>(shape: Shape) {
  const object = z.object(shape);
  return object.catch(() => object.parse({}));
}

const Revisions = listOf(Text).catch([]);

const SourceOfApp = lenient({
  repo_url: Text,
  target_revision: Text,
  path: Text,
  chart: Text,
  ref: Text,
});
export type SourceOfApp = z.output<typeof SourceOfApp>;

const EntryId = z.number().int().nonnegative().optional().catch(undefined);

const HistoryEntry = lenient({
  id: EntryId,
  revision: Text,
  revisions: Revisions,
  deployed_at: Text,
  /** Since Argo CD 2.11. */
  started_at: Text,
  /** Only an Application has them; the template sends those of the sync alone. */
  sources: listOf(SourceOfApp).catch([]),
});
export type HistoryEntry = z.output<typeof HistoryEntry>;

/** What the template in configmap.yaml sends. Parses every JSON: what is missing or odd is undefined, 0, false or []. */
export const Notification = lenient({
  event: Text,
  sent_at: Text,
  argocd_url: Text,
  app: lenient({
    name: Text,
    namespace: Text,
    uid: Text,
    project: Text,
    labels: Texts,
    annotations: Texts,
  }),
  destination: lenient({ name: Text, namespace: Text }),
  operation: lenient({
    phase: Text,
    message: Text,
    started_at: Text,
    finished_at: Text,
    username: Text,
    automated: Flag,
    dry_run: Flag,
    partial: Flag,
    self_heal_attempts: Count,
    info: listOf(lenient({ name: Text, value: Text })).catch([]),
  }),
  revision: Text,
  revisions: Revisions,
  sources: listOf(SourceOfApp).catch([]),
  dry_sha: Text,
  health: lenient({ status: Text, message: Text, since: Text }),
  images: listOf(Text).catch([]),
  external_urls: listOf(Text).catch([]),
  resources: lenient({
    total: Count,
    changed: Count,
    failed: listOf(lenient({ kind: Text, namespace: Text, name: Text, message: Text })).catch([]),
    /** Of the manifests that were synced, since Argo CD 3.1. */
    images: listOf(Text).catch([]),
  }),
  history: listOf(HistoryEntry).catch([]),
  /** Not in configmap.yaml: Argo CD's repo server knows it, and asking it can lose the notification. */
  commit: lenient({ message: Text, author: Text, date: Text }),
});
export type Notification = z.output<typeof Notification>;

const SpecSource = lenient({ repoURL: Text, targetRevision: Text, path: Text, chart: Text, ref: Text });
export type SpecSource = z.output<typeof SpecSource>;

/** Where sources and revisions stand: the result of a sync, its request, and the spec. */
const Synced = {
  revision: Text,
  revisions: Revisions,
  source: SpecSource,
  sources: listOf(SpecSource).catch([]),
};

const ResourceResult = lenient({
  kind: Text,
  namespace: Text,
  name: Text,
  message: Text,
  status: Text,
  hookPhase: Text,
  images: listOf(Text).catch([]),
});
export type ResourceResult = z.output<typeof ResourceResult>;

/** Argo CD's own object: pkg/apis/application/v1alpha1/types.go. */
export const Application = lenient({
  metadata: lenient({
    name: Text,
    namespace: Text,
    uid: Text,
    deletionTimestamp: Text,
    labels: Texts,
    annotations: Texts,
  }),
  spec: lenient({ ...Synced, project: Text, destination: lenient({ name: Text, namespace: Text }) }),
  status: lenient({
    operationState: lenient({
      phase: Text,
      message: Text,
      startedAt: Text,
      finishedAt: Text,
      operation: lenient({
        sync: lenient({
          ...Synced,
          dryRun: Flag,
          resources: listOf(z.unknown()).catch([]),
          autoHealAttemptsCount: Count,
        }),
        initiatedBy: lenient({ username: Text, automated: Flag }),
        info: listOf(lenient({ name: Text, value: Text })).catch([]),
      }),
      syncResult: lenient({ ...Synced, resources: listOf(ResourceResult).catch([]) }),
    }),
    health: lenient({ status: Text, message: Text, lastTransitionTime: Text }),
    summary: lenient({ images: listOf(Text).catch([]), externalURLs: listOf(Text).catch([]) }),
    sourceHydrator: lenient({ lastSuccessfulOperation: lenient({ drySHA: Text }) }),
    history: listOf(lenient({ ...Synced, id: EntryId, deployedAt: Text, deployStartedAt: Text })).catch([]),
  }),
});
export type Application = z.output<typeof Application>;

/** What stands beside a wrapped Application: Datadog's and CDviz's templates. `GetCommitMetadata` writes capitals. */
export const Wrapping = lenient({
  timestamp: Text,
  context: lenient({ argocdUrl: Text }),
  commit_metadata: lenient({ Message: Text, Author: Text, Date: Text }),
});
export type Wrapping = z.output<typeof Wrapping>;

/** The body of GitLab's `POST /projects/:id/statuses/:sha`. */
export const CommitStatus = lenient({
  state: z.unknown().optional(),
  name: Text,
  context: Text,
  ref: Text,
  target_url: Text,
  description: Text,
});
export type CommitStatus = z.output<typeof CommitStatus>;

/** The body of GitLab's `POST /projects/:id/deployments`, as its documented ConfigMap for Argo CD writes it. */
export const DropIn = lenient({
  environment: Text,
  sha: Text,
  ref: Text,
  /** "false" in quotes in GitLab's own example. */
  tag: z.union([z.boolean(), z.stringbool()]).optional().catch(undefined),
  /** Absent means success. Anything else must be a word that is known: a wrong type is not a success. */
  status: z.unknown().optional(),
});
export type DropIn = z.output<typeof DropIn>;
