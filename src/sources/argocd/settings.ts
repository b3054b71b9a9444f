import { annotation } from './annotation.ts';
import type { ApplicationCommit } from './application-commit.ts';
import { HealthyWhen } from './health.ts';
import type { Notification } from './schema.ts';

/** Which applications a setting is for: all of its parts must match. */
export interface Selected<Value> {
  readonly fits: (app: Notification) => boolean;
  readonly value: Value;
}

/** What the mapping needs of the configuration. */
export interface Settings {
  /** The name of the configured source. */
  readonly instance: string;
  readonly degraded: 'failed' | 'ignore';
  readonly degradedWithinMs: number;
  readonly selfHeal: 'skip' | 'record';
  readonly noop: 'record' | 'skip';
  readonly maxAgeMs: number;
  /** The first match counts. */
  readonly healthyWhen: readonly Selected<HealthyWhen>[];
  /** Lower case. */
  readonly environmentWords: ReadonlySet<string>;
  /** `search-production` in production is the service `search`. */
  readonly serviceWithoutEnvironment: boolean;
  /** Host names, lower case, without scheme and port. */
  readonly gitlabHosts: readonly string[];
  /** For a GitLab under a path: its host, and that path without slashes at its ends. */
  readonly gitlabRoots: ReadonlyMap<string, string>;
  readonly defaultRef: string | undefined;
  readonly applicationCommit: ApplicationCommit;
}

/** What counts as a success of this application: its annotation, else the configuration. */
export function healthyWhen(notification: Notification, { healthyWhen: rules }: Settings): HealthyWhen {
  const { success, data } = HealthyWhen.safeParse(
    annotation(notification, 'shiplog/healthy-when').value?.toLowerCase(),
  );
  return success ? data : (rules.find(({ fits }) => fits(notification))?.value ?? 'healthy');
}

/** The origin of a notification, and when it reached us. */
export interface SignalContext {
  /** The name of the signal, in the terms of the field. */
  readonly signal: string;
  readonly receivedAt: Date;
  readonly settings: Settings;
}
