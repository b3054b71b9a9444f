import type { Deployment } from '../domain/deployment.ts';
import { swimlaneOf } from '../domain/swimlane.ts';
import type { Deployments } from '../store/changes/deployments.ts';

/** Names for the fields of the filter, in their order. */
export interface Suggestions {
  readonly environment: readonly string[];
  readonly service: readonly string[];
  readonly owner: readonly string[];
  readonly person: readonly string[];
  readonly source: readonly string[];
  readonly tag: readonly string[];
}

/** Names of these newest changes are suggested. */
const NEWEST = 200;
/** Reading and sorting them costs a quarter of the page, and they are seldom others. */
const READ_AGAIN_MS = 30_000;

/** @param nowMs a monotonic clock */
export function createSuggest(
  deployments: Pick<Deployments, 'list'>,
  nowMs: () => number = () => performance.now(),
): () => Promise<Suggestions> {
  let known: { readonly suggestions: Suggestions; readonly readAtMs: number } | undefined;
  return async () => {
    if (known && nowMs() - known.readAtMs < READ_AGAIN_MS) return known.suggestions;
    const { deployments: newest, total } = await deployments.list({ facets: {}, limit: NEWEST, offset: 0 });
    const suggestions = suggestionsOf(newest);
    // The first changes of a new bridge are suggested at once.
    if (total >= NEWEST) known = { suggestions, readAtMs: nowMs() };
    return suggestions;
  };
}

const inOrder = (names: readonly (string | undefined)[]): readonly string[] =>
  [...new Set(names)].filter((name) => name !== undefined).sort();

const suggestionsOf = (newest: readonly Deployment[]): Suggestions => ({
  environment: inOrder(newest.flatMap(({ environment }) => [environment.name, swimlaneOf(environment)])),
  service: inOrder(newest.map(({ service }) => service)),
  owner: inOrder(newest.map(({ owner }) => owner?.team)),
  person: inOrder(newest.flatMap(({ actor, commit }) => [actor, commit?.author])),
  source: inOrder(newest.map(({ reportedSource, source }) => reportedSource ?? source)),
  tag: inOrder(newest.flatMap(({ tags }) => tags)),
});
