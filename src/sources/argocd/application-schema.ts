import { z } from 'zod';
import { Count, EntryId, Flag, lenient, list, Revisions, Text, Texts } from './schema.ts';

const Parameter = lenient({ name: Text, value: Text });
const SpecSource = lenient({
  repoURL: Text,
  targetRevision: Text,
  path: Text,
  chart: Text,
  ref: Text,
  kustomize: lenient({ images: list(Text) }),
  helm: lenient({ parameters: list(Parameter) }),
});
export type SpecSource = z.output<typeof SpecSource>;

/** Where sources and revisions are: the result of a sync, its request, and the spec. */
const Synced = {
  revision: Text,
  revisions: Revisions,
  source: SpecSource,
  sources: list(SpecSource),
};

const InitiatedBy = lenient({ username: Text, automated: Flag });

const ResourceResult = lenient({
  kind: Text,
  namespace: Text,
  name: Text,
  message: Text,
  status: Text,
  hookPhase: Text,
  images: list(Text),
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
          resources: list(z.unknown()),
        }),
        initiatedBy: InitiatedBy,
        info: list(lenient({ name: Text, value: Text })),
      }),
      syncResult: lenient({ ...Synced, resources: list(ResourceResult) }),
    }),
    health: lenient({ status: Text, message: Text, lastTransitionTime: Text }),
    summary: lenient({ images: list(Text), externalURLs: list(Text) }),
    conditions: list(lenient({ type: Text, message: Text })),
    resources: list(ResourceHealth),
    sourceHydrator: lenient({ lastSuccessfulOperation: lenient({ drySHA: Text, hydratedSHA: Text }) }),
    history: z
      .array(lenient({ ...Synced, id: EntryId, deployedAt: Text, deployStartedAt: Text, initiatedBy: InitiatedBy }))
      .catch([]),
  }),
});
export type Application = z.output<typeof Application>;
