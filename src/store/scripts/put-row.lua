--[[
Stores a row under a number that was already assigned, unless a newer row has that number. The newest row of the slot is
the one that was made last. Numbers do not show that, as those assigned while Redis was unreachable are far ahead.

KEYS[1]    rows
KEYS[2]    rowSlots
ARGV[1]    its id
ARGV[2]    the row
ARGV[3]    slot
ARGV[4]    time to live of both, seconds
Reply      1
]]
local rows, id, row = KEYS[1], ARGV[1], ARGV[2]
local function at(id) return redis.call('ZRANGEBYSCORE', rows, id, id)[1] end
-- ISO 8601 UTC. Searching the JSON text is safe, as a quote within a string is escaped.
local function time(row, name) return string.match(row, '"' .. name .. '":"([^"\\]*)"') or '' end
local known = at(id)
if not known or time(known, 'updated_at') <= time(row, 'updated_at') then
  redis.call('ZREMRANGEBYSCORE', rows, id, id)
  redis.call('ZADD', rows, id, row)
end
local slot = 'slot:' .. ARGV[3]
local newest = redis.call('HGET', KEYS[2], slot)
local last = newest and at(newest)
local since, made = last and time(last, 'created_at'), time(row, 'created_at')
if not last or since < made or (since == made and tonumber(newest) < tonumber(id)) then
  redis.call('HSET', KEYS[2], slot, id)
end
redis.call('EXPIRE', rows, ARGV[4])
return redis.call('EXPIRE', KEYS[2], ARGV[4])
