import { expect, it } from 'vitest';
import type { LazyTimelineEntry } from '../../../../src/domain/timeline-entry.ts';
import type { EntryChange } from '../../../../src/store/changes/timeline/entry-changes.ts';
import { createRunning } from '../../../../src/store/changes/timeline/running.ts';

const COUNT = 9_000;
/** How many may be unpacked before webhooks have their turn. */
const MOST_AT_ONCE = 3_000;

const unpacking = (onUnpack: () => void) => (number: number) => {
  const entry = {
    key: `changes:${number}`,
    atMs: COUNT - number,
    state: 'succeeded' as const,
    changeType: 'deployment' as const,
    environment: { name: 'production' },
    service: `lamp-${number % 20}`,
  };
  const lazy: LazyTimelineEntry = {
    atMs: entry.atMs,
    category: entry,
    entry() {
      onUnpack();
      return entry;
    },
  };
  return lazy;
};

/** What is read first of all deployments, and the most that was unpacked in one turn of the event loop. */
async function readAll(meanwhile: (entries: readonly LazyTimelineEntry[]) => readonly EntryChange[]) {
  let now = 0;
  let most = 0;
  let total = 0;
  const toEntry = unpacking(() => {
    total += 1;
    now += 1;
    most = Math.max(most, now);
  });
  const entries = Array.from({ length: COUNT }, (_, number) => toEntry(number));
  let isOver = false;
  const turn = () => {
    now = 0;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  const changes = meanwhile(entries);
  const running = createRunning({
    version: async () => '1',
    changed: async () => changes,
    timeline: async () => entries,
  });
  const slots = await running.slots();
  isOver = true;
  return { slots, most, total };
}

it('reads what runs where in parts, between which webhooks are answered', async () => {
  const { slots, most, total } = await readAll(() => []);
  expect(slots).toHaveLength(20);
  expect(total).toBeGreaterThanOrEqual(COUNT);
  expect(most).toBeLessThan(MOST_AT_ONCE);
});

it('does so when deployments change while all are read', async () => {
  const { slots, most } = await readAll((entries) => [{ before: entries[20], after: entries[0] }]);
  expect(slots.find(({ service }) => service === 'lamp-0')?.current?.key).toBe('changes:0');
  expect(most).toBeLessThan(MOST_AT_ONCE);
});
