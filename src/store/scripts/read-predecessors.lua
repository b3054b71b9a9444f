--[[
Reads the deployments of a lineage that succeeded before a given time, newest first.

KEYS[1]    lineage
KEYS[2]    predecessors
ARGV[1]    the upper limit of the score, in the syntax of ZREVRANGEBYSCORE
ARGV[2]    maximum number
Reply      the SHA-1 of the rest of the reply, which store-view compares to detect a change; then for each deployment
           the summary that its successors need (JSON), or its packed id
]]
-- @include predecessors
local found = predecessors(KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[2]))
table.insert(found, 1, redis.sha1hex(table.concat(found, '\n')))
return found
