import { z } from 'zod';
import type { Deployment } from '../deployment.ts';
import { limitProject, type ProjectLimits } from '../project-limit.ts';
import { withTier } from '../tier.ts';
import { type During, windowOf } from './during.ts';
import { groupsOf, matchOf } from './match.ts';
import { type NameMap, rename, renamed, withOriginal } from './names.ts';
import type { Captures } from './regex.ts';
import { type Rule, ruleName } from './rule.ts';
import { assign } from './set.ts';
import { compute } from './value.ts';

export { NameMap } from './names.ts';
export { Rule, ruleName } from './rule.ts';

/** `all`: every rule that matches is applied, in order. `first`: only the first one. */
export const RulesMode = z.enum(['all', 'first']);
export type RulesMode = z.infer<typeof RulesMode>;

export interface RoutingOptions {
  /** Default: all. */
  readonly mode?: RulesMode;
  /** Applied before the rules, which see our names. */
  readonly environments?: NameMap;
  readonly services?: NameMap;
  readonly projects?: ProjectLimits;
}

/** A deployment after the rules, and which rule did what to it. */
export interface RoutingResult {
  readonly deployment: Deployment;
  readonly droppedBy?: string;
  /** Absent: every sink. */
  readonly sinks?: readonly string[];
  /** The value of a rule's `join`, or `false`: joined with none; absent where no rule sets it. */
  readonly join?: string | false;
  /** A line for each name map that renamed it, then a line for each rule that matched. */
  readonly trace: readonly string[];
  /** The indexes of the rules that matched. */
  readonly matched: readonly number[];
}

/**
 * Applies the name maps, then the rules in their order; each sees what the ones before it set. The last `sinks` wins;
 * the first `drop` ends it.
 */
export function route(deployment: Deployment, rules: readonly Rule[], options: RoutingOptions = {}): RoutingResult {
  let routed = applyNames(deployment, options);
  for (const [index, rule] of rules.entries()) {
    const captures = matchOf(rule.match, routed.deployment);
    const window = rule.during && windowOf(rule.during, routed.deployment);
    if (!captures || (rule.during && !window)) continue;
    routed = apply(routed, { rule, index, captures, window });
    if (rule.drop || options.mode === 'first') break;
  }
  const named = limitProject(routed.deployment, options.projects);
  return { ...routed, deployment: withTier(withOriginal(deployment, named)) };
}

function applyNames(deployment: Deployment, { environments, services }: RoutingOptions): RoutingResult {
  const environment = renamed(environments, deployment.environment.name);
  const service = renamed(services, deployment.service);
  const trace = [
    ...renaming('environments: environment', deployment.environment.name, environment),
    ...renaming('services: service', deployment.service, service),
  ];
  return { deployment: rename(deployment, { environment, service }), trace, matched: [] };
}

const renaming = (what: string, before: string, now: string | undefined): string[] =>
  now === undefined || now === before ? [] : [oneLine(`${what} = ${now} (was ${before})`)];

function apply(
  routed: RoutingResult,
  { rule, index, captures, window }: { rule: Rule; index: number; captures: Captures; window: During | undefined },
): RoutingResult {
  const { deployment } = routed;
  const name = ruleName(rule, index);
  const context = { deployment, captures, groups: groupsOf(rule.match) };
  const assigned = rule.set ? assign(rule.set, context) : { deployment, effects: [] };
  const effects = [
    ...(window ? [`during ${window.text}`] : []),
    ...assigned.effects,
    ...(rule.sinks ? [`sinks = ${rule.sinks.join(', ') || 'none'}`] : []),
    ...(rule.join === undefined ? [] : [rule.join === false ? 'never joined' : `joined by "${rule.join.text}"`]),
    ...(rule.drop ? ['dropped'] : []),
  ];
  const sinks = rule.sinks ?? routed.sinks;
  const join = joinOf(rule, context) ?? routed.join;
  return {
    deployment: assigned.deployment,
    ...(sinks && { sinks }),
    ...(join !== undefined && { join }),
    ...(rule.drop && { droppedBy: name }),
    trace: [...routed.trace, oneLine(`${name}: ${effects.join('; ') || 'matched'}`)],
    matched: [...routed.matched, index],
  };
}

/** A value with an unknown part joins nothing. */
function joinOf({ join }: Rule, context: Parameters<typeof compute>[1]): string | false | undefined {
  if (join === undefined || join === false) return join;
  const computed = compute(join, context);
  return 'value' in computed ? computed.value : undefined;
}

/** Names are foreign text and may hold line breaks. */
const oneLine = (text: string): string => text.replace(/\s+/g, ' ');
