import { ownerOf, type Redis } from './connection.ts';

/**
 * What tells one run of one server from any other: a restart and a failover make another one.
 * @throws Error while it cannot be asked. Source: redis.io/docs/latest/commands/info, `run_id`
 */
export async function serverIdOf(redis: Redis): Promise<string> {
  const info = await ownerOf(redis).info('server');
  const id = /^run_id:(\w+)/m.exec(info)?.[1];
  if (id === undefined) throw new Error('INFO has no run_id');
  return id;
}
