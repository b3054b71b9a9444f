--[[
Stores the view of a deployment and adds it to its indexes, unless the deployment or its predecessors in the lineage
were changed in the meantime: then the caller folds again.

KEYS[1]    deployment
KEYS[2]    timeline
KEYS[3]    predecessors
KEYS[4]    searchTerms
KEYS[5]    changesVersion
KEYS[6]    lineage
KEYS[7]    facet            the pending deployments of all lineages
KEYS[8]    entryChanges
KEYS[9...] facet            the indexes to remove it from, then those to add it to; changes, dropped and lineage
           are such
ARGV[1]    the deployment's name
ARGV[2]    number of records that were folded
ARGV[3]    the indexes that contained it, one per line
ARGV[4]    how many of KEYS[9...] to remove it from
ARGV[5]    the view (JSON)
ARGV[6]    its score in each index except its lineage
ARGV[7]    its timeline entry, or nothing
ARGV[8]    the summary that its successors need, or nothing
ARGV[9]    its search terms, or nothing
ARGV[10]   1 when it is pending
ARGV[11]   the upper limit of the score that its predecessors were read with
ARGV[12]   the maximum number that they were read with
ARGV[13]   the SHA-1 that read-predecessors returned
ARGV[14]   its score in its lineage: for one that ran and failed afterwards, the time that it started to run
Reply      0 when it was changed; else { up to 20 later deployments of its lineage, up to 20 earlier ones that are
           pending }, both empty when nothing that these depend on has changed
]]
-- @include predecessors
-- @include log-entry
local deployment, name = KEYS[1], ARGV[1]
local stored = redis.call('HMGET', deployment, 'view', 'in')
local others = (stored[1] and 1 or 0) + (stored[2] and 1 or 0)
if redis.call('HLEN', deployment) - others ~= tonumber(ARGV[2]) then return 0 end
if (stored[2] or '') ~= ARGV[3] then return 0 end
local found = predecessors(KEYS[6], KEYS[3], ARGV[11], tonumber(ARGV[12]))
if redis.sha1hex(table.concat(found, '\n')) ~= ARGV[13] then return 0 end
local entered = 9 + tonumber(ARGV[4])
local known = redis.call('HGET', KEYS[3], name) or ''
local score, was = ARGV[14], redis.call('ZSCORE', KEYS[6], name)
-- What stood between its former place and this one followed it until now.
if was and tonumber(was) < tonumber(score) then score = was end
for i = 9, entered - 1 do redis.call('ZREM', KEYS[i], name) end
redis.call('HSET', deployment, 'view', ARGV[5], 'in', table.concat(KEYS, '\n', entered))
local function put(hash, value)
  if value ~= '' then redis.call('HSET', hash, name, value) else redis.call('HDEL', hash, name) end
end
local entry = redis.call('HGET', KEYS[2], name) or ''
put(KEYS[2], ARGV[7])
put(KEYS[3], ARGV[8])
put(KEYS[4], ARGV[9])
logEntry(KEYS[5], KEYS[8], entry, ARGV[7])
for i = entered, #KEYS do redis.call('ZADD', KEYS[i], KEYS[i] == KEYS[6] and ARGV[14] or ARGV[6], name) end
if known == ARGV[8] and (known == '' or was) and ARGV[10] == '0' then return { {}, {} } end
local after, before = '(' .. score, '(' .. ARGV[14]
local followers = redis.call('ZRANGEBYSCORE', KEYS[6], after, '+inf', 'LIMIT', 0, 20)
local waiting = {}
if redis.call('ZCARD', KEYS[7]) == 0 then return { followers, waiting } end
for _, other in ipairs(redis.call('ZREVRANGEBYSCORE', KEYS[6], before, '-inf', 'LIMIT', 0, 20)) do
  if redis.call('ZSCORE', KEYS[7], other) then waiting[#waiting + 1] = other end
end
return { followers, waiting }
