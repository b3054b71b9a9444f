import type { Deployment } from '../../../domain/deployment.ts';
import { isStale } from '../../../domain/stale.ts';
import { type Facet, facetKey, indexesOf, shasOf } from './facets.ts';
import type { ChangeSelection } from './filter.ts';
import { createTextMatch } from './search-terms.ts';

/** Reads deployments by their index entries, in that order; undefined: it is gone. */
export type ReadEach = (names: readonly string[]) => Promise<readonly (Deployment | undefined)[]>;

/**
 * Decides like the indexes whether a deployment that was read matches, by the whole of a commit and a text, and whether
 * it is stale. No index was read for one that was asked for by its name.
 */
export function createFit(selection: ChangeSelection): (deployment: Deployment) => boolean {
  const { facets, text, staleAt } = selection;
  const at = staleAt === undefined ? undefined : new Date(staleAt);
  const holdsText = text === undefined ? () => true : createTextMatch(text);
  const isWithin = selection.deployment === undefined ? () => true : createSpanMatch(selection);
  const { commit, ...named } = facets;
  const wanted = Object.entries(named).flatMap(([facet, value]) =>
    value === undefined ? [] : [[value].flat().map((one) => facetKey(facet as Facet, one))],
  ); // the keys of `facets` are facets
  const commits = commit === undefined ? undefined : [commit].flat().map((one) => one.toLowerCase());
  return (deployment) => {
    const indexes = new Set(indexesOf(deployment));
    return (
      wanted.every((keys) => keys.some((key) => indexes.has(key))) &&
      (!commits || commits.some((one) => shasOf(deployment).some((sha) => sha.startsWith(one)))) &&
      (!at || isStale(deployment, at)) &&
      holdsText(deployment) &&
      isWithin(deployment)
    );
  };
}

function createSpanMatch({ sinceMs = 0, untilMs = Number.POSITIVE_INFINITY }: ChangeSelection) {
  return ({ occurredAt }: Deployment): boolean => {
    const atMs = Date.parse(occurredAt);
    return atMs >= sinceMs && atMs <= untilMs;
  };
}
