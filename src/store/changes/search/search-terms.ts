import type { Deployment } from '../../../domain/deployment.ts';
import { summarize } from '../../../domain/summary.ts';
import { requestTerm, requestTermOf, runTermsOf } from '../../../forges/page-address.ts';

/**
 * A commit message may be very long: a deployment with more has no words in the index, and is read whole in a search.
 */
const MAX_PACKED_CHARACTERS = 4_000;
/** Splitting a larger text would take milliseconds of every webhook that has it. */
const MAX_TEXT_CHARACTERS = 40_000;

/** The words of a search: each once, in lower case. */
export const termsOf = (text: string): string[] => [...new Set(text.toLowerCase().split(/\s+/).filter(Boolean))];

const NUMBERED = /(?:^[!#]|^\/[^!]+!|(?:^|\/)(?:pipelines|pipelines\/results|jobs|runs)\/)\d+$/;
/**
 * The number of a merge request or a run is matched whole: `!12` is not `!123`. Any other word may be a part of one.
 */
export const isNumbered = (word: string): boolean => NUMBERED.test(word);

function holds(text: string, { word, isWhole }: { readonly word: string; readonly isWhole: boolean }): boolean {
  if (!isWhole) return text.includes(word);
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length))
    if (!/\d/.test(text.charAt(at + word.length))) return true;
  return false;
}

/**
 * The words of a deployment, each on a line, so that none matches across a line's end; without those that are part of a
 * longer one.
 */
export function packTerms(deployment: Deployment): string | undefined {
  const text = textOf(deployment);
  if (text.length > MAX_TEXT_CHARACTERS) return undefined;
  let packed = '';
  for (const word of termsOf(text).sort((a, b) => b.length - a.length)) {
    // A number at its end can be searched for by itself.
    if (holds(packed, { word, isWhole: /\d$/.test(word) })) continue;
    packed += `${word}\n`;
    if (packed.length > MAX_PACKED_CHARACTERS) return undefined;
  }
  return packed;
}

/** True for a deployment that holds every word somewhere in what a person may remember of it. */
export function createTextMatch(text: string): (deployment: Deployment) => boolean {
  const terms = termsOf(text);
  return (deployment) => {
    const haystack = textOf(deployment);
    return terms.every((word) => holds(haystack, { word, isWhole: isNumbered(word) }));
  };
}

function textOf(deployment: Deployment): string {
  const { service, environment, commit, ref, actor, pullRequest, artifacts, repository, job, manifests } = deployment;
  return [
    service,
    environment.name,
    summarize(deployment),
    commit?.sha,
    commit?.title,
    commit?.message,
    commit?.author,
    manifests?.revision,
    ref,
    actor,
    repository?.name,
    job,
    deployment.externalId,
    ...runTermsOf(deployment.pipelineUrl),
    ...runTermsOf(deployment.jobUrl),
    pullRequest && requestTermsOf(pullRequest, repository?.name),
    ...artifacts,
  ]
    .filter((part) => part !== undefined)
    .join('\n')
    .toLowerCase();
}

/** Its number is found with the repository, and without. */
function requestTermsOf(
  { number, title, url }: NonNullable<Deployment['pullRequest']>,
  repository: string | undefined,
): string {
  const own = repository === undefined ? undefined : requestTerm(repository, number);
  return [`#${number}`, own ?? `!${number}`, requestTermOf(url), title].filter((part) => part !== undefined).join(' ');
}
