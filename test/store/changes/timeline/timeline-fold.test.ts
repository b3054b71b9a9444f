import { beforeEach, describe, expect, it } from 'vitest';
import type { TimelineEntry } from '../../../../src/domain/timeline-entry.ts';
import type { EntryChange } from '../../../../src/store/changes/timeline/entry-changes.ts';
import { createTimelineFold, type TimelineReads } from '../../../../src/store/changes/timeline/timeline-fold.ts';
import { lazyEntryOf } from '../../../support/lazy-entry.ts';

/** When each happened, by key. */
let times: Map<string, number>;
let version: number;
/** By version. Those of 0.1.0 are missing. */
let log: Map<number, EntryChange>;
let read: number;
let nowMs: number;
let isAway: boolean;
/** What goes on while all are read, after the first page. */
let meanwhile: (() => void) | undefined;
let countAll: () => Promise<readonly string[]>;

const PAGE = 5_000;
const entryOf = (key: string, atMs: number | undefined) =>
  atMs === undefined
    ? undefined
    : lazyEntryOf({
        ...({
          key,
          atMs,
          state: 'succeeded',
          changeType: 'deployment',
          service: 'pay',
        } satisfies Partial<TimelineEntry>),
        environment: { name: 'production' },
      });
const inOrder = () => [...times].sort(([, a], [, b]) => b - a);
const namesOf = (all: readonly (readonly [string, number])[]) => all.map(([key, atMs]) => `${key} at ${atMs}`).sort();

function write(key: string, atMs: number | undefined, isLogged = true): void {
  const before = entryOf(key, times.get(key));
  if (atMs === undefined) times.delete(key);
  else times.set(key, atMs);
  version += 1;
  if (isLogged) log.set(version, { before, after: entryOf(key, atMs) });
}

beforeEach(() => {
  times = new Map(Array.from({ length: 10_000 }, (_, at) => [String(at), 20_000 - at]));
  version = 1;
  log = new Map();
  read = 0;
  nowMs = 0;
  isAway = false;
  meanwhile = undefined;
  const deployments: TimelineReads = {
    version: async () => String(version),
    async changed(from, to) {
      const versions = Array.from({ length: Number(to) - Number(from) }, (_, at) => Number(from) + 1 + at);
      const known = versions.flatMap((one) => log.get(one) ?? []);
      return known.length === versions.length ? known : undefined;
    },
    async timeline() {
      if (isAway) throw new Error('Redis is away');
      const first = inOrder().slice(0, PAGE);
      meanwhile?.();
      const found = [...first, ...inOrder().slice(PAGE)];
      read += found.length;
      return found.flatMap(([key, atMs]) => entryOf(key, atMs) ?? []);
    },
  };
  countAll = createTimelineFold<readonly string[]>(
    deployments,
    {
      of: (entries) => namesOf(entries.map((lazy) => [lazy.entry().key, lazy.atMs])),
      apply(sum, changes) {
        const names = new Set(sum);
        for (const { before, after } of changes) {
          if (before && !names.delete(`${before.entry().key} at ${before.atMs}`)) return undefined;
          if (after) names.add(`${after.entry().key} at ${after.atMs}`);
        }
        return [...names].sort();
      },
    },
    () => nowMs,
  ).read;
});

const expectExact = async () => expect(await countAll()).toEqual(namesOf([...times]));

describe('what is computed from all entries of the timeline', () => {
  it('reads them once, and after that what has changed: what came, moved and went, new or old', async () => {
    await expectExact();
    for (let at = 0; at < 20; at++) {
      write(`new ${at}`, 20_001 + at);
      write(String(9_000 + at), 500 + at);
      write(String(500 + at), undefined);
      await expectExact();
    }
    expect(read).toBe(10_000);
  });

  it('reads nothing while nothing changes', async () => {
    await countAll();
    await countAll();
    expect(read).toBe(10_000);
  });

  it('reads all again after a version that is not in the log, or a change that does not fit', async () => {
    await countAll();
    write('foreign', 20_001, false);
    await expectExact();
    expect(read).toBe(20_001);
    version += 1;
    log.set(version, { before: entryOf('unknown', 7) });
    await expectExact();
    expect(read).toBe(30_002);
    write('new', 20_002);
    await expectExact();
    expect(read).toBe(30_002);
  });

  it('has each once that came, moved or ended while all were read', async () => {
    meanwhile = () => {
      for (let at = 0; at < 3; at++) write(`new ${at}`, 20_001 + at);
      write('8000', 20_004);
      write('4999', 15_001.5);
    };
    await expectExact();
    meanwhile = undefined;
    write('newest', 20_005);
    await expectExact();
    expect(read).toBe(10_003);
  });

  it('reads all again where something went while they were read, since others may have been passed over', async () => {
    meanwhile = () => write('7', undefined);
    await countAll();
    meanwhile = undefined;
    await expectExact();
    expect(read).toBe(19_998);
  });

  it('reads all again after an hour, where something has changed', async () => {
    await countAll();
    nowMs = 3_600_001;
    await countAll();
    expect(read).toBe(10_000);
    write('new', 20_001);
    await expectExact();
    expect(read).toBe(20_001);
  });

  it('asks again after an error', async () => {
    isAway = true;
    await expect(countAll()).rejects.toThrow('Redis is away');
    isAway = false;
    await expectExact();
  });
});
