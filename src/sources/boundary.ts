import { withinBoundary } from '../domain/boundary.ts';
import { digest, type NewChangeRecord } from '../domain/change-record.ts';
import { eachRecord } from './each-record.ts';
import type { Source } from './source.ts';

/**
 * Several sources of one tool belong to several teams, and none may report another's deployments: two of them use the
 * same `external_id`, or know the same job. All but the first of a tool therefore have their name in the keys of what
 * they report; the first has the keys of a single source. Signals that belong together all the same are joined by
 * configuration, and not by an equal key.
 */
export function withBoundaries(sources: readonly Source[]): Source[] {
  const firsts = new Map<string, Source>();
  for (const source of sources) if (!firsts.has(toolOf(source))) firsts.set(toolOf(source), source);
  return sources.map((source) => (firsts.get(toolOf(source)) === source ? source : bound(source)));
}

/** The part of a source that decides which sources share a tool. */
export const toolOf = ({ tool, type }: Pick<Source, 'tool' | 'type'>): string => tool ?? type;

const bound = (source: Source): Source => eachRecord(source, (record) => withInstance(record, source.name));

function withInstance(record: NewChangeRecord, name: string): NewChangeRecord {
  const { history } = record;
  return {
    ...record,
    id: `chg_${digest([name, record.id].join('\n'))}`,
    deployment: withinBoundary(name, record.deployment),
    ...(history && { history: { ...history, of: withinBoundary(name, history.of) } }),
  };
}
