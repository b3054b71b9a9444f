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
