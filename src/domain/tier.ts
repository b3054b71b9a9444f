import type { ChangeRecord, Tier } from './change-record.ts';
import type { Deployment } from './deployment.ts';

type Environment = ChangeRecord['environment'] & { readonly tierGuessed?: true };

/** GitLab: app/models/environment.rb, guess_tier; the first that matches, in GitLab's order. */
const GUESSES: readonly (readonly [RegExp, Tier])[] = [
  [/dev|review|trunk/i, 'development'],
  [/test|tst|int|acc?ept|acpt|qa|qc|control|quality/i, 'testing'],
  [/sta?g|model|modl|pre|demo|non/i, 'staging'],
  [/prod|prd|live/i, 'production'],
];

/**
 * The tier that the tool or a rule gave, else what the name suggests: the one definition of production, for rules,
 * pages and sinks. Undefined where neither gives one.
 */
export const knownTier = ({ name, tier }: Environment): Tier | undefined => tier ?? guessedTier(name);

/** For what has to sort every environment somewhere. */
export const tierOf = (environment: Environment): Tier => knownTier(environment) ?? 'other';

/** A name that means "unknown" suggests nothing. */
function guessedTier(name: string): Tier | undefined {
  return name === 'unknown' ? undefined : GUESSES.find(([pattern]) => pattern.test(name))?.[1];
}

/** Gives an environment without a tier the one that its name suggests, marked as a guess. A guess is never stored. */
export function withTier(deployment: Deployment): Deployment {
  const { name, tier, tierGuessed, ...rest } = deployment.environment;
  if (tier !== undefined && !tierGuessed) return deployment;
  const guess = guessedTier(name);
  return {
    ...deployment,
    environment: { name, ...rest, ...(guess && { tier: guess, tierGuessed: true as const }) },
  };
}
