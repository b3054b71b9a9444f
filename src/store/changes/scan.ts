import type { Redis } from 'ioredis';
import type { Deployment } from '../../domain/deployment.ts';
import { type Facet, facetKey, indexesOf, shasOf } from './facets.ts';
import type { ChangeSelection } from './filter.ts';
import { type ReadEach, sliceOf } from './query.ts';
import { createTextMatch } from './search-terms.ts';
import { ranksOf } from './timeline.ts';

/** Read at once: about a megabyte. */
const PAGE = 500;

/**
 * All that fit, newest first, however many: one page is in memory. It goes through the smallest index of those that the
 * selection names and looks at each, so that several facets and a text cost what one facet costs. What is recorded
 * meanwhile moves the rest down: what the page before held is not delivered twice.
 */
export async function* scan(
  redis: Redis,
  selection: ChangeSelection,
  read: ReadEach,
): AsyncGenerator<readonly Deployment[]> {
  const fits = createFit(selection);
  const facet = await smallest(redis, selection.facets);
  const { sinceMs, untilMs } = selection;
  const span = { ...(sinceMs !== undefined && { sinceMs }), ...(untilMs !== undefined && { untilMs }) };
  const facets = facet === undefined ? {} : { [facet]: selection.facets[facet] };
  let before = new Set<string>();
  for (let offset = 0; ; offset += PAGE) {
    const slice = await sliceOf(redis, { facets, ...span });
    const { newer, count } = await ranksOf(redis, slice);
    if (offset >= count) return;
    const names = await redis.zrevrange(slice.index, newer + offset, newer + Math.min(offset + PAGE, count) - 1);
    const found = (await read(names)).filter((one) => one !== undefined);
    yield found.filter((one) => !before.has(one.key) && fits(one));
    before = new Set(found.map(({ key }) => key));
  }
}

/** The facet that the fewest have; undefined: none is asked for. */
async function smallest(redis: Redis, facets: ChangeSelection['facets']): Promise<Facet | undefined> {
  // As `facets` is typed.
  const asked = Object.entries(facets).filter(([, value]) => value !== undefined) as [Facet, string | string[]][];
  const sizes = await Promise.all(
    asked.map(async ([facet, value]) => {
      const counts = await Promise.all([value].flat().map((one) => redis.zcard(facetKey(facet, one))));
      return { facet, size: counts.reduce((sum, count) => sum + count, 0) };
    }),
  );
  return sizes.toSorted((a, b) => a.size - b.size)[0]?.facet;
}

/** The same that the indexes say of a deployment. */
function createFit({ facets, text }: ChangeSelection): (deployment: Deployment) => boolean {
  const holdsText = text === undefined ? () => true : createTextMatch(text);
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
      holdsText(deployment)
    );
  };
}
