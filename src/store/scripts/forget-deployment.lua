--[[
Removes a deployment, its place in every index and all that it left elsewhere, unless it changed its indexes meanwhile.
INCR is refused by a Redis that is full, and comes last: what is kept of a query may then be older for a minute.

KEYS[1]    deployment
KEYS[2]    changesVersion
KEYS[3]    timeline
KEYS[4]    predecessors
KEYS[5]    searchTerms
KEYS[6...] facet            the indexes in which it stands: changes, dropped and lineage are such; then what goes with it:
           alias, firstOccurrence, ledger, attempts, remoteOwner, echoOfId
ARGV[1]    the deployment's name
ARGV[2]    the indexes in which it stood, one a line
ARGV[3]    how many of KEYS[6...] are indexes
Reply      1, or 0 when they are others by now
]]
local deployment, name = KEYS[1], ARGV[1]
if (redis.call('HGET', deployment, 'in') or '') ~= ARGV[2] then return 0 end
local indexes = tonumber(ARGV[3])
for i = 6, #KEYS do
  if i < 6 + indexes then redis.call('ZREM', KEYS[i], name) else redis.call('UNLINK', KEYS[i]) end
end
redis.call('HDEL', KEYS[3], name)
redis.call('HDEL', KEYS[4], name)
redis.call('HDEL', KEYS[5], name)
redis.call('UNLINK', deployment)
redis.pcall('INCR', KEYS[2])
return 1
