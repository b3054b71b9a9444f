import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createMask } from '../../src/values/mask.ts';

const secret = fc.string({ minLength: 16, maxLength: 40 }).filter((text) => text.trim() === text);

it('masks a secret in any text', () => {
  fc.assert(
    fc.property(
      fc.array(secret, { minLength: 1, maxLength: 5 }),
      fc.string(),
      fc.string(),
      (secrets, before, after) => {
        const mask = createMask(secrets);
        for (const one of secrets) {
          const text = mask.text(`${before}${one}${after}`);
          expect(secrets.filter((other) => text.replaceAll('[secret]', '\u0000').includes(other))).toEqual([]);
        }
      },
    ),
  );
});

it('finds a secret within JSON and within a URL', () => {
  const mask = createMask(['a "quoted" secret/of mine']);
  expect(mask.text(JSON.stringify({ note: 'a "quoted" secret/of mine' }))).toBe('{"note":"[secret]"}');
  expect(mask.text(`https://x.example/${encodeURIComponent('a "quoted" secret/of mine')}`)).toBe(
    'https://x.example/[secret]',
  );
});

it('returns the same bytes if there is nothing to mask', () => {
  const mask = createMask(['a-secret-of-24-characters']);
  const clean = Buffer.from([0xff, 0x00, 0xc3, 0xa9]);
  expect(mask.bytes(clean)).toBe(clean);
  const found = mask.bytes(Buffer.concat([clean, Buffer.from('a-secret-of-24-characters'), clean]));
  expect(found).toEqual(Buffer.concat([clean, Buffer.from('[secret]'), clean]));
});

it('does not mask a very short secret', () => {
  expect(createMask(['main']).text('the main branch')).toBe('the main branch');
});

it('masks every text and name in a value, and returns a clean value itself', () => {
  const mask = createMask(['a-secret-of-24-characters']);
  const clean = { note: 'clean', list: [1, null, { deep: true }] };
  expect(mask.value(clean)).toBe(clean);
  const value = { note: 'with a-secret-of-24-characters', list: [{ 'a-secret-of-24-characters': 1 }, null] };
  const masked = { note: 'with [secret]', list: [{ '[secret]': 1 }, null] };
  expect(mask.value(value)).toEqual(masked);
  expect(mask.json(value)).toBe(JSON.stringify(masked));
  expect(mask.written(value)).toEqual({ value: masked, json: JSON.stringify(masked) });
});

it('finds a secret as other encoders write it: PHP, Go, Python', () => {
  const mask = createMask(['Käse/with <more> & more']);
  for (const written of [
    String.raw`Käse\/with <more> & more`,
    String.raw`Käse/with \u003cmore\u003e \u0026 more`,
    String.raw`K\u00e4se/with <more> & more`,
  ])
    expect(mask.text(`"${written}"`)).toBe('"[secret]"');
});

it('masks the whole of a secret that begins with another', () => {
  const mask = createMask(['anchor-lamp', 'anchor-lamp-tide-rope']);
  expect(mask.text('anchor-lamp-tide-rope anchor-lamp')).toBe('[secret] [secret]');
});
