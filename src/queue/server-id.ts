import { ownerOf, type Redis } from './connection.ts';

/**
 * Identifies one run of one Redis server: it changes with a restart and with a failover.
 * @throws Error while Redis cannot be asked. Source: redis.io/docs/latest/commands/info, `run_id`
 */
export async function serverIdOf(redis: Redis): Promise<string> {
  const info = await ownerOf(redis).info('server');
  const id = /^run_id:(\w+)/m.exec(info)?.[1];
  if (id === undefined) throw new Error('INFO has no run_id');
  return id;
}
