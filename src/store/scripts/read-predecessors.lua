--[[
Reads the deployments of a lineage that succeeded before a moment, newest first.

KEYS[1]    lineage
KEYS[2]    predecessors
ARGV[1]    the score below which they stand, as ZREVRANGEBYSCORE takes it
ARGV[2]    how many at most
Reply      what a successor asks of each (JSON), or nil
]]
local names = redis.call('ZREVRANGEBYSCORE', KEYS[1], ARGV[1], '-inf', 'LIMIT', 0, ARGV[2])
return #names > 0 and redis.call('HMGET', KEYS[2], unpack(names)) or {}
