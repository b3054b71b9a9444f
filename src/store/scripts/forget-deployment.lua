--[[
Deletes a deployment with its entries in all indexes and all other data of it, unless its indexes have changed in the
meantime. The version comes last, as a Redis without free memory rejects it: then cached queries may be outdated for a
minute.

KEYS[1]    deployment
KEYS[2]    changesVersion
KEYS[3]    timeline
KEYS[4]    predecessors
KEYS[5]    searchTerms
KEYS[6]    entryChanges
KEYS[7...] facet            the indexes that contain it: changes, dropped and lineage are such; then its other keys:
           alias, firstOccurrence, ledger, attempts, remoteOwner, echoOfId
ARGV[1]    the deployment's name
ARGV[2]    the indexes that the caller has read, one per line
ARGV[3]    how many of KEYS[7...] are indexes
Reply      1, or 0 when its indexes have changed
]]
-- @include log-entry
local deployment, name = KEYS[1], ARGV[1]
if (redis.call('HGET', deployment, 'in') or '') ~= ARGV[2] then return 0 end
local indexes = tonumber(ARGV[3])
for i = 7, #KEYS do
  if i < 7 + indexes then redis.call('ZREM', KEYS[i], name) else redis.call('UNLINK', KEYS[i]) end
end
local entry = redis.call('HGET', KEYS[3], name) or ''
redis.call('HDEL', KEYS[3], name)
redis.call('HDEL', KEYS[4], name)
redis.call('HDEL', KEYS[5], name)
redis.call('UNLINK', deployment)
logEntry(KEYS[2], KEYS[6], entry, '')
return 1
