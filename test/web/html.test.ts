import { describe, expect, it } from 'vitest';
import { exactly, html, localPath } from '../../src/web/html.ts';
import { Link } from '../../src/web/parts/link.tsx';

const markup = (piece: { markup: string }) => piece.markup;

describe('html', () => {
  it('escapes text, in content and in attributes', () => {
    const hostile = `"><script>alert('&')</script>`;
    expect(markup(html`<p title="${hostile}">${hostile}</p>`)).toBe(
      '<p title="&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;">&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;</p>',
    );
  });

  it('leaves nested markup as it is and joins lists', () => {
    expect(markup(html`<ul>${['<a>', 'b'].map((item) => html`<li>${item}</li>`)}</ul>`)).toBe(
      '<ul><li>&lt;a&gt;</li><li>b</li></ul>',
    );
  });

  it('writes nothing for what is absent, and 0 for 0', () => {
    expect(markup(html`[${undefined}${false}${0}]`)).toBe('[0]');
  });

  it('does not accept an object that only looks like markup', () => {
    const forged: unknown = JSON.parse('["<b>", {"markup": "<script>"}]');
    const list = Array.isArray(forged) ? forged.map(String) : [];
    expect(markup(html`${list}`)).toBe('&lt;b&gt;[object Object]');
  });

  it('shows terminal escapes, and bidirectional and invisible marks', () => {
    expect(markup(html`${'\u001b[31mred \u202Edorp\u200F\u200B\u0000\u009b'}`)).toBe(
      '[U+001B][31mred [U+202E]dorp[U+200F][U+200B][U+0000][U+009B]',
    );
  });

  it('does not change line ends, tabs, emoji and other scripts', () => {
    const text = 'a\n\tb 👩‍🚀 مرحبا 日本語';
    expect(markup(html`${text}`)).toBe(text);
  });

  it('sends the value of a form field back exactly as it came', () => {
    expect(markup(html`<input value="${exactly('"\u202E\u001b')}">`)).toBe('<input value="&quot;&#x202e;&#x1b;">');
    expect(markup(html`<input value="${exactly('a\u0000b\u009b')}">`)).toBe('<input value="a\ufffdb\ufffd">');
  });
});

const link = (to: string, children: string) => Link({ to, children });

describe('a link', () => {
  it.each(['https://gitlab.harbor.example/x?a=1&b=2', 'http://ci.harbor.example:8080/', '/inbox/1?page=2'])(
    'links to %s',
    (address) => {
      expect(markup(link(address, 'here'))).toBe(`<a href="${address.replace('&', '&amp;')}">here</a>`);
    },
  );

  it.each([
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    '//evil.example/',
    '/\\evil.example',
    'https://',
    'ftp://x.example/',
    'mailto:a@b.example',
    'relative',
  ])('shows %j as text', (address) => {
    expect(markup(link(address, 'here'))).not.toContain('<a');
    expect(markup(link(address, 'here'))).toContain('here');
  });

  it('keeps quotes inside the address', () => {
    expect(markup(link('https://x.example/"onmouseover="alert(1)', 'x'))).not.toMatch(/"onmouseover/);
  });
});

describe('localPath', () => {
  it.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/.//evil.example',
    '/x/..//evil.example',
    'evil',
    '',
  ])('does not lead to %j', (address) => {
    expect(localPath(address)).toBeUndefined();
  });

  it('keeps path, query and fragment', () => {
    expect(localPath('/?environment=a%20b&range=1h#x')).toBe('/?environment=a%20b&range=1h#x');
  });
});
