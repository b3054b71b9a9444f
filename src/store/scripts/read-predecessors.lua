--[[
Reads the deployments of a lineage that succeeded before a moment, newest first.

KEYS[1]    lineage
KEYS[2]    predecessors
ARGV[1]    the score below which they stand, as ZREVRANGEBYSCORE takes it
ARGV[2]    how many at most
Reply      the SHA-1 of what follows, by which it is recognized when a view is written; then what a successor asks of
           each (JSON), or what it is packed under
]]
-- @include predecessors
local found = predecessors(KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[2]))
table.insert(found, 1, redis.sha1hex(table.concat(found, '\n')))
return found
