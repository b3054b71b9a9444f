import { isOperator } from '../../templates/operator.ts';
import type { Written } from './written.ts';

/** The configuration takes precedence over the preset; bodies are merged key by key. */
export function mergeWritten(preset: Written, given: Written): Written {
  // the same keys, fewer of them
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Written;
  const headers = { ...preset.headers, ...given.headers };
  return {
    ...preset,
    ...defined,
    ...(Object.keys(headers).length > 0 && { headers }),
    body:
      isObject(preset.body) && isObject(given.body)
        ? mergeObjects(preset.body, given.body)
        : (given.body ?? preset.body),
  };
}

type Tree = Readonly<Record<string, unknown>>;

function mergeObjects(under: Tree, over: Tree): Tree {
  const merged = Object.entries(over).map(([key, value]) => [key, mergeValue(under[key], value)]);
  return { ...under, ...Object.fromEntries(merged) };
}

/** A computed value is one unit: it is replaced as a whole. */
function mergeValue(under: unknown, over: unknown): unknown {
  const both = isObject(under) && isObject(over) && !isOperator(under) && !isOperator(over);
  return both ? mergeObjects(under, over) : over;
}

const isObject = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
