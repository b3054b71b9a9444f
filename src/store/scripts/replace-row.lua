--[[
Replaces a row, unless it is another by now.

KEYS[1]    rows
ARGV[1]    its id
ARGV[2]    the row as it was seen
ARGV[3]    the row as it is to be
Reply      1, or 0 when it is another by now
]]
if redis.call('ZREM', KEYS[1], ARGV[2]) == 0 then return 0 end
return redis.call('ZADD', KEYS[1], ARGV[1], ARGV[3])
