--[[
Writes a row under a number that it was given, whatever stands there. The slot's newest stays the newest.

KEYS[1]    rows
KEYS[2]    rowSlots
ARGV[1]    its id
ARGV[2]    the row
ARGV[3]    slot
ARGV[4]    seconds that both are kept
Reply      1
]]
redis.call('ZREMRANGEBYSCORE', KEYS[1], ARGV[1], ARGV[1])
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
local slot = 'slot:' .. ARGV[3]
local newest = redis.call('HGET', KEYS[2], slot)
if not newest or tonumber(newest) < tonumber(ARGV[1]) then redis.call('HSET', KEYS[2], slot, ARGV[1]) end
redis.call('EXPIRE', KEYS[1], ARGV[4])
return redis.call('EXPIRE', KEYS[2], ARGV[4])
