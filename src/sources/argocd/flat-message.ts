import type { State } from '../../domain/change-record.ts';

/**
 * What Argo CD writes into `status.operationState.message`, which many templates send without the phase. The health and
 * the status of the sync are those of the application: after a hook failed they may be as good as before.
 * gitops-engine: pkg/sync/sync_context.go; argo-cd: controller/appcontroller.go.
 */
const MESSAGES: readonly (readonly [RegExp, State])[] = [
  // the failure of an attempt that is repeated: the operation goes on
  [/\bRetrying attempt #\d+ at /, 'running'],
  [
    /^one or more (?:objects failed to apply|synchronization tasks (?:are not valid|completed unsuccessfully))/,
    'failed',
  ],
  [/^Operation (?:forcefully )?terminated/, 'canceled'],
  [/^(?:one or more tasks are running|waiting for (?:healthy state|completion of hook|deletion) )/, 'running'],
  [/^successfully synced \((?:all tasks run|no more tasks)\)/, 'succeeded'],
];

export const stateOfMessage = (message = ''): State | undefined =>
  MESSAGES.find(([pattern]) => pattern.test(message))?.[1];
