import { z } from 'zod';
import { ChangeType, RiskLevel, Tier } from '../change-record.ts';
import { During } from './during.ts';
import { groupsOf, Match } from './match.ts';
import { unknownNames, Value } from './value.ts';

const Assignment = z.strictObject({
  service: Value.optional(),
  service_id: Value.optional(),
  environment: Value.optional(),
  tier: Tier.optional(),
  gitlab_project: z
    .union([z.string(), z.number().int().positive()], 'write the path or the number of the project')
    .transform(String)
    .pipe(Value)
    .optional(),
  risk_level: RiskLevel.optional(),
  change_type: ChangeType.optional(),
  tags: z.array(Value).optional(),
});
export type Assignment = z.infer<typeof Assignment>;

export const Rule = z
  .strictObject({
    name: z.string().min(1).optional(),
    match: Match.default({}),
    /** Only deployments that were made in one of these windows: a freeze. It marks, and blocks nothing. */
    during: During.optional(),
    set: Assignment.optional(),
    /** The deployment is neither listed nor delivered to any sink. The inbox says which rule did it. */
    drop: z.boolean().optional(),
    /** Only these sinks receive it. */
    sinks: z.array(z.string()).optional(),
    /**
     * Signals with the same value report one deployment, whichever tool sent them; `false`: no other tool reports it.
     */
    join: z.union([z.literal(false), Value], 'write false, or a text such as "{service}-{commit}"').optional(),
  })
  .superRefine(({ match, during, set = {}, drop, join }, context) => {
    const complain = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message });
    const groups = groupsOf(match);
    for (const [path, value] of valuesOf(set))
      for (const message of unknownNames(value, groups)) complain(['set', ...path], message);
    if (join) for (const message of unknownNames(join, groups)) complain(['join'], message);
    if (drop && during) complain(['drop'], 'a window marks what was made in it, and hides nothing: write set or sinks');
    // An empty variable counts as not written: what was meant to drop one branch must not drop everything.
    if (drop && Object.keys(match).length === 0)
      complain(['drop'], 'this drops every deployment; say which under match (environment: "**" is all of them)');
  });
export type Rule = z.infer<typeof Rule>;

/** What a rule is called in the trace, the inbox and the doctor. */
export const ruleName = ({ name }: Rule, index: number): string => name ?? `rules[${index}]`;

function valuesOf(set: Assignment): [PropertyKey[], Value][] {
  const single = (['service', 'service_id', 'environment', 'gitlab_project'] as const).flatMap(
    (key): [PropertyKey[], Value][] => (set[key] ? [[[key], set[key]]] : []),
  );
  return [...single, ...(set.tags ?? []).map((tag, index): [PropertyKey[], Value] => [['tags', index], tag])];
}
