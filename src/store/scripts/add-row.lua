--[[
Adds a row to a table under the next number, unless another one was added to its slot in the meantime.

KEYS[1]    rowSlots
KEYS[2]    rows
KEYS[3]    lastRowId
ARGV[1]    slot
ARGV[2]    the id of the newest row of the slot that the caller has read, or nothing
ARGV[3]    the row (JSON)
ARGV[4]    time to live of both, seconds
ARGV[5]    maximum number of rows
ARGV[6]    maximum number of slots
Reply      the row with its numbers, or false when the slot has another newest row
]]
local slot = 'slot:' .. ARGV[1]
local newest = redis.call('HGET', KEYS[1], slot)
if newest and redis.call('ZCOUNT', KEYS[2], newest, newest) == 0 then newest = false end
if (newest or '') ~= ARGV[2] then return false end
local id = string.format('%.0f', redis.call('INCR', KEYS[3]))
local iid = string.format('%.0f', redis.call('HINCRBY', KEYS[1], 'iid', 1))
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[6]) then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'iid', iid)
end
local row = id .. ' ' .. iid .. ' ' .. ARGV[3]
redis.call('ZADD', KEYS[2], id, row)
redis.call('HSET', KEYS[1], slot, id)
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -(tonumber(ARGV[5]) + 1))
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return row
