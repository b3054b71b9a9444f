--[[
Reads what the timeline draws of one page of an index, newest first.

KEYS[1]    facet            the index; changes is one
KEYS[2]    timeline
ARGV[1]    first rank, from the newest
ARGV[2]    last rank
Reply      what is drawn of each, or nil
]]
local names = redis.call('ZREVRANGE', KEYS[1], ARGV[1], ARGV[2])
return #names > 0 and redis.call('HMGET', KEYS[2], unpack(names)) or {}
