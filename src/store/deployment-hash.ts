import { key } from './keys.ts';
import { createScript } from './script.ts';

/** Not `deployment`: under that name an earlier bridge kept a text, and a record must never fail on what it left. */
export const keyOf = (name: string) => key('change', name);

/**
 * One hash holds a deployment: its records by id, its view, and the indexes in which it stands. The two names are no
 * record's id, which begins with chg_.
 */
export const VIEW = 'view';
export const INDEXES = 'in';

/**
 * KEYS: none, since the deployment is known only here. ARGV: prefix, deployment, seconds it is kept, occurrence,
 * HSET or HSETNX, number of records; each record's id and JSON; aliases.
 * Aliases are for looking up, never for joining: GitLab's deployment ids have been seen under several jobs.
 * The first deployment that names an alias keeps it.
 * @returns the deployment's key, then 1 for each record that is new, then all its records.
 */
export const APPEND = createScript(`
local prefix, key, ttl, occurrence, count = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[6])
if occurrence ~= '' then
  local first = prefix .. ':occurrence:' .. key
  redis.call('SET', first, occurrence, 'EX', ttl, 'NX')
  if redis.call('GET', first) ~= occurrence then key = key .. '/' .. occurrence end
end
local deployment = prefix .. ':change:' .. key
local reply = { key }
for i = 1, count do reply[i + 1] = redis.call(ARGV[5], deployment, ARGV[5 + 2 * i], ARGV[6 + 2 * i]) end
for i = 7 + 2 * count, #ARGV do redis.call('SET', prefix .. ':alias:' .. ARGV[i], key, 'EX', ttl, 'NX') end
redis.call('EXPIRE', deployment, ttl)
local fields = redis.call('HGETALL', deployment)
for i = 1, #fields, 2 do
  if fields[i] ~= '${VIEW}' and fields[i] ~= '${INDEXES}' then reply[#reply + 1] = fields[i + 1] end
end
return reply`);

/** Takes a deployment out of the indexes in which it stands. */
const LEAVE_INDEXES = `
for index in string.gmatch(redis.call('HGET', deployment, '${INDEXES}') or '', '[^\\n]+') do redis.call('ZREM', index, name) end`;

/**
 * Writes the view and its indexes, unless a record came in meanwhile: then the caller folds again.
 * KEYS: deployment, marks, deployed, words, version; ARGV: its key, number of records, view, score, mark, what its
 * successors ask of it or nothing, its words or nothing, indexes.
 */
export const PROJECT = createScript(`
local deployment, name = KEYS[1], ARGV[1]
local others = redis.call('HEXISTS', deployment, '${VIEW}') == 1 and 2 or 0
if redis.call('HLEN', deployment) - others ~= tonumber(ARGV[2]) then return 0 end
${LEAVE_INDEXES}
redis.call('HSET', deployment, '${VIEW}', ARGV[3], '${INDEXES}', table.concat(ARGV, '\\n', 8))
if #ARGV > 7 then redis.call('HSET', KEYS[2], name, ARGV[5]) else redis.call('HDEL', KEYS[2], name) end
if ARGV[6] ~= '' then redis.call('HSET', KEYS[3], name, ARGV[6]) else redis.call('HDEL', KEYS[3], name) end
if ARGV[7] ~= '' then redis.call('HSET', KEYS[4], name, ARGV[7]) else redis.call('HDEL', KEYS[4], name) end
redis.call('INCR', KEYS[5])
for i = 8, #ARGV do redis.call('ZADD', ARGV[i], ARGV[4], name) end
return 1`);

/** KEYS: deployment, version, all changes, marks, deployed, words; ARGV: its key. */
export const FORGET = createScript(`
local deployment, name = KEYS[1], ARGV[1]
${LEAVE_INDEXES}
redis.call('INCR', KEYS[2])
redis.call('ZREM', KEYS[3], name)
for i = 4, #KEYS do redis.call('HDEL', KEYS[i], name) end
return redis.call('DEL', deployment)`);

/** KEYS: deployments. Redis has no command that reads one field of many hashes. */
export const READ_VIEWS = createScript(`
local views = {}
for i, deployment in ipairs(KEYS) do views[i] = redis.call('HGET', deployment, '${VIEW}') end
return views`);
