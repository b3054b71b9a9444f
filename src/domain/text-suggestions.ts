import { FORGIVEN, type ForgivenField, findName, type KnownName } from './known-names.ts';

/** Names that a text without results may have meant, for one filter. */
export interface TextSuggestion {
  /** The text, or the word of it. */
  readonly word: string;
  /** The other words; empty: there are none. */
  readonly rest: string;
  readonly field: ForgivenField;
  readonly known: readonly KnownName[];
  /** The text finds something as well. */
  readonly isFound?: true;
}

/** Each word is compared with every name; a shorter one is a part of many. */
const MOST_WORDS = 4;
const LEAST_CHARS = 3;
const MOST_NAMES = 3;

/**
 * A misspelt name, or the name of a person whom the tools know by a login alone: the text search finds neither.
 * @param names by name in lower case
 */
export function suggestionsFor(
  text: string,
  names: Readonly<Record<ForgivenField, ReadonlyMap<string, KnownName>>>,
): readonly TextSuggestion[] {
  const named = (word: string, rest: string) =>
    FORGIVEN.flatMap((field): TextSuggestion[] => {
      const known = findName(field, word, names[field]).known.slice(0, MOST_NAMES);
      return known.length === 0 ? [] : [{ word, rest, field, known }];
    });
  const whole = named(text.trim(), '');
  const words = text.split(/\s+/).filter(Boolean);
  if (whole.length > 0 || words.length === 1) return whole;
  return words
    .slice(0, MOST_WORDS)
    .flatMap((word, at) => (word.length < LEAST_CHARS ? [] : named(word, words.toSpliced(at, 1).join(' '))));
}

/**
 * For a text that does find something: whoever is called so may have deployed more, since the log has other names of a
 * person than pages show.
 */
export function peopleCalled(text: string, people: ReadonlyMap<string, KnownName>): readonly TextSuggestion[] {
  const word = text.trim();
  const { isPart, known } = findName('person', word, people);
  const hidden = isPart ? known.filter(({ isAlias }) => isAlias).slice(0, MOST_NAMES) : [];
  return hidden.length === 0 ? [] : [{ word, rest: '', field: 'person', known: hidden, isFound: true }];
}

/** One sentence for a reader: `nothing found for "paymetns"; did you mean the service payments-api (80)?` */
export function textSuggestionText({ word, field, known, isFound }: TextSuggestion): string {
  const names = known.map(({ name, count }) => `${name} (${count.toLocaleString('en')})`).join(', ');
  if (isFound) return `only texts were searched for "${word}"; changes by the ${field} ${names}`;
  return `nothing found for "${word}"; did you mean the ${field} ${names}?`;
}
