import type { ChangeRecord } from './change-record.ts';
import { tierOf } from './tier.ts';

type Environment = ChangeRecord['environment'];

/** `review/add-lamp` and `pr-12` are one of many that come and go. */
const FOLDER = /^([^/]+\/)./;
const NUMBERED = /^((?:review|preview|pr|mr|feature)-)./i;

/**
 * The name under which environments that come and go are shown together: `review/*`. Production and staging are never
 * folded: `eu/production` stands for itself.
 */
export function swimlaneOf(environment: Environment): string {
  const tier = tierOf(environment);
  if (tier === 'production' || tier === 'staging') return environment.name;
  const prefix = (FOLDER.exec(environment.name) ?? NUMBERED.exec(environment.name))?.[1];
  return prefix ? `${prefix}*` : environment.name;
}
