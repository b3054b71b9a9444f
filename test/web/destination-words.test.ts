import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DestinationWords } from '../../src/web/parts/destination-labels.tsx';

const shown = (words: string) => DestinationWords({ children: words }).markup;
const said = (body: unknown, advice = '') =>
  shown(`POST to a.example: 422 ${JSON.stringify(body)}${advice}`)
    .replace(/<details>.*<\/details>/s, '')
    .replaceAll('&quot;', '"');

it.each([
  [{ error: { type: 'validation_error', message: 'no such service', status: 422 } }, 'no such service'],
  [{ message: 'ref is missing' }, 'ref is missing'],
  [
    { message: { ref: ['is missing', 'is short'], sha: ['is wrong'] } },
    'ref: is missing; ref: is short; sha: is wrong',
  ],
  [{ errors: [{ message: 'too late' }, { message: 'too late' }] }, 'too late'],
  [{ detail: [{ field: 'service', message: 'is unknown' }] }, 'service: is unknown'],
  [{ error: 'denied', error_description: 'ask the harbor master' }, 'denied; ask the harbor master'],
  [['fog', 'tide'], 'fog; tide'],
])('the message of %j is %s', (body, words) => {
  expect(said(body)).toBe(`POST to a.example: 422 ${words}`);
});

it('the advice is after it, and the whole response can be unfolded', () => {
  const page = shown('POST: 401 {"message":"No key.","code":9007199254740993}. Correct url [the one with {id}]');
  expect(page).toMatch(/^POST: 401 No key\. Correct url \[the one with \{id\}\]<details>/);
  expect(page).toContain(
    '{\n  &quot;message&quot;: &quot;No key.&quot;,\n  &quot;code&quot;: 9007199254740993\n}</pre>',
  );
});

it('a response without a message is shown whole', () => {
  expect(shown('POST: 422 {"code":7}. Set url')).toBe(
    'POST: 422 <pre class="answer" tabindex="0">{\n  &quot;code&quot;: 7\n}</pre>Set url',
  );
});

it.each(['201 created', 'no answer from a.example: none within 100 ms', 'POST: 422 {"message":"cut of', '502 <h1>'])(
  '%s is unchanged',
  (words) => {
    expect(shown(words).replaceAll('&quot;', '"').replace('&lt;', '<').replace('&gt;', '>')).toBe(words);
  },
);

it('no response can cause markup, an endless search, or an error', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), fc.string(), (json, after) => {
      expect(shown(`x: 422 ${json}${after}`)).not.toMatch(/<(?!\/?(details|summary|pre)\b)/);
    }),
  );
  const long = `x: [${'[1],'.repeat(200_000)}`;
  expect(shown(long)).toBe(long);
  expect(shown(`x: 422 ${'['.repeat(400)}${'}'.repeat(400)}`)).toContain('[[[}}}');
});
