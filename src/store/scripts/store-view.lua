--[[
Writes what the records of a deployment fold to, and the indexes in which it stands, unless somebody wrote to it
meanwhile: then the caller folds again.

KEYS[1]    deployment
KEYS[2]    timeline
KEYS[3]    predecessors
KEYS[4]    searchTerms
KEYS[5]    changesVersion
KEYS[6...] facet            the indexes that it leaves, then those in which it stands from now on; changes and lineage are such
ARGV[1]    the deployment's name
ARGV[2]    number of records that were folded
ARGV[3]    the indexes in which it stood, one a line
ARGV[4]    how many of KEYS[6...] it leaves
ARGV[5]    the view (JSON)
ARGV[6]    its score in each index
ARGV[7]    what the timeline draws, or nothing
ARGV[8]    what its successors ask of it, or nothing
ARGV[9]    its search terms, or nothing
Reply      1, or 0 when it was written to meanwhile
]]
local deployment, name = KEYS[1], ARGV[1]
local stored = redis.call('HMGET', deployment, 'view', 'in')
local others = (stored[1] and 1 or 0) + (stored[2] and 1 or 0)
if redis.call('HLEN', deployment) - others ~= tonumber(ARGV[2]) then return 0 end
if (stored[2] or '') ~= ARGV[3] then return 0 end
local entered = 6 + tonumber(ARGV[4])
for i = 6, entered - 1 do redis.call('ZREM', KEYS[i], name) end
redis.call('HSET', deployment, 'view', ARGV[5], 'in', table.concat(KEYS, '\n', entered))
local function put(hash, value)
  if value ~= '' then redis.call('HSET', hash, name, value) else redis.call('HDEL', hash, name) end
end
put(KEYS[2], ARGV[7])
put(KEYS[3], ARGV[8])
put(KEYS[4], ARGV[9])
redis.call('INCR', KEYS[5])
for i = entered, #KEYS do redis.call('ZADD', KEYS[i], ARGV[6], name) end
return 1
