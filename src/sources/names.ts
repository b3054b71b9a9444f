import type { ToolFacts } from './source.ts';

/** How a change log names the tool of a record, by its type. A type that is configured no more keeps its own word. */
export function createSourceNames(tools: readonly Pick<ToolFacts, 'type' | 'changeLogName'>[]) {
  const names = new Map(tools.map(({ type, changeLogName }) => [type, changeLogName]));
  return (type: string): string | undefined => (names.has(type) ? names.get(type) : type);
}
