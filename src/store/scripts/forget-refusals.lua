--[[
Deletes the rejected requests from before a given time.

KEYS[1]    refusals
KEYS[2]    refusalsByTime
ARGV[1]    epoch ms
Reply      the number deleted
]]
local gone = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[1])
for _, id in ipairs(gone) do redis.call('HDEL', KEYS[1], id, id .. ':count') end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[1])
return #gone
