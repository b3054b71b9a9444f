import type { Redis } from 'ioredis';
import { key } from './keys.ts';

/** How often each rule matched, by name: a rule that never does is a mistake that nobody would see. */
export interface RuleHits {
  note(names: readonly string[]): Promise<void>;
  counts(): Promise<Readonly<Record<string, number>>>;
}

export function createRuleHits(redis: Redis): RuleHits {
  return {
    async note(names) {
      if (names.length === 0) return;
      const writes = redis.pipeline();
      for (const name of names) writes.hincrby(key('rule-hits'), name, 1);
      await writes.exec();
    },
    async counts() {
      const counts = await redis.hgetall(key('rule-hits'));
      return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, Number(count)]));
    },
  };
}
