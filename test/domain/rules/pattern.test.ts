import fc from 'fast-check';
import picomatch from 'picomatch';
import { describe, expect, it } from 'vitest';
import { matchAny, Patterns } from '../../../src/domain/rules/pattern.ts';
import { duration, expectWithin } from '../../support/time.ts';

const fits = (patterns: unknown, ...texts: string[]) => matchAny(Patterns.parse(patterns), texts) !== undefined;
const captured = (patterns: unknown, ...texts: string[]) =>
  Object.fromEntries(matchAny(Patterns.parse(patterns), texts) ?? []);
const complaint = (patterns: unknown) => Patterns.safeParse(patterns).error?.issues[0];

describe('a glob', () => {
  it.each([
    ['review/*', 'review/lamp', true],
    ['review/*', 'review/lamp/2', false],
    ['review/**', 'review/lamp/2', true],
    ['**/migrations/**', 'db/migrations/7.sql', true],
    ['**/*.sql', '7.sql', true],
    ['*/**/*', 'a', false],
    ['*/**/*/**', 'a', false],
    ['*/**/*', 'a/b', true],
    ['PROD-{eu,us}', 'prod-us', true],
    ['PROD-{eu,us}', 'prod-asia', false],
    ['!(review)/**', 'prod/a', true],
    ['!(review)/**', 'review/a', false],
    ['!main', 'release/7', true],
    ['prod-?', 'prod-1', true],
    ['[a-c]*', 'beacon', true],
    ['.hidden/*', '.hidden/x', true],
    ['prod[1]', 'prod[1]', true],
  ])('%s and %s: %s', (glob, text, expected) => {
    expect(fits(glob, text)).toBe(expected);
  });

  it('matches like picomatch', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '-', 'B', '1', '.x'), minLength: 1, maxLength: 4 });
    const star = fc.constantFrom('*', '**', '?', '{a,b}', '[ab]', '+(a|b)', 'a', '-');
    const part = fc.array(fc.oneof(star, word), { minLength: 1, maxLength: 3 }).map((pieces) => pieces.join(''));
    const path = (of: fc.Arbitrary<string>) => fc.array(of, { minLength: 1, maxLength: 4 }).map((all) => all.join('/'));
    fc.assert(
      fc.property(path(part), path(word), (glob, text) => {
        const known = picomatch.isMatch(text, glob, { dot: true, nocase: true });
        expect(fits(glob, text)).toBe(known);
      }),
      { numRuns: 2_000 },
    );
  });

  it('matches a long text quickly, however many stars it has', async () => {
    const tookMs = await duration(() => {
      expect(fits('**/*-*-*-*-*-prod', `${'-'.repeat(1_000)}`)).toBe(false);
      expect(fits('(a+)+$x', 'a'.repeat(1_000))).toBe(false);
    });
    expectWithin(tookMs, 1_000);
  });

  it('is refused if only a backtracking engine could run it', () => {
    expect(complaint('!*-*-*-*-*-prod')?.message).toMatch(/too costly a glob/);
    expect(complaint('!(a+)+')?.message).toMatch(/too costly a glob/);
  });
});

describe('a regular expression', () => {
  it('is written between slashes, searches, and is case-sensitive without the flag i', () => {
    expect(fits('/^release-[0-9]+$/', 'release-7')).toBe(true);
    expect(fits('/ease/', 'release-7')).toBe(true);
    expect(fits('/^RELEASE/', 'release-7')).toBe(false);
    expect(fits('/^RELEASE/i', 'release-7')).toBe(true);
  });

  it('may contain slashes, with or without a backslash', () => {
    expect(captured('/^review\\/(?<slug>.+)$/', 'review/lamp')).toEqual({ slug: 'lamp' });
    expect(captured('/^review/(?<slug>.+)$/', 'review/lamp')).toEqual({ slug: 'lamp' });
  });

  it('gives the groups of the first matching text, and none for a group without a match', () => {
    expect(captured('/^(?:(?<eu>eu)|(?<us>us))-/', 'asia-1', 'us-1', 'eu-1')).toEqual({ us: 'us' });
  });

  it('gives its groups beside a glob that matches too', () => {
    expect(captured(['review/*', '/^review/(?<slug>.+)$/', '/(?<slug>review)/'], 'review/lamp')).toEqual({
      slug: 'lamp',
    });
  });

  it.each([
    ['/(/', /^not a valid regular expression: Unterminated group/],
    ['/(?i)prod/', /^not a valid regular expression: Invalid group/],
    ['/(a+)+$/', /^a catastrophic regular expression/],
    ['/(?=prod)/', /^not supported: .*no look-around/],
    ['/(a)\\1/', /^not supported: .*no back-reference/],
    ['/a{2000}/', /^not supported: .*no count above 1,000/],
    ['/[^z]{0,999}[^y]{0,999}[^x]{0,999}[w]/', /^it repeats too often/],
    ['/prod/gi', /^the only flag is "i"/],
    [`/${'a'.repeat(299)}/`, /^write at most 300 characters/],
    ['', /^an empty pattern/],
    [7, /^write a pattern in quotation marks/],
  ])('%s is refused', (pattern, message) => {
    expect(complaint(pattern)).toMatchObject({ path: [], message: expect.stringMatching(message) });
  });

  it('is refused with its position in a list', () => {
    expect(complaint(['main', '/(/'])?.path).toEqual([1]);
  });
});

it('no pattern sees more than the first 1,000 characters', () => {
  expect(fits('/z/', `${'a'.repeat(999)}z`)).toBe(true);
  expect(fits('/z/', `${'a'.repeat(1_000)}z`)).toBe(false);
  expect(fits('*z', `${'a'.repeat(1_000)}z`)).toBe(false);
});

it('any text as a pattern is accepted or refused with a message, and then matches without an error', () => {
  const written = fc.oneof(
    fc.string(),
    fc.string().map((body) => `/${body}/`),
    fc.string({ unit: fc.constantFrom(...'/()[]{}*+?|\\.^$!@a-,') }),
    fc.string({ unit: fc.constantFrom(...'()[]{}*+?|\\.^$<>:=!a-,1') }).map((body) => `/${body}/i`),
  );
  fc.assert(
    fc.property(written, fc.string({ unit: 'binary' }), (pattern, text) => {
      const parsed = Patterns.safeParse(pattern);
      if (parsed.success) matchAny(parsed.data, [text]);
      else expect(parsed.error.issues[0]?.message).toMatch(/[a-z]{3}/);
    }),
    { numRuns: 3_000 },
  );
});
