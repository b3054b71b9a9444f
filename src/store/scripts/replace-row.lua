--[[
Replaces a row, unless it was changed in the meantime.

KEYS[1]    rows
ARGV[1]    its id
ARGV[2]    the row as the caller has read it
ARGV[3]    the new row
Reply      1, or 0 when it was changed
]]
if redis.call('ZREM', KEYS[1], ARGV[2]) == 0 then return 0 end
return redis.call('ZADD', KEYS[1], ARGV[1], ARGV[3])
