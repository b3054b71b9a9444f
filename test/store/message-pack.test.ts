import { describe, expect, it } from 'vitest';
import { eachText } from '../../src/store/message-pack.ts';
import { useRedis } from '../support/use-redis.ts';

const redis = useRedis();

/** As Redis packs it. */
async function packed(lua: string, ...texts: readonly string[]): Promise<Buffer> {
  return (await redis.callBuffer('EVAL', `return cmsgpack.pack(${lua})`, 0, ...texts)) as Buffer;
}

function textsIn(list: Buffer): string[] {
  const texts: string[] = [];
  eachText(list, (from, to) => texts.push(list.toString('utf8', from, to)));
  return texts;
}

describe('a list of texts that a script packed', () => {
  it('has each text as it was, of any length', async () => {
    const texts = [0, 1, 31, 32, 255, 256, 65_535, 65_536, 0].map((length, at) => String(at).repeat(length));
    expect(textsIn(await packed('ARGV', ...texts))).toEqual(texts);
    expect(textsIn(await packed('ARGV', 'späť', '', '灯台'))).toEqual(['späť', '', '灯台']);
  });

  it.each([0, 1, 15, 16, 4_000, 7_999])('may have %d of them', async (count) => {
    const texts = Array.from({ length: count }, (_, at) => `job:${at}`);
    expect(textsIn(await packed('ARGV', ...texts))).toEqual(texts);
  });

  it('passes over those that are missing', async () => {
    await redis.hset('{shiplog}:some', 'a', '1', 'c', '3');
    const lua = "redis.call('HMGET', '{shiplog}:some', 'none', 'a', 'b', 'c', 'd')";
    expect(textsIn(await packed(lua))).toEqual(['1', '3']);
  });

  it('refuses anything else', async () => {
    expect(() => textsIn(Buffer.alloc(0))).toThrow();
    expect(() => textsIn(Buffer.from([0x80]))).toThrow('no list');
    const numbers = await packed('{ 7 }');
    expect(() => textsIn(numbers)).toThrow('no text');
  });
});
