import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/values/parse-json.ts';
import { duration, expectWithin } from '../support/time.ts';

const parse = (text: string) => parseJson(Buffer.from(text));
function refusal(text: string) {
  const parsed = parse(text);
  if (parsed.ok) throw new Error('it was taken');
  return parsed;
}

const NOTIFY = `{
  "summary": "Deployed lighthouse-api @ 4f0c9e1d",
  "change_type": "deployment",
  "environment": "",
  "branch": "main",
  "commit_sha": "4f0c9e1d7a2b83c65d9e0f41ab37c2d8e56190bf",
  "pipeline_url": "https://gitlab.example.com/harbor/lighthouse-api/-/pipelines/71",
  "pr_url": "/-/merge_requests/",
  "pr_number": ,
  "changed_by": "mira"
}`;

const ESCAPE = 'build the body with `jq -n --arg`, which escapes it';

describe('parseJson', () => {
  it('returns the value of JSON, with or without a byte order mark', () => {
    expect(parse('{"a": [1, "ü"]}')).toEqual({ ok: true, value: { a: [1, 'ü'] } });
    expect(parse('\uFEFF{"a": 1}\n')).toEqual({ ok: true, value: { a: 1 } });
  });

  it('returns whole characters only, in names too, and everything else unchanged', () => {
    const text = fc.string({ unit: fc.constantFrom('\ud83d', '\ud83d\udea2', 'ü', '\\', '\\ud800'), maxLength: 4 });
    // JSON.parse of Node 24.21 reads any name with an escape in it as `\` where it has seen that name before.
    const name = text.filter((some) => some !== '\\');
    const { json } = fc.letrec<{ json: unknown }>((tie) => ({
      json: fc.oneof(text, fc.integer(), fc.array(tie('json')), fc.dictionary(name, tie('json'))),
    }));
    const whole = (value: unknown): unknown => {
      if (typeof value === 'string') return value.toWellFormed();
      if (Array.isArray(value)) return value.map(whole);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([name, part]) => [name.toWellFormed(), whole(part)]));
    };
    fc.assert(
      fc.property(json, (value) => {
        expect(parse(JSON.stringify(value))).toEqual({ ok: true, value: whole(value) });
      }),
    );
    const deep = parse(`${'['.repeat(200_000)}"\\ud800"${']'.repeat(200_000)}`);
    let inner = deep.ok && deep.value;
    while (Array.isArray(inner)) [inner] = inner;
    expect(inner).toBe('\ufffd');
  });

  it('names gzip', () => {
    expect(parseJson(gzipSync('{"a": 1}'))).toMatchObject({
      message: expect.stringContaining('Content-Encoding: gzip'),
    });
  });

  it('names the key whose variable was empty, with advice', () => {
    expect(refusal(NOTIFY)).toEqual({
      ok: false,
      message: '"pr_number" has no value at line 9, column 16: leave the key out, or write null',
      line: 9,
      column: 16,
      offset: NOTIFY.indexOf(': ,') + 2,
    });
  });

  it.each([
    ['', "the body is empty: send a JSON object (with curl: --data '{…}')"],
    [' \n', "the body is empty: send a JSON object (with curl: --data '{…}')"],
    ['<?xml version="1.0"?><a/>', 'the body is XML: send a JSON object, {…}'],
    ['<!DOCTYPE html><p>', 'the body is an HTML page: send a JSON object, {…}'],
    ['payload.json\n', 'the body is the name of a file: send its content, --data-binary @file with curl'],
    ['@payload.json', 'the body is the name of a file: send its content, --data-binary @file with curl'],
    [
      `'{"summary": "s"}'`,
      'the body is in single quotation marks, which this command line keeps (Windows): send a file, --data-binary @file',
    ],
    [
      '{\\"summary\\": 1}',
      'the quotation marks have backslashes that the shell keeps: take them out, or send a file, --data-binary @file',
    ],
    [
      "{'summary': 's', 'ok': True}",
      'the body is as Python or JavaScript prints it: json.dumps or JSON.stringify makes JSON of it',
    ],
    ['{“summary”: “s”}', 'the quotation marks are typographic: write " instead'],
    ['---\nsummary: s\n', 'the body is YAML: send a JSON object, {…}'],
    ['summary: Deployed pay\nenvironment: staging', 'the body is YAML: send a JSON object, {…}'],
    ['ewogICJvYmplY3Rfa2luZCI6ICJ4In0=', 'the body is base64: send the JSON that is encoded in it'],
    [
      '--boundary\r\nContent-Disposition: form-data; name="payload"; filename="a.json"\r\n\r\n{}\r\n--boundary--',
      'the body is a form with files: send the JSON itself, --data-binary @file',
    ],
    ['{"m": "Revert "Add x""}', `"m" holds an unescaped " at line 1, column 15: ${ESCAPE}`],
    ['{"m": "say "", "b": 1}', `"m" holds an unescaped " at line 1, column 12: ${ESCAPE}`],
    ['{"m": "at the end"",\n"b": 1}', `"m" holds an unescaped " at line 1, column 18: ${ESCAPE}`],
    ['{"m": "one\ntwo", "b": 1}', `"m" holds an unescaped line break at line 1, column 11: ${ESCAPE}`],
    ['{"m": "one\r\ntwo", "b": 1}', `"m" holds an unescaped line break at line 1, column 11: ${ESCAPE}`],
    ['{"m": "a\tb"}', `"m" holds an unescaped tab or control character at line 1, column 9: ${ESCAPE}`],
    ['{"m": "a\\\\b C:\\pad"}', `"m" holds an unescaped \\ at line 1, column 15: ${ESCAPE}`],
    ['{"m": "\\u12"}', `"m" holds an unescaped \\ at line 1, column 8: ${ESCAPE}`],
    [
      '{\n"m": "half a te',
      'the body breaks off at line 2, column 16, in the value of "m": send it whole, with every " and bracket closed',
    ],
    ['{"m": 1, "t": ["a"', 'the body breaks off at line 1, column 19: send it whole, with every " and bracket closed'],
    ['{"m": 1', 'the body breaks off at line 1, column 8: send it whole, with every " and bracket closed'],
    [
      '{"m":\n',
      'the body breaks off at line 1, column 6, in the value of "m": send it whole, with every " and bracket closed',
    ],
    ['{"m": }', '"m" has no value at line 1, column 7: leave the key out, or write null'],
    ['{"m": 1,}', 'a comma too many at line 1, column 8: no entry follows it, take it out'],
    ['{"m": [1,]}', 'a comma too many at line 1, column 9: no entry follows it, take it out'],
    ['{"m": 1,, "b": 2}', 'a comma too many at line 1, column 8: no entry follows it, take it out'],
    ['{m: 1}', 'a key is not in double quotes at line 1, column 2, near ‹{m: 1}›: write "key": value'],
    ['{"m": production}', 'the value of "m" is not JSON at line 1, column 7: put text in double quotes'],
    ['{"m": 4f0c9e1d}', 'the value of "m" is not JSON at line 1, column 8: put text in double quotes'],
    ['{"m": 007}', 'the value of "m" is not JSON at line 1, column 8: put text in double quotes'],
    [
      '{"m": $CI_COMMIT_SHA}',
      'the variable $CI_COMMIT_SHA was not filled in at line 1, column 7: the shell does not look into single quotes, build the body with `jq -n --arg`',
    ],
    ['{"m": 1 "b": 2}', 'a comma is missing before line 1, column 9, near ‹": 1 "b": 2}›'],
    ['{"m": "a" "b": 2}', 'a comma is missing before line 1, column 11, near ‹ "a" "b": 2}›'],
    ['{"m": "a"\n "b": 2}', 'a comma is missing before line 2, column 2, near ‹"a"  "b": 2}›'],
    ['{"m" 1}', 'a colon is missing before line 1, column 6, near ‹{"m" 1}›'],
    ['{} {}', 'the JSON is complete before line 1, column 4, but more follows: send one object, {…}, near ‹{} {}›'],
    [
      '{"m": {"a": 1}}\n# sent by the platform team',
      'the JSON is complete before line 2, column 1, but more follows: send one object, {…}, near ‹ 1}} # sent by the p›',
    ],
    ['{"m": 1 // one\n}', 'there is a comment at line 1, column 9: JSON allows none, remove it, near ‹": 1 // one }›'],
    [
      'payload=%7B%22a%22',
      'the body is not JSON at line 1, column 1: it begins with ‹payload=%7B%22a%22›, send a JSON object, {…}',
    ],
  ])('explains %j with advice', (text, message) => {
    expect(refusal(text).message).toBe(message);
  });

  it('reports that UTF-16 is not UTF-8', () => {
    const body = Buffer.from('\uFEFF{"a": 1}', 'utf16le');
    expect(parseJson(body)).toMatchObject({ ok: false, message: 'the body is UTF-16: send it as UTF-8' });
  });

  it.each([
    ['a long key', `{"${'k'.repeat(500)}": ,}`],
    ['a long value', `{"m": ${'v'.repeat(500)}}`],
    ['a long text with a quote in it', `{"m": "${'t'.repeat(500)} "${'t'.repeat(500)}"}`],
    ['a long body that is none', 'x'.repeat(500)],
    ['a long variable', `{"m": $${'V'.repeat(500)}}`],
  ])('shows at most 20 characters of %s', (_, text) => {
    expect(refusal(text).message).not.toMatch(/(.)\1{20}/);
  });

  it('keeps line breaks and escapes of the body out of the message', () => {
    expect(refusal('{"m": 1\n\u001b[31m "b": 2}').message).not.toMatch(/\p{Cc}/u);
    expect(refusal('{"a\\nb": ,}').message).toContain('"a\\nb" has no value');
  });

  it.each([
    ['100,000 open brackets', '['.repeat(100_000)],
    ['100,000 open objects', '{"a":'.repeat(100_000)],
    ['a fault below 100,000 brackets', `${'['.repeat(100_000)}x${']'.repeat(100_000)}`],
    ['an unclosed text of 1 MiB', `{"m": "${'a'.repeat(2 ** 20)}`],
    ['a text of 1 MiB with a line break at its end', `{"m": "${'a'.repeat(2 ** 20)}\n"}`],
    ['a text of 1 MiB of escapes, the last one wrong', `{"m": "${'\\n'.repeat(2 ** 19)}\\p"}`],
    ['256 KiB of white space before a fault', `{"m": "a"${' '.repeat(2 ** 18)}x}`],
    ['250,000 lines before a fault', `${'\n'.repeat(250_000)}x`],
    ['250,000 numbers before a fault', `[${'1,'.repeat(250_000)}x]`],
  ])('refuses %s within 100 ms', async (_, text) => {
    const body = Buffer.from(text);
    const tookMs = await best(() => parseJson(body));
    expect(parseJson(body)).toMatchObject({
      ok: false,
      message: expect.stringMatching(/^the body is not JSON|line \d+, column \d+/),
    });
    expectWithin(tookMs, 100);
  });

  it('does not search a body of 20 MiB for the fault', async () => {
    const body = Buffer.from(`[${'1,'.repeat(10 * 2 ** 20)}x]`);
    const tookMs = await best(() => parseJson(body));
    expect(parseJson(body)).toMatchObject({ ok: false, message: expect.stringContaining('too large') });
    expectWithin(tookMs, 1_000);
  });

  it('takes 100,000 closed brackets and a text of 1 MiB, which are JSON', () => {
    expect(parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`).ok).toBe(true);
    expect(parse(JSON.stringify('a'.repeat(2 ** 20))).ok).toBe(true);
  });
});

/** The best of three: the machine has other work. */
async function best(work: () => unknown): Promise<number> {
  return Math.min(await duration(work), await duration(work), await duration(work));
}

describe('a value that a variable left empty', () => {
  const filled = (text: string) => parseJson(Buffer.from(text), { fillsEmptyValues: true });

  it.each([
    ['{"pr_number": ,"a": 1}', { pr_number: '$pr_number', a: 1 }],
    ['{"a": "x",\n "pr_number":\n}', { a: 'x', pr_number: '$pr_number' }],
    ['{"a": {"b": }, "c": ":,", "d": }', { a: { b: '$b' }, c: ':,', d: '$d' }],
    ['{"a": "\\"", "b": }', { a: '"', b: '$b' }],
  ])('is read as that variable in %s', (text, value) => {
    expect(filled(text)).toEqual({ ok: true, value, isRepaired: true });
  });

  it.each(['{"a": , "b" 1}', '{"a": ,', '{"a"}', '{,}', '{"a": "x" y}', '{"a": [,]}'])('does not excuse %s', (text) => {
    expect(filled(text)).toEqual(parseJson(Buffer.from(text)));
    expect(filled(text).ok).toBe(false);
  });

  it('is refused unless empty fields are allowed', () => {
    expect(parseJson(Buffer.from('{"pr_number": ,"a": 1}'))).toMatchObject({ ok: false });
  });
});
