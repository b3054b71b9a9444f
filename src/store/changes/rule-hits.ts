import type { Redis } from 'ioredis';
import { keys } from '../keys.ts';

/** How often each rule matched, by name: a rule that never does is a mistake that nobody would notice. */
export interface RuleHits {
  note(names: readonly string[]): Promise<void>;
  counts(): Promise<Readonly<Record<string, number>>>;
}

export function createRuleHits(redis: Redis): RuleHits {
  return {
    async note(names) {
      if (names.length === 0) return;
      const writes = redis.pipeline();
      for (const name of names) writes.hincrby(keys.ruleHits(), name, 1);
      await writes.exec();
    },
    async counts() {
      const counts = await redis.hgetall(keys.ruleHits());
      return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, Number(count)]));
    },
  };
}
