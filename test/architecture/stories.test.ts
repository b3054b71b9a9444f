import { describe, expect, it } from 'vitest';
import { sourceFiles } from './source-text.ts';

/** The steps that decide something. */
const STORIES = {
  'src/receive.ts': ['sender(', 'serve(', 'read(', 'isRepeat(', 'keep(', 'outcomeOf('],
  'src/record.ts': [
    ...[
      'resolve(',
      'history.assign(',
      'repeats.assign(',
      'joins.assign(',
      'changeLog.apply(',
      'separate(',
      'supersede(',
    ],
    ...['mayReceive(', 'fold(', 'succeed(', 'route('],
  ],
  'src/forward.ts': ['ledger.exclusive(', 'transition(', 'sink.wants(', 'sink.deliver(', 'entry.delivered('],
} as const;
/** At one sitting. */
const MOST_LINES = 80;

const files = new Map(sourceFiles('src').map((file) => [file.path, file]));

describe.each(Object.entries(STORIES))('%s', (path, steps) => {
  const code = files.get(path)?.code ?? '';
  const lines = code.split('\n').filter((line) => line.trim() !== '');

  it(`has at most ${MOST_LINES} lines of code`, () => {
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThanOrEqual(MOST_LINES);
  });

  it('names every step that makes a decision', () => {
    expect(steps.filter((step) => !code.includes(step))).toEqual([]);
  });
});
