import type { ChangeRecord } from './change-record.ts';
import { tierOf } from './tier.ts';

type Environment = ChangeRecord['environment'];

/** `review/add-lamp` and `pr-12` are examples of short-lived environments. */
const FOLDER = /^([^/]+\/)./;
const NUMBERED = /^((?:review|preview|pr|mr|feature)-)./i;

/**
 * The name under which short-lived environments are shown together: `review/*`. Production and staging are never
 * grouped: `eu/production` has a swimlane of its own.
 */
export function swimlaneOf(environment: Environment): string {
  const tier = tierOf(environment);
  if (tier === 'production' || tier === 'staging') return environment.name;
  const prefix = (FOLDER.exec(environment.name) ?? NUMBERED.exec(environment.name))?.[1];
  return prefix ? `${prefix}*` : environment.name;
}
