import type { ChangeRecord } from './change-record.ts';
import type { Deployment } from './deployment.ts';
import { fold } from './fold.ts';
import { type RoutingOptions, route } from './rules/routing.ts';
import type { Rule } from './rules/rule.ts';

/** Where the value of one field of a deployment comes from. */
export interface Origin {
  readonly field: string;
  readonly value: unknown;
  /** The signals that reported it, or the line of the rule that set it. */
  readonly from: readonly string[];
}

export interface OriginParts {
  readonly rules: readonly Rule[];
  readonly routing: RoutingOptions;
}

const FIELDS = [
  'state',
  'changeType',
  'riskLevel',
  'summary',
  'environment.name',
  'environment.tier',
  'environment.url',
  'service',
  'serviceId',
  'repository.name',
  'repository.url',
  'repository.gitlabProject',
  'ref',
  'tag',
  'commit.sha',
  'commit.title',
  'commit.author',
  'manifests.revision',
  'pipelineUrl',
  'job',
  'jobUrl',
  'pullRequest.number',
  'actor',
  'artifacts',
  'occurredAt',
  'startedAt',
  'finishedAt',
  'tags',
] as const;

/** One stage of a deployment's way through the rules. */
interface Stage {
  readonly deployment: Deployment;
  readonly by: string;
}

/** For every field that has a value, the record or rule that gave it. */
export function originsOf(key: string, records: readonly ChangeRecord[], parts: OriginParts): readonly Origin[] {
  const reported = fold(key, records);
  const stages = stagesOf(reported, parts);
  const final = stages.at(-1)?.deployment ?? reported;
  return FIELDS.flatMap((field) => {
    const value = at(final, field);
    if (value === undefined || (Array.isArray(value) && value.length === 0)) return [];
    const changes = stages.filter(({ deployment }, index) => {
      const before = stages[index - 1]?.deployment ?? reported;
      return !same(at(deployment, field), at(before, field));
    });
    const setters = Array.isArray(value) ? changes : changes.slice(-1); // lists grow, anything else is replaced
    const signals =
      Array.isArray(value) || changes.length === 0 ? signalsThatReport(records, field, at(reported, field)) : [];
    return [{ field, value, from: [...signals, ...setters.map(({ by }) => by)] }];
  });
}

/** Applies one rule more at a time: what changes from one stage to the next is the effect of the rule between them. */
function stagesOf(reported: Deployment, { rules, routing }: OriginParts): Stage[] {
  const named = route(reported, [], routing);
  const steps = rules.map((_, index) => {
    const { deployment, trace } = route(reported, rules.slice(0, index + 1), routing);
    return { deployment, by: `rule ${trace.at(-1) ?? index}` };
  });
  return [{ deployment: named.deployment, by: named.trace.join('; ') }, ...steps];
}

function signalsThatReport(records: readonly ChangeRecord[], field: string, value: unknown): string[] {
  const reports = (record: ChangeRecord) => {
    const reported = at(record, field);
    return Array.isArray(value) && Array.isArray(reported) ? reported.length > 0 : same(reported, value);
  };
  return [...new Set(records.filter(reports).map(({ signal }) => signal))];
}

function at(holder: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, name) => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined),
      holder,
    );
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
