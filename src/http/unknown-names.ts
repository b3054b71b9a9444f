import { type UnknownName, unknownNameText } from '../domain/known-names.ts';

/** A name that nothing has; `shown`: the names that hold it stand in its place. */
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
