import { type UnknownName, unknownNameText } from '../domain/known-names.ts';
import { type TextSuggestion, textSuggestionText } from '../domain/text-suggestions.ts';

/** A name that occurs nowhere; `shown`: the names that contain it are shown in its place. */
export const toUnknown = (name: UnknownName) => ({
  message: unknownNameText(name),
  ...named(name),
});

const named = ({ field, value, isPart, known }: UnknownName) => ({
  field,
  value,
  shown: isPart,
  did_you_mean: known.map(({ name, count }) => ({ name, count })),
});

/** What a text that was not found may have meant. */
export const toUnknownText = (suggestion: TextSuggestion) => ({
  message: textSuggestionText(suggestion),
  field: 'text',
  value: suggestion.word,
  shown: false,
  did_you_mean: suggestion.known.map(({ name, count }) => ({ name, count })),
});
