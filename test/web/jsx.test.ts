import { expect, it } from 'vitest';
import { exactly } from '../../src/web/html.ts';
import { Fragment, jsx } from '../../src/web/jsx-runtime.ts';

const hostile = `"><script>alert('&')</script>`;
const harmless = '&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;';

it('escapes everything in an element or attribute, and nothing twice', () => {
  const inner = jsx('p', { title: hostile, children: hostile });
  expect(jsx('div', { children: [inner, hostile] }).markup).toBe(
    `<div><p title="${harmless}">${harmless}</p>${harmless}</div>`,
  );
});

it('writes nothing for what is absent, and 0 for 0', () => {
  const children = [undefined, false, 0, jsx(Fragment, {})];
  expect(jsx('p', { class: undefined, hidden: false, id: 0, children }).markup).toBe('<p id="0">0</p>');
});

it('writes an attribute that is true without a value, and closes no element that is void', () => {
  expect(jsx('input', { hidden: true, value: exactly('"\u202E') }).markup).toBe(
    '<input hidden value="&quot;&#x202e;">',
  );
});

it('shows hidden marks in attributes too', () => {
  expect(jsx('a', { href: '/\u202Ex', children: '\u200B' }).markup).toBe('<a href="/[U+202E]x">[U+200B]</a>');
});
