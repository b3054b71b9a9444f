import { z } from 'zod';
import { ChangeType, State } from '../change-record.ts';
import type { Deployment } from '../deployment.ts';
import { knownTier } from '../tier.ts';
import { matchAny, mergeCaptures, Patterns } from './pattern.ts';
import { type Captures, NOTHING_CAPTURED, type Pattern } from './regex.ts';

/** One word of a closed list or several, so that a misspelled word is refused. */
const Words = <Word extends string>(words: readonly Word[]) => {
  const Known = z.enum(words);
  return z
    .union([Known, z.array(Known).min(1)], `write one of ${words.join(', ')}, or a list of them`)
    .transform((written): readonly Pattern[] => [written].flat().map(exactly));
};

const exactly = (word: string): Pattern => ({
  text: word,
  groups: [],
  match: (text) => (text === word ? NOTHING_CAPTURED : undefined),
});

export const Criteria = z.strictObject({
  source: Patterns.optional(),
  /** GitLab project path, Bitbucket repository or Argo CD AppProject, as `repository` and `tags` show them. */
  project: Patterns.optional(),
  repository: Patterns.optional(),
  /** The Argo CD application. */
  app: Patterns.optional(),
  /** Where the tool says that it deployed to, as `labels` shows it. */
  namespace: Patterns.optional(),
  cluster: Patterns.optional(),
  argocd_project: Patterns.optional(),
  service: Patterns.optional(),
  environment: Patterns.optional(),
  tier: Patterns.optional(),
  /** The name of the branch or tag; `ref_type` says which. */
  branch: Patterns.optional(),
  ref_type: Words(['branch', 'tag']).optional(),
  status: Words(State.options).optional(),
  change_type: Words(ChangeType.options).optional(),
  tag: Patterns.optional(),
  job: Patterns.optional(),
  /** Any file or directory that the change touches. */
  path: Patterns.optional(),
  /** Any image or chart version that is rolled out. */
  artifact: Patterns.optional(),
  changed_by: Patterns.optional(),
});
export type Criteria = z.infer<typeof Criteria>;

/** All parts must match, and none of those under `not`. */
export const Match = Criteria.extend({ not: Criteria.optional() });
export type Match = z.infer<typeof Match>;

/** The names of the groups that its regular expressions capture. Those under `not` capture nothing. */
export function groupsOf({ not: _, ...criteria }: Match): string[] {
  return partsOf(criteria).flatMap(([, patterns]) => patterns.flatMap(({ groups }) => groups));
}

/** The captures of a match, or undefined when it does not match. An unknown field matches no pattern. */
export function matchOf({ not = {}, ...criteria }: Match, deployment: Deployment): Captures | undefined {
  const actual = valuesOf(deployment);
  const found: Captures[] = [];
  for (const [key, patterns] of partsOf(criteria)) {
    const captures = matchAny(patterns, actual[key]);
    if (!captures) return undefined;
    found.push(captures);
  }
  const isExcluded = partsOf(not).some(([key, patterns]) => matchAny(patterns, actual[key]));
  return isExcluded ? undefined : mergeCaptures(found);
}

/**
 * The first part of a match that a deployment does not meet, as a sentence after a name: "tier is staging, it takes
 * only production". Undefined: it matches.
 */
export function mismatchOf({ not = {}, ...criteria }: Match, deployment: Deployment): string | undefined {
  const actual = valuesOf(deployment);
  const missed = partsOf(criteria).find(([key, patterns]) => !matchAny(patterns, actual[key]));
  if (missed) return `${saidText(missed[0], actual)}, it takes only ${textOf(missed[1])}`;
  const excluded = partsOf(not).find(([key, patterns]) => matchAny(patterns, actual[key]));
  return excluded && `${saidText(excluded[0], actual)}, it takes none of ${textOf(excluded[1])}`;
}

/** Longer lists are not written out in a sentence. */
const MAX_NAMED = 5;

function saidText(key: keyof Criteria, actual: ReturnType<typeof valuesOf>): string {
  const texts = actual[key].filter((text) => text !== undefined);
  return texts.length === 0 ? `${key} is not known` : `${key} is ${listed(texts)}`;
}

const textOf = (patterns: readonly Pattern[]): string => listed(patterns.map(({ text }) => text));

const listed = (texts: readonly string[]): string =>
  texts.length > MAX_NAMED ? `${texts.slice(0, MAX_NAMED).join(', ')} …` : texts.join(', ');

const partsOf = (criteria: Criteria) =>
  Object.entries(criteria).filter((part): part is [keyof Criteria, readonly Pattern[]] => part[1] !== undefined);

function valuesOf(deployment: Deployment): Record<keyof Criteria, readonly (string | undefined)[]> {
  const { repository, environment, tag } = deployment;
  const names = [repository?.name, repository?.formerly]; // a rename does not end a rule
  return {
    source: [deployment.source, deployment.instance, deployment.reportedSource],
    project: [repository?.gitlabProject, ...names, ...taggedWith('project', deployment)],
    repository: [...names, repository?.url],
    app: taggedWith('app', deployment),
    namespace: [deployment.labels?.['namespace']],
    cluster: [deployment.labels?.['cluster']],
    argocd_project: [deployment.labels?.['argocd_project']],
    service: [deployment.service],
    environment: [environment.name],
    tier: [knownTier(environment)],
    branch: [deployment.ref],
    ref_type: [tag === undefined ? undefined : tag ? 'tag' : 'branch'],
    status: [deployment.state],
    change_type: [deployment.changeType],
    tag: deployment.tags,
    job: [deployment.job],
    path: deployment.paths,
    artifact: deployment.artifacts,
    changed_by: [deployment.actor],
  };
}

/** Sources put facts without a field of their own into tags: `app:lighthouse`. */
export function taggedWith(name: string, { tags }: Deployment): string[] {
  const prefix = `${name}:`;
  return tags.filter((tag) => tag.startsWith(prefix)).map((tag) => tag.slice(prefix.length));
}
