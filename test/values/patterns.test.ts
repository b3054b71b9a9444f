import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../src/values/pattern.ts';
import { hostileTo, type Slow, slowOnes } from '../support/pathological.ts';
import { type RegexLiteral, regexLiterals, sourceFiles } from '../support/regex-literals.ts';
import { growsAtMost } from '../support/time.ts';

const LENGTH = 4_000;
const TIMES = 4;
/** A linear expression takes 4 times as long for 4 times the text, a quadratic one 16 times. */
const MOST_TIMES = 9;
/** What takes less at LENGTH is not quadratic: that would be eight million steps. */
const SUSPICIOUS_MS = 3;

/** Measured by what is computed, not by the clock; and one measurement may be disturbed, but not every attempt. */
function isLinear({ source, flags }: RegexLiteral, { prefix, unit, tail }: Slow): boolean {
  const text = { source, flags, prefixes: [prefix], units: [unit], tails: [tail], rounds: 2, enough: 0, most: 1 };
  const at = (length: number) => slowOnes({ ...text, length })?.[0]?.ms ?? Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 3; attempt++) {
    const short = at(LENGTH);
    if (short < SUSPICIOUS_MS / 4 || at(LENGTH * TIMES) < short * MOST_TIMES) return true;
  }
  return false;
}

function whyNot(literal: RegexLiteral): string | undefined {
  const { at, source, flags } = literal;
  const all = { ...literal, ...hostileTo(source), length: LENGTH, rounds: 3, enough: SUSPICIOUS_MS, most: 20 };
  const slow = slowOnes(all) ?? slowOnes(all);
  if (!slow) return `${at} /${source}/${flags} does not come back`;
  const worst = slow.find((one) => !isLinear(literal, one));
  return worst && `${at} /${source}/${flags} on ${JSON.stringify([worst.prefix, worst.unit, worst.tail])}`;
}

describe('a regular expression', () => {
  const files = sourceFiles('src');

  it('is found wherever it is used', () => {
    expect(files.length).toBeGreaterThan(200);
    expect(files.flatMap(regexLiterals).length).toBeGreaterThan(150);
  });

  it('takes linear time', () => {
    expect(files.flatMap(regexLiterals).flatMap((literal) => whyNot(literal) ?? [])).toEqual([]);
  });

  it('is detected if it does not', () => {
    for (const source of ['\\/+$', '^\\/(.+?\\/.+?)\\/-\\/x', '\\s*<[^>]*>\\s*$'])
      expect(whyNot({ at: 'here', source, flags: '' }) ?? 'linear', source).not.toBe('linear');
  });

  it('is made from a text only in listed places', () => {
    const makers = files.filter((file) => /new RegExp\(|RE2JS\.compile\(/.test(readFileSync(file, 'utf8')));
    expect(makers.map((file) => file.replaceAll('\\', '/')).sort()).toEqual([
      'src/app/redis-memory.ts', // of our own names, on what Redis says
      'src/queue/inspect.ts', // of our own names, on what Redis says
      'src/redis/ask.ts', // of our own names, on what our Redis says
      'src/values/mask.ts', // literal texts side by side
      'src/values/pattern.ts', // RE2
      'src/values/placeholder.ts', // literals side by side
    ]);
  });
});

describe('a pattern of the configuration', () => {
  it.each(['(a|a)*b', '(a|aa)+$', '(.*)(.*)(.*)(.*)x', 'a{0,900}b'])(
    '%s is refused or runs in linear time',
    async (body) => {
      const compiled = compilePattern(body);
      if ('kind' in compiled) return;
      const find = (length: number) => {
        const text = `${'a'.repeat(length)}!`;
        return () => compiled.matcher(text).find();
      };
      expect(await growsAtMost(MOST_TIMES, find(2_000), find(8_000))).toBe(true);
    },
  );
});
