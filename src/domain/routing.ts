import picomatch from 'picomatch';
import { z } from 'zod';
import { ChangeType, RiskLevel, State } from './change-record.ts';
import type { Deployment } from './deployment.ts';

/** One glob or several, any of which may match. `*` stays within a path part, `**` does not. */
const Globs = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).transform((globs) => [globs].flat());

const Match = z.strictObject({
  source: Globs.optional(),
  /** GitLab project path, Bitbucket repository or Argo CD AppProject, as `repository` and `tags` show them. */
  project: Globs.optional(),
  repository: Globs.optional(),
  app: Globs.optional(),
  service: Globs.optional(),
  environment: Globs.optional(),
  tier: Globs.optional(),
  branch: Globs.optional(),
  status: z
    .union([State, z.array(State).min(1)])
    .transform((states) => [states].flat() as string[])
    .optional(),
});

const Assignment = z.strictObject({
  service: z.string().min(1).optional(),
  service_id: z.string().min(1).optional(),
  environment: z.string().min(1).optional(),
  gitlab_project: z
    .union([z.string().min(1), z.number().int().positive()])
    .transform(String)
    .optional(),
  risk_level: RiskLevel.optional(),
  change_type: ChangeType.optional(),
  tags: z.array(z.string().min(1)).optional(),
});

export const Rule = z.strictObject({
  name: z.string().min(1).optional(),
  match: Match.default({}),
  set: Assignment.optional(),
  /** The deployment is not recorded and not told to anyone. The inbox says which rule did it. */
  drop: z.boolean().optional(),
  /** Only these sinks hear of it. */
  sinks: z.array(z.string()).optional(),
});
export type Rule = z.infer<typeof Rule>;

/** A deployment after the rules, and which rule did what to it. */
export interface Routed {
  readonly deployment: Deployment;
  readonly droppedBy?: string;
  /** Absent: every sink. */
  readonly sinks?: readonly string[];
  /** One line a rule that matched. */
  readonly trace: readonly string[];
}

/**
 * Applies the rules in their order; each sees what the ones before it set. The last `sinks` wins; the first `drop` ends it.
 */
export function route(deployment: Deployment, rules: readonly Rule[]): Routed {
  let routed: Routed = { deployment, trace: [] };
  for (const [index, rule] of rules.entries()) {
    if (!matches(rule.match, routed.deployment)) continue;
    const name = rule.name ?? `rules[${index}]`;
    routed = {
      ...routed,
      deployment: rule.set ? assign(routed.deployment, rule.set) : routed.deployment,
      ...(rule.sinks && { sinks: rule.sinks }),
      trace: [...routed.trace, `${name}: ${describe(rule)}`],
    };
    if (rule.drop) return { ...routed, droppedBy: name };
  }
  return routed;
}

function describe(rule: Rule): string {
  const parts = Object.entries(rule.set ?? {}).map(([key, value]) => `${key} = ${String(value)}`);
  if (rule.sinks) parts.push(`sinks = ${rule.sinks.join(', ') || 'none'}`);
  if (rule.drop) parts.push('dropped');
  return parts.join('; ') || 'matched';
}

function matches(match: Rule['match'], deployment: Deployment): boolean {
  const tagged = (name: string) =>
    deployment.tags.filter((tag) => tag.startsWith(`${name}:`)).map((tag) => tag.slice(name.length + 1));
  const repository = [deployment.repository?.name, deployment.repository?.url];
  const said: Record<keyof Rule['match'], readonly (string | undefined)[]> = {
    source: [deployment.source, deployment.instance, deployment.reportedSource],
    project: [deployment.repository?.gitlabProject, deployment.repository?.name, ...tagged('project')],
    repository,
    app: tagged('app'),
    service: [deployment.service],
    environment: [deployment.environment.name],
    tier: [deployment.environment.tier],
    branch: [deployment.ref],
    status: [deployment.state],
  };
  return Object.entries(match).every(([key, globs]) => {
    if (globs === undefined) return true;
    const candidates = said[key as keyof Rule['match']].filter((text) => text !== undefined); // the keys of Match are the keys of said
    return candidates.some((text) => picomatch.isMatch(text, globs, { dot: true, nocase: true }));
  });
}

function assign(deployment: Deployment, set: NonNullable<Rule['set']>): Deployment {
  const repository = deployment.repository ?? { name: set.gitlab_project ?? deployment.service };
  return {
    ...deployment,
    ...(set.service && { service: set.service }),
    ...(set.service_id && { serviceId: set.service_id }),
    ...(set.environment && { environment: { ...deployment.environment, name: set.environment } }),
    ...(set.gitlab_project && { repository: { ...repository, gitlabProject: set.gitlab_project } }),
    ...(set.risk_level && { riskLevel: set.risk_level }),
    ...(set.change_type && { changeType: set.change_type }),
    ...(set.tags && { tags: [...new Set([...deployment.tags, ...set.tags])] }),
  };
}
