import type { Redis } from 'ioredis';
import { MIN_SHA_CHARS } from '../../../values/sha.ts';
import { keys } from '../../keys.ts';
import { locate } from '../locate.ts';
import { countIn } from '../packed/index-blocks.ts';
import { FACETS, type Facet, facetKey } from './facets.ts';
import type { ChangeSelection } from './filter.ts';
import { type FoundStep, type From, findStep, type Question, type Span, type Step } from './find-step.ts';
import { atMost, findText, type PackedTexts, packedTexts } from './find-text.ts';
import { isNumbered, termsOf } from './search-terms.ts';

/** Redis checks this many in one to three milliseconds, and serves webhooks between two steps. */
const STEP = 1_000;
/** Most filters fill a page with fewer: the first step is small, the next ones are larger. */
const FIRST_STEP = 125;
const GROWTH = 4;
/** Parts of names, aliases and teams select many indexes: each takes its time in every step. */
const INDEXES_A_FULL_STEP = 20;
/** How many entries of an index are read ahead, instead of a question for each that is checked. */
const GOING_THROUGH_COSTS = 0.25;
const MIN_STEP = 100; // however many indexes: each step is a round trip
/** Of a single facet, which needs no choice. */
const INDEXES_COUNTED = 8;
/** Most words are in more than a thousandth of the deployments. */
const LOOKED_WITHOUT_INDEX = 2_500;
/** Redis searches for this many words; further ones are searched for in the whole deployment. */
const MAX_WORDS = 16;

/**
 * All that match, however many and however old. It iterates over the facet with the fewest deployments and checks the
 * other indexes for each, so that nothing is written, and one step is in memory. A text that the newest do not hold is
 * looked up in the index of texts.
 */
export async function* find(redis: Redis, selection: ChangeSelection): AsyncGenerator<FoundStep> {
  const { facets, text, deployment, staleAt } = selection;
  if (deployment !== undefined) return yield await findNamed(redis, deployment);
  const words = termsOf(text ?? '');
  const commits = [facets.commit ?? []].flat();
  const span = spanOf(selection);
  const wanted = words.slice(0, MAX_WORDS);
  const { groups, size } = await cheapestFirst(redis, groupsOf(facets), span);
  const question: Question = {
    ...{ groups, span },
    words: wanted.map((word) => `${isNumbered(word) ? '=' : '~'}${word}`),
    isSure:
      staleAt === undefined && words.length <= MAX_WORDS && commits.every((commit) => commit.length <= MIN_SHA_CHARS),
  };
  const largest = largestStep(groups);
  const passed = new Set<string>();
  let from: From | undefined = { highest: span.max, seen: 0 };
  let looked = 0;
  let isIndexAsked = false;
  for (let limit = Math.min(FIRST_STEP, largest); from; limit = Math.min(GROWTH * limit, largest)) {
    if (looked >= LOOKED_WITHOUT_INDEX && !isIndexAsked) {
      const packed: PackedTexts | undefined = await packedTexts(redis, wanted);
      if (packed) return yield* findText(redis, atMost(question, from.highest), { ...packed, passed });
      isIndexAsked = true;
    }
    const { next, ...step }: Step = await findStep(redis, question, { ...from, limit });
    for (const name of step.names) if (!isIndexAsked) passed.add(name);
    looked += step.looked;
    yield { ...step, ...(size !== undefined && { left: Math.max(0, size - looked) }) };
    from = next;
  }
}

/** Whether the rest of the selection fits it is seen when it is read. */
async function findNamed(redis: Redis, deployment: string): Promise<FoundStep> {
  const found = await locate(redis, deployment);
  const names = ['packed' in found ? found.packed : found.name];
  return { names, unsure: new Set(names), looked: 1 };
}

function largestStep([through = [], ...others]: readonly string[][]): number {
  const width = through.length * GOING_THROUGH_COSTS + others.flat().length;
  return Math.max(MIN_STEP, Math.floor(STEP / Math.max(1, width / INDEXES_A_FULL_STEP)));
}

export const spanOf = ({ sinceMs, untilMs }: Pick<ChangeSelection, 'sinceMs' | 'untilMs'>): Span => ({
  min: sinceMs ?? '-inf',
  max: untilMs ?? '+inf',
});

/** The indexes of each facet; a deployment in one of them has the facet. */
function groupsOf(facets: ChangeSelection['facets']): string[][] {
  const groups = FACETS.flatMap((facet) => {
    const value = facets[facet];
    return value === undefined ? [] : [[...new Set([value].flat().map((one) => indexOf(facet, one)))]];
  });
  return groups.length === 0 ? [[keys.changes()]] : groups;
}

const indexOf = (facet: Facet, value: string): string =>
  facetKey(facet, facet === 'commit' ? value.slice(0, MIN_SHA_CHARS) : value);

/** The index that holds exactly what is asked for. Undefined: it takes a search. */
export function singleIndex({
  facets,
  text,
  deployment,
  staleAt,
}: Pick<ChangeSelection, 'facets' | 'text' | 'deployment' | 'staleAt'>): string | undefined {
  if (deployment !== undefined || staleAt !== undefined) return undefined;
  const [group = [], ...more] = groupsOf(facets);
  const [index, ...others] = group;
  const commits = [facets.commit ?? []].flat();
  const isWhole = commits.every((commit) => commit.length <= MIN_SHA_CHARS);
  return more.length + others.length === 0 && isWhole && termsOf(text ?? '').length === 0 ? index : undefined;
}

interface Rated {
  readonly groups: readonly string[][];
  /** How many entries the first one has; undefined: counting them would take long. */
  readonly size?: number;
}

/** The facet that is iterated over first: its entries are checked against the indexes of the others. */
async function cheapestFirst(redis: Redis, groups: readonly string[][], span: Span): Promise<Rated> {
  const width = groups.flat().length;
  if (groups.length === 1 && width > INDEXES_COUNTED) return { groups };
  const rated = await Promise.all(
    groups.map(async (group) => {
      const counts = await Promise.all(group.map((index) => countIn(redis, index, span)));
      const size = counts.reduce((sum, { count }) => sum + count, 0);
      return { group, size, cost: size * (1 + width - group.length) };
    }),
  );
  const first = rated.toSorted((a, b) => a.cost - b.cost)[0];
  const rest = rated.filter((one) => one !== first).toSorted((a, b) => a.size - b.size);
  return { groups: [...(first ? [first] : []), ...rest].map(({ group }) => group), size: first?.size ?? 0 };
}
