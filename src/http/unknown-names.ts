import { type UnknownName, unknownNameText } from '../domain/known-names.ts';

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
