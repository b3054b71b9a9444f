--[[
Puts the fields of a deployment back in the place of the packed one, before somebody writes to it.

KEYS[1]    deployment
ARGV[1]    what they were packed to
ARGV[2...] the fields and values
Reply      1, or 0 when somebody else did it meanwhile
]]
if redis.call('HGET', KEYS[1], 'packed') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('HDEL', KEYS[1], 'packed')
return 1
