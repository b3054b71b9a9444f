--[[
Reads the timeline entries of one page of an index, newest first.

KEYS[1]    facet            the index; changes is one
KEYS[2]    packedIndex      of it
KEYS[3]    timeline
ARGV[1]    first rank, from the newest
ARGV[2]    last rank
Reply      the timeline entries (false for none) as one text, an array of MessagePack: thousands of texts cost their
           reader several times as much, and joining them here costs Redis a third more
]]
-- @include index-blocks
-- @include index-page
local names = pageOf(KEYS[1], KEYS[2], tonumber(ARGV[1]), tonumber(ARGV[2]))
return cmsgpack.pack(#names > 0 and redis.call('HMGET', KEYS[3], unpack(names)) or {})
