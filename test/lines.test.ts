import { expect, it } from 'vitest';
import { sourceFiles } from './architecture/source-text.ts';

const LONGEST = 120;
/** A regular expression cannot be broken, and in pieces nobody could read it. */
const isPattern = (line: string): boolean => /^\s*\/[^/*].*\/[a-z]*[;,]?$/.test(line);

it('no line is longer than 120 characters', () => {
  const long = sourceFiles('src', /\.(?:ts|tsx|js)$/).flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, at) =>
        line.length > LONGEST && !isPattern(line) ? [`${path}:${at + 1} has ${line.length} characters`] : [],
      ),
  );
  expect(long).toEqual([]);
});
