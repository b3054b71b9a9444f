--[[
Removes a deployment and its place in every index, unless it changed its indexes meanwhile.

KEYS[1]    deployment
KEYS[2]    changesVersion
KEYS[3]    timeline
KEYS[4]    predecessors
KEYS[5]    searchTerms
KEYS[6...] facet            the indexes in which it stands; changes and lineage are such
ARGV[1]    the deployment's name
ARGV[2]    the indexes in which it stood, one a line
Reply      1, or 0 when they are others by now
]]
local deployment, name = KEYS[1], ARGV[1]
if (redis.call('HGET', deployment, 'in') or '') ~= ARGV[2] then return 0 end
for i = 6, #KEYS do redis.call('ZREM', KEYS[i], name) end
redis.call('HDEL', KEYS[3], name)
redis.call('HDEL', KEYS[4], name)
redis.call('HDEL', KEYS[5], name)
redis.call('INCR', KEYS[2])
redis.call('DEL', deployment)
return 1
