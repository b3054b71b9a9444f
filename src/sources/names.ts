import type { ToolFacts } from './source.ts';

/**
 * The change log's name for the tool of a record, by its type. A type that is no longer configured keeps its own name.
 */
export function createSourceNames(tools: readonly Pick<ToolFacts, 'type' | 'changeLogName'>[]) {
  const names = new Map(tools.map(({ type, changeLogName }) => [type, changeLogName]));
  return (type: string): string | undefined => (names.has(type) ? names.get(type) : type);
}
