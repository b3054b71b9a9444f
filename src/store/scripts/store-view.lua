--[[
Writes what the records of a deployment fold to, and the indexes in which it stands, unless somebody wrote to it, or to
those before it in its lineage, meanwhile: then the caller folds again.

KEYS[1]    deployment
KEYS[2]    timeline
KEYS[3]    predecessors
KEYS[4]    searchTerms
KEYS[5]    changesVersion
KEYS[6]    lineage
KEYS[7]    facet            those that wait for their turn, of all lineages
KEYS[8...] facet            the indexes that it leaves, then those in which it stands from now on; changes,
           dropped and lineage are such
ARGV[1]    the deployment's name
ARGV[2]    number of records that were folded
ARGV[3]    the indexes in which it stood, one a line
ARGV[4]    how many of KEYS[8...] it leaves
ARGV[5]    the view (JSON)
ARGV[6]    its score in each index but its lineage
ARGV[7]    what the timeline draws, or nothing
ARGV[8]    what its successors ask of it, or nothing
ARGV[9]    its search terms, or nothing
ARGV[10]   1 when it waits for its turn
ARGV[11]   the score below which its predecessors were looked for
ARGV[12]   how many were looked for
ARGV[13]   the SHA-1 of those that were found, one a line
ARGV[14]   its score in its lineage: of one that ran and failed afterwards, when it began to run
Reply      0 when it was written to meanwhile; else { up to 20 that follow in its lineage, up to 20 before it that wait }, both
           empty where nothing that they are judged by has changed
]]
-- @include predecessors
local deployment, name = KEYS[1], ARGV[1]
local stored = redis.call('HMGET', deployment, 'view', 'in')
local others = (stored[1] and 1 or 0) + (stored[2] and 1 or 0)
if redis.call('HLEN', deployment) - others ~= tonumber(ARGV[2]) then return 0 end
if (stored[2] or '') ~= ARGV[3] then return 0 end
local found = predecessors(KEYS[6], KEYS[3], ARGV[11], tonumber(ARGV[12]))
if redis.sha1hex(table.concat(found, '\n')) ~= ARGV[13] then return 0 end
local entered = 8 + tonumber(ARGV[4])
local known = redis.call('HGET', KEYS[3], name) or ''
for i = 8, entered - 1 do redis.call('ZREM', KEYS[i], name) end
redis.call('HSET', deployment, 'view', ARGV[5], 'in', table.concat(KEYS, '\n', entered))
local function put(hash, value)
  if value ~= '' then redis.call('HSET', hash, name, value) else redis.call('HDEL', hash, name) end
end
put(KEYS[2], ARGV[7])
put(KEYS[3], ARGV[8])
put(KEYS[4], ARGV[9])
redis.call('INCR', KEYS[5])
for i = entered, #KEYS do redis.call('ZADD', KEYS[i], KEYS[i] == KEYS[6] and ARGV[14] or ARGV[6], name) end
if known == ARGV[8] and ARGV[10] == '0' then return { {}, {} } end
local after, before = '(' .. ARGV[14], '(' .. ARGV[14]
local followers = redis.call('ZRANGEBYSCORE', KEYS[6], after, '+inf', 'LIMIT', 0, 20)
local waiting = {}
if redis.call('ZCARD', KEYS[7]) == 0 then return { followers, waiting } end
for _, other in ipairs(redis.call('ZREVRANGEBYSCORE', KEYS[6], before, '-inf', 'LIMIT', 0, 20)) do
  if redis.call('ZSCORE', KEYS[7], other) then waiting[#waiting + 1] = other end
end
return { followers, waiting }
