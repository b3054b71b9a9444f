--[[
Reads the timeline entries of one page of an index, newest first.

KEYS[1]    facet            the index; changes is one
KEYS[2]    packedIndex      of it
KEYS[3]    timeline
ARGV[1]    first rank, from the newest
ARGV[2]    last rank
Reply      the timeline entry of each, or nil
]]
-- @include index-blocks
-- @include index-page
local names = pageOf(KEYS[1], KEYS[2], tonumber(ARGV[1]), tonumber(ARGV[2]))
return #names > 0 and redis.call('HMGET', KEYS[3], unpack(names)) or {}
