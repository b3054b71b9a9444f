import type { State } from '../../domain/change-record.ts';
import type { IgnoredReason } from '../mapped.ts';
import type { FluxEvent } from './schema.ts';

/** What an event means. `rollback`: Helm's own remediation, back to the release before. */
export type Meaning =
  | { readonly state: State; readonly isRollback?: true }
  | { readonly ignored: IgnoredReason; readonly detail: string };

const WAITS = { ignored: 'not_started', detail: 'it waits, or cannot begin: nothing was applied' } as const;
const DRIFT = { ignored: 'self_heal', detail: 'drift was found or corrected, and nothing new was deployed' } as const;
const GONE = { ignored: 'app_deleted', detail: 'the release was uninstalled' } as const;

/** fluxcd/pkg apis/meta, kustomize-controller and helm-controller: the reasons of their conditions. */
const REASONS: Readonly<Record<string, Meaning>> = {
  Progressing: { state: 'running' },
  ProgressingWithRetry: { state: 'running' },
  ReconciliationSucceeded: { state: 'succeeded' },
  ReconciliationFailed: { state: 'failed' },
  BuildFailed: { state: 'failed' },
  HealthCheckFailed: { state: 'failed' },
  /** A newer revision came while it waited for the health of this one. */
  HealthCheckCanceled: { state: 'canceled' },
  PruneFailed: { state: 'failed' },
  ValidationFailed: { state: 'failed' },
  InvalidCELExpression: { state: 'failed' },
  InstallSucceeded: { state: 'succeeded' },
  InstallFailed: { state: 'failed' },
  UpgradeSucceeded: { state: 'succeeded' },
  UpgradeFailed: { state: 'failed' },
  TestSucceeded: { state: 'succeeded' },
  TestFailed: { state: 'failed' },
  RollbackSucceeded: { state: 'succeeded', isRollback: true },
  RollbackFailed: { state: 'failed', isRollback: true },
  DriftDetected: DRIFT,
  DriftCorrected: DRIFT,
  DriftCorrectionFailed: DRIFT,
  UninstallSucceeded: GONE,
  UninstallFailed: GONE,
  DependencyNotReady: WAITS,
  ArtifactFailed: WAITS,
  SourceNotReady: WAITS,
  AccessDenied: WAITS,
  FeatureGateDisabled: WAITS,
  InitFailed: WAITS,
  GetLastReleaseFailed: WAITS,
};

/** Flux reports a passed health check like any progress: its message alone shows that it is the end. */
const HEALTHY = /^Health check passed\b/;

/** Undefined: the reason is unknown. */
export function meaningOf({ reason = '', message = '' }: FluxEvent): Meaning | undefined {
  if (reason === 'Progressing' && HEALTHY.test(message)) return { state: 'succeeded' };
  return Object.hasOwn(REASONS, reason) ? REASONS[reason] : undefined;
}
