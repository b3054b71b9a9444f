import type { Tier } from '../change-record.ts';
import type { Deployment } from '../deployment.ts';
import { rename } from './names.ts';
import type { Assignment } from './rule.ts';
import { type Computed, compute, isComputed, type Value, type ValueContext } from './value.ts';

interface Assigned {
  readonly deployment: Deployment;
  /** What was set from what, and what could not be set. */
  readonly effects: readonly string[];
}

/** Every value is computed from the deployment as it was before this rule. */
export function assign(set: Assignment, context: ValueContext): Assigned {
  const { deployment } = context;
  const effects: string[] = [];
  const take = (key: string, value: Value | undefined, was?: string): string | undefined => {
    if (!value) return undefined;
    const computed = compute(value, context);
    effects.push(describe(key, { value, computed, was }));
    return 'value' in computed ? computed.value : undefined;
  };
  const state = <Word extends string>(key: string, word: Word | undefined, was?: string): Word | undefined => {
    if (word) effects.push(`${key} = ${word}${before(was, word)}`);
    return word;
  };
  const values: Values = {
    service: take('service', set.service, deployment.service),
    serviceId: take('service_id', set.service_id, deployment.serviceId),
    environment: take('environment', set.environment, deployment.environment.name),
    tier: state('tier', set.tier, deployment.environment.tier),
    gitlabProject: take('gitlab_project', set.gitlab_project, deployment.repository?.gitlabProject),
    riskLevel: state('risk_level', set.risk_level, deployment.riskLevel),
    changeType: state('change_type', set.change_type, deployment.changeType),
    tags: (set.tags ?? []).map((tag) => take('tag', tag)).filter((tag) => tag !== undefined),
  };
  return { deployment: withValues(deployment, values), effects };
}

interface Values {
  readonly service: string | undefined;
  readonly serviceId: string | undefined;
  readonly environment: string | undefined;
  readonly tier: Assignment['tier'];
  readonly gitlabProject: string | undefined;
  readonly riskLevel: Assignment['risk_level'];
  readonly changeType: Assignment['change_type'];
  readonly tags: readonly string[];
}

function withValues(deployment: Deployment, values: Values): Deployment {
  const { tier, gitlabProject, serviceId, riskLevel, changeType, tags } = values;
  const named = rename(deployment, values);
  const repository = named.repository ?? { name: gitlabProject ?? named.service };
  return {
    ...named,
    ...(tier && { environment: withTier(named.environment, tier) }),
    ...(serviceId && { serviceId }),
    ...(gitlabProject && { repository: { ...repository, gitlabProject } }),
    ...(riskLevel && { riskLevel }),
    ...(changeType && { changeType }),
    ...(tags.length > 0 && { tags: [...new Set([...named.tags, ...tags])] }),
  };
}

function withTier({ tierGuessed: _, ...environment }: Deployment['environment'], tier: Tier) {
  return { ...environment, tier };
}

type AssignmentStep = { readonly value: Value; readonly computed: Computed; readonly was: string | undefined };

function describe(key: string, { value, computed, was }: AssignmentStep): string {
  if ('missing' in computed) return `${key} not set from "${value.text}": ${computed.missing}`;
  const from = isComputed(value) ? ` from "${value.text}"` : '';
  return `${key} = ${computed.value}${from}${before(was, computed.value)}`;
}

const before = (was: string | undefined, now: string) => (was === undefined || was === now ? '' : ` (was ${was})`);
