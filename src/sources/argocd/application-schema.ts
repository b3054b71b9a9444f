import { z } from 'zod';
import { listOf } from '../../values/text.ts';
import { Count, EntryId, Flag, lenient, Revisions, Text, Texts } from './schema.ts';

const Parameter = lenient({ name: Text, value: Text });
const SpecSource = lenient({
  repoURL: Text,
  targetRevision: Text,
  path: Text,
  chart: Text,
  ref: Text,
  kustomize: lenient({ images: listOf(Text).catch([]) }),
  helm: lenient({ parameters: listOf(Parameter).catch([]) }),
});
export type SpecSource = z.output<typeof SpecSource>;

/** Where sources and revisions are: the result of a sync, its request, and the spec. */
const Synced = {
  revision: Text,
  revisions: Revisions,
  source: SpecSource,
  sources: listOf(SpecSource).catch([]),
};

const InitiatedBy = lenient({ username: Text, automated: Flag });

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

/** Argo CD 3 keeps a resource's health elsewhere unless configured otherwise (controller.resource.health.persist). */
const ResourceHealth = lenient({
  kind: Text,
  namespace: Text,
  name: Text,
  health: lenient({ status: Text, message: Text }),
});

/** Argo CD's own object: pkg/apis/application/v1alpha1/types.go. */
export const Application = lenient({
  kind: Text,
  metadata: lenient({
    name: Text,
    namespace: Text,
    uid: Text,
    deletionTimestamp: Text,
    labels: Texts,
    annotations: Texts,
  }),
  spec: lenient({
    ...Synced,
    project: Text,
    destination: lenient({ server: Text, name: Text, namespace: Text }),
    sourceHydrator: lenient({ drySource: lenient({ repoURL: Text, targetRevision: Text, path: Text }) }),
  }),
  status: lenient({
    operationState: lenient({
      phase: Text,
      message: Text,
      startedAt: Text,
      finishedAt: Text,
      retryCount: Count,
      operation: lenient({
        sync: lenient({
          ...Synced,
          dryRun: Flag,
          resources: listOf(z.unknown()).catch([]),
        }),
        initiatedBy: InitiatedBy,
        info: listOf(lenient({ name: Text, value: Text })).catch([]),
      }),
      syncResult: lenient({ ...Synced, resources: listOf(ResourceResult).catch([]) }),
    }),
    health: lenient({ status: Text, message: Text, lastTransitionTime: Text }),
    summary: lenient({ images: listOf(Text).catch([]), externalURLs: listOf(Text).catch([]) }),
    conditions: listOf(lenient({ type: Text, message: Text })).catch([]),
    resources: listOf(ResourceHealth).catch([]),
    sourceHydrator: lenient({ lastSuccessfulOperation: lenient({ drySHA: Text, hydratedSHA: Text }) }),
    history: z
      .array(lenient({ ...Synced, id: EntryId, deployedAt: Text, deployStartedAt: Text, initiatedBy: InitiatedBy }))
      .catch([]),
  }),
});
export type Application = z.output<typeof Application>;
