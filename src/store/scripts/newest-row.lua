--[[
Reads the newest row of a slot.

KEYS[1]    rowSlots
KEYS[2]    rows
ARGV[1]    slot
Reply      the row, or false
]]
local id = redis.call('HGET', KEYS[1], 'slot:' .. ARGV[1])
return id and redis.call('ZRANGEBYSCORE', KEYS[2], id, id)[1] or false
