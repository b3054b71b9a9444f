import type { Redis } from 'ioredis';
import { keys } from './keys.ts';

/** The generated secrets of all replicas: of each name, what the first replica wrote. */
export async function agreeOnSecrets(
  redis: Redis,
  own: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  await Promise.all(Object.entries(own).map(([name, secret]) => redis.hsetnx(keys.secrets(), name, secret)));
  return { ...own, ...(await redis.hgetall(keys.secrets())) };
}
