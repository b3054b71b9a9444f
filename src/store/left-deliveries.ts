import type { Redis } from 'ioredis';
import { keys } from './keys.ts';

/** Deliveries in the queue of a sink that no replica has any more: nobody sends them. */
export interface LeftDeliveries {
  readonly sink: string;
  readonly waiting: number;
  readonly dead: number;
}

/** @param present the sinks that some replica has */
export async function readLeftDeliveries(
  redis: Redis,
  present: ReadonlySet<string>,
): Promise<readonly LeftDeliveries[]> {
  const gone = (await redis.smembers(keys.sinks())).filter((name) => !present.has(name));
  const all = await Promise.all(
    gone.map(async (sink) => {
      const part = (name: string) => keys.forwardQueue(sink, name);
      const [wait, active, delayed, dead] = await Promise.all([
        redis.llen(part('wait')),
        redis.llen(part('active')),
        redis.zcard(part('delayed')),
        redis.zcard(part('failed')),
      ]);
      return { sink, waiting: wait + active + delayed, dead };
    }),
  );
  return all.filter(({ waiting, dead }) => waiting + dead > 0);
}
