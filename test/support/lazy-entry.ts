import type { LazyTimelineEntry, TimelineEntry } from '../../src/domain/timeline-entry.ts';

export const lazyEntryOf = (entry: TimelineEntry): LazyTimelineEntry => ({
  atMs: entry.atMs,
  category: entry,
  entry: () => entry,
});
