import type { ChangeRecord, Tier } from './change-record.ts';

type Environment = ChangeRecord['environment'];

/** GitLab: app/models/environment.rb, guess_tier; the first that fits, in GitLab's order. */
const GUESSES: readonly (readonly [RegExp, Tier])[] = [
  [/dev|review|trunk/i, 'development'],
  [/test|tst|int|acc?ept|acpt|qa|qc|control|quality/i, 'testing'],
  [/sta?g|model|modl|pre|demo|non/i, 'staging'],
  [/prod|prd|live/i, 'production'],
];

/** For the order of lanes alone: a guess is never told to a sink, nor shown as the tier. */
export const tierOf = ({ name, tier }: Environment): Tier =>
  tier ?? GUESSES.find(([pattern]) => pattern.test(name))?.[1] ?? 'other';

/** `review/add-lamp` and `pr-12` are one of many that come and go. */
const FOLDER = /^([^/]+\/)./;
const NUMBERED = /^((?:review|preview|pr|mr|feature)-)./i;

/**
 * The name under which environments that come and go are shown together: `review/*`. Production and staging are never
 * folded: `eu/production` stands for itself.
 */
export function laneOf(environment: Environment): string {
  const tier = tierOf(environment);
  if (tier === 'production' || tier === 'staging') return environment.name;
  const prefix = (FOLDER.exec(environment.name) ?? NUMBERED.exec(environment.name))?.[1];
  return prefix ? `${prefix}*` : environment.name;
}
