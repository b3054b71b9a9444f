import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PREFIX } from '../../src/store/key-family.ts';
import { familyOf, type ScriptFile, scriptFiles, usersOf } from '../support/scripts.ts';
import { useRedis } from '../support/use-redis.ts';

const redis = useRedis();

describe.each(scriptFiles().map((script) => [script.name, script] as const))('the script %s', (name, script) => {
  it('is compiled by Redis', async () => {
    await expect(redis.script('LOAD', script.lua)).resolves.toMatch(/^[0-9a-f]{40}$/);
  });

  it('is used in one place', () => {
    expect(usersOf(name)).toHaveLength(1);
  });

  it('documents its purpose and its arguments by number', () => {
    expect(script.about).toMatch(/^[A-Z][\s\S]*\.$/);
    for (const kind of ['KEYS', 'ARGV'] as const) {
      const own = script.parameters.filter((one) => one.kind === kind);
      expect(own.map(({ first }) => first)).toEqual(own.map((_, at) => at + 1));
      expect(own.slice(0, -1).filter(({ open }) => open)).toEqual([]);
      for (const at of usedIn(script, kind)) expect(covers(own, at), `${kind}[${at}]`).toBe(true);
      for (const { first, open, text } of own)
        expect(open ? usesAll(script, kind) : usedIn(script, kind).has(first), `${kind}[${first}] ${text}`).toBe(true);
    }
  });

  it('names the family of each key', () => {
    const all = script.parameters.filter(({ kind }) => kind === 'KEYS');
    expect(all.filter((one) => familyOf(one) === undefined)).toEqual([]);
  });

  it('only gets JSON that it can read, without half characters', () => {
    const writers = usersOf(name).filter((file) => readFileSync(`src/${file}`, 'utf8').includes('JSON.stringify('));
    expect(script.lua.includes('cjson.decode') ? writers : []).toEqual([]);
  });

  it('documents its reply, if there is one', () => {
    expect(script.reply !== '').toBe(/^return\b/m.test(script.code));
  });

  it('makes no key itself', () => {
    expect(script.code).not.toContain(PREFIX);
    expect(script.code).not.toMatch(/redis\.call\('[A-Z]+', '/);
  });
});

/** Numbers that stand in the code, and what an unpack goes through up to a number. */
function usedIn({ code }: ScriptFile, kind: string): Set<number> {
  const single = [...code.matchAll(new RegExp(`\\b${kind}\\[(\\d+)\\]`, 'g'))].map(([, at]) => Number(at));
  const unpacked = [...code.matchAll(new RegExp(`unpack\\(${kind}, (\\d+), (\\d+)\\)`, 'g'))];
  const ranges = unpacked.flatMap(([, from, to]) => [...Array(Number(to) + 1).keys()].slice(Number(from)));
  return new Set([...single, ...ranges]);
}

const usesAll = ({ code }: ScriptFile, kind: string): boolean =>
  new RegExp(`#${kind}\\b|ipairs\\(${kind}\\)|unpack\\(${kind}, \\d+\\)|${kind}\\[at|${kind}\\[tonumber`).test(code);

const covers = (own: ScriptFile['parameters'], at: number): boolean =>
  own.some(({ first, open }) => (open ? at >= first : at === first));
