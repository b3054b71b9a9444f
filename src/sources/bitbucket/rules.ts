import { RE2JS } from 're2js';
import { z } from 'zod';
import { compilePattern } from '../../values/pattern.ts';

/** How much of key, name and description of a build status is matched, characters. */
const LOOKED_AT = 500;

/**
 * A regular expression that names an environment. Nested repetition is refused, since it is always a mistake; patterns
 * that this check overlooks, such as `(a|a)*`, RE2 matches in linear time.
 */
const EnvironmentPattern = z.string().transform((pattern, context) => {
  const complain = (message: string) => {
    context.addIssue({ code: 'custom', message: `${message}; write one such as ^deploy/(?<env>[a-z-]+)$` });
    return z.NEVER;
  };
  if (pattern.length > LOOKED_AT) return complain(`the regular expression is longer than ${LOOKED_AT} characters`);
  const compiled = compilePattern(pattern, { syntax: 're2' });
  if (!(compiled instanceof RE2JS))
    return complain(
      compiled.kind === 'catastrophic'
        ? 'the regular expression repeats what repeats, which can take for ever'
        : `not a regular expression of RE2 syntax: ${compiled.why}`,
    );
  if (!Object.hasOwn(compiled.namedGroups(), 'env')) {
    return complain('the regular expression has no group (?<env>…), which names the environment');
  }
  return compiled;
});

/** Which build statuses are deployments, by the configuration: Bitbucket itself does not say. */
export const BuildStatusRules = z.strictObject({
  /** The first of these that finds an environment in a status's key, name or description. */
  deployments: z.array(EnvironmentPattern).default([]),
  /** Branch → environment: a build of the branch is a deployment there. */
  branches: z.record(z.string().min(1), z.string().min(1)).default({}),
});
export type BuildStatusRules = z.output<typeof BuildStatusRules>;

/** The environment that a pattern finds in one of these texts, as it is written there. */
export function environmentIn(
  texts: readonly (string | undefined)[],
  { deployments }: BuildStatusRules,
): string | undefined {
  for (const pattern of deployments) {
    for (const text of texts) {
      const matcher = pattern.matcher(text?.slice(0, LOOKED_AT) ?? '');
      const found = matcher.find() ? matcher.group('env') : undefined;
      if (found) return found;
    }
  }
  return undefined;
}
