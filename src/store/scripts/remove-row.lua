--[[
Deletes a row, unless it was changed in the meantime.

KEYS[1]    rows
KEYS[2]    rowSlots
ARGV[1]    its id
ARGV[2]    the row as the caller has read it
ARGV[3]    slot
Reply      1, or 0 when it was changed
]]
if redis.call('ZREM', KEYS[1], ARGV[2]) == 0 then return 0 end
local slot = 'slot:' .. ARGV[3]
if redis.call('HGET', KEYS[2], slot) == ARGV[1] then redis.call('HDEL', KEYS[2], slot) end
return 1
