import { z } from 'zod';
import { firstFields, firstItems, textUnless } from '../../values/text.ts';

/**
 * Text that is not blank, or undefined. Go templates print `<no value>` for a missing field; wrong types count as
 * missing, because one odd field must not lose the deployment.
 */
export const Text = textUnless((text) => text === '<no value>' || text === '<nil>');

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Labels and annotations. */
export const Texts = z.preprocess((value) => (isObject(value) ? firstFields(value) : {}), z.record(z.string(), Text));

// One step each: what is missing in most notifications would be an error of zod each time.
export const Flag = z.transform((value: unknown) => value === true);
export const Count = z.transform((value: unknown) => (Number.isFinite(value) ? Number(value) : 0));

/** An object that exists even when it was not sent, so that readers need no `?.`. Every key must accept undefined. */
export function lenient<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess((value) => (isObject(value) ? value : {}), z.object(shape));
}

/** The same for a list. */
export const list = <Item extends z.ZodType>(item: Item) =>
  z.preprocess((value) => (Array.isArray(value) ? firstItems(value) : []), z.array(item));

export const Revisions = list(Text);

const SourceOfApp = lenient({
  repo_url: Text,
  target_revision: Text,
  path: Text,
  chart: Text,
  ref: Text,
});
export type SourceOfApp = z.output<typeof SourceOfApp>;

/** Images that the source itself names (Kustomize images, Helm parameters): they change while the revision stays. */
const Overrides = list(Text);

export const EntryId = z.number().int().nonnegative().optional().catch(undefined);

const HistoryEntry = lenient({
  id: EntryId,
  revision: Text,
  revisions: Revisions,
  deployed_at: Text,
  /** Since Argo CD 2.11, as are those who began it. */
  started_at: Text,
  username: Text,
  automated: Flag,
  /** What was synced then. The template sends it since its version 2. */
  sources: list(SourceOfApp),
  overrides: Overrides,
});
export type HistoryEntry = z.output<typeof HistoryEntry>;

/**
 * The body of the template in configmap.yaml. Parses every JSON: missing or odd values are undefined, 0, false or [].
 */
export const Notification = lenient({
  event: Text,
  /** Version of the template. Absent: it is older than any with a version. */
  version: Count,
  sent_at: Text,
  argocd_url: Text,
  app: lenient({
    /** When the deletion of the application began. */
    deleted_at: Text,
    name: Text,
    namespace: Text,
    uid: Text,
    project: Text,
    labels: Texts,
    annotations: Texts,
  }),
  destination: lenient({ server: Text, name: Text, namespace: Text }),
  operation: lenient({
    phase: Text,
    message: Text,
    started_at: Text,
    finished_at: Text,
    username: Text,
    automated: Flag,
    /** A retry may deploy another revision than the attempt before (Argo CD 3.2: retry.refresh). */
    retry_count: Count,
    dry_run: Flag,
    partial: Flag,
    info: list(lenient({ name: Text, value: Text })),
  }),
  revision: Text,
  revisions: Revisions,
  sources: list(SourceOfApp),
  overrides: Overrides,
  /** Of the newest commit that the source hydrator read, which need not be the deployed one. */
  dry_sha: Text,
  /** The commit that it wrote for that one, and where it read. */
  hydrator: lenient({ hydrated_sha: Text, repo_url: Text, target_revision: Text, path: Text }),
  health: lenient({ status: Text, message: Text, since: Text }),
  conditions: list(lenient({ type: Text, message: Text })),
  /** The resources that keep the application from being healthy, worst first. */
  unhealthy: list(lenient({ kind: Text, namespace: Text, name: Text, status: Text, message: Text })),
  images: list(Text),
  external_urls: list(Text),
  resources: lenient({
    total: Count,
    changed: Count,
    failed: list(lenient({ kind: Text, namespace: Text, name: Text, message: Text })),
    /** Of the manifests that were synced, since Argo CD 3.1. */
    images: list(Text),
  }),
  history: list(HistoryEntry),
  /** Not in configmap.yaml: Argo CD's repo server knows it, and asking it can lose the notification. */
  commit: lenient({ message: Text, author: Text, date: Text }),
});
export type Notification = z.output<typeof Notification>;

/** What is sent beside a wrapped Application: Datadog's and CDviz's templates. `GetCommitMetadata` writes capitals. */
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
